"""What importing the link loads: one-shot commands pay for it."""

import subprocess
import sys

EXPENSIVE = ("textual", "rich", "typer", "pandas", "numpy", "sqlite_utils", "hashlib", "random", "ortools")


def modules_after(statement: str) -> set[str]:
    code = f"import sys; {statement}; print('\\n'.join(sys.modules))"
    result = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return set(result.stdout.split())


def test_the_link_loads_little_more_than_panoramisk() -> None:
    more = modules_after("import ccops.pbx.link") - modules_after("import panoramisk")
    foreign = {name for name in more if not name.startswith("ccops")}
    # dataclasses and what it needs (inspect and its parts) are all that is added.
    assert len(foreign) <= 12, sorted(foreign)
    assert not foreign & set(EXPENSIVE)
