"""Puts what `ccops help` and `man` show into the wheel: docs/, config/, and pages made from docs/commands.md."""

import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Pages(BuildHookInterface):  # type: ignore[misc,type-arg,unused-ignore]
    """The build hook; hatchling finds it by its base class."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add them, unless the wheel only points to this checkout, where `ccops help` finds them."""
        if version == "editable":
            return
        root = Path(self.root)
        for name in ("docs", "config"):
            build_data["force_include"][str(root / name)] = f"ccops/pages/{name}"
        sys.path.insert(0, self.root)
        try:
            from ccops.cmd import manual
        finally:
            sys.path.remove(self.root)
        self.folder = tempfile.TemporaryDirectory(prefix="ccops-man-")
        for page in manual.write(root, Path(self.folder.name), self.metadata.version):
            build_data["shared_data"][str(page)] = f"share/man/man1/{page.name}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove what was made for it."""
        if version != "editable":
            self.folder.cleanup()
