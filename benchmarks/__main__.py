"""`make bench`: every measure, one after the other, so that none disturbs another."""

import subprocess
import sys

MEASURES = (
    "link",
    "state",
    "live",
    "console",
    "startup",
    "desk",
    "alerts",
    "ingest",
    "reports",
    "backup",
    "paper",
    "erlang",
    "forecast",
)


def main() -> int:
    import importlib.util

    code = 0
    for name in MEASURES:
        if importlib.util.find_spec(f"benchmarks.{name}") is None:
            continue
        print(f"\n== {name}", flush=True)
        code |= subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=False).returncode
    return code


if __name__ == "__main__":
    sys.exit(main())
