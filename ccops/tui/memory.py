"""What the console remembers between runs: theme, sort order and grouping per list, in the user's state folder."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

from ccops.tui.columns import Order

_FILE = "console.json"


def state_folder() -> Path:
    """Return the folder for the user's state (XDG_STATE_HOME/ccops)."""
    from platformdirs import user_state_path

    return user_state_path("ccops", appauthor=False)


class Memory:
    """A small JSON file; one that cannot be read or written costs the memory, never the console."""

    def __init__(self, folder: Path | None = None) -> None:
        """`folder` is for tests; by default the user's own."""
        self._path = (folder or state_folder()) / _FILE
        self._kept: dict[str, Any] = self._read()

    def order(self, screen: str, default: Order) -> Order:
        """Return the remembered sort order of a list."""
        kept = self._table("sort").get(screen)
        if isinstance(kept, list) and len(kept) == 2 and isinstance(kept[0], str):
            return Order(kept[0], bool(kept[1]))
        return default

    def keep_order(self, screen: str, order: Order) -> None:
        """Remember the sort order of a list."""
        self._set("sort", screen, [order.column, order.descending])

    def word(self, table: str, name: str) -> str | None:
        """Return a remembered choice (theme, grouping)."""
        kept = self._table(table).get(name)
        return kept if isinstance(kept, str) else None

    def keep_word(self, table: str, name: str, value: str) -> None:
        """Remember a choice."""
        self._set(table, name, value)

    def _table(self, name: str) -> dict[str, Any]:
        table = self._kept.get(name)
        return table if isinstance(table, dict) else {}

    def _set(self, table: str, name: str, value: Any) -> None:
        kept = self._table(table)
        if kept.get(name) == value:
            return
        self._kept[table] = {**kept, name: value}
        self._write()

    def _read(self) -> dict[str, Any]:
        try:
            kept = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return kept if isinstance(kept, dict) else {}

    def _write(self) -> None:
        # A full disk or a home that cannot be written must not disturb a supervisor at work.
        with suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            fresh = self._path.with_suffix(".new")
            fresh.touch(0o600)  # filters may hold numbers
            fresh.write_text(json.dumps(self._kept, ensure_ascii=False, indent=1), encoding="utf-8")
            fresh.replace(self._path)
