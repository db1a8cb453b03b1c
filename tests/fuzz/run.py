"""The long run: `python -m tests.fuzz.run [--inputs N] [--seconds S] [--target T] [--keep]`.

Coverage-guided by atheris where it is installed; else hypothesis chooses and `target()` climbs towards what was not
executed before. Prints inputs, rate and finds of each target as JSON lines; exit code 1 where something was found.
"""

import argparse
import importlib
import importlib.util
import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from tests.fuzz.targets import TARGETS

CORPUS: Final = Path(__file__).parent / "corpus"
LONGEST: Final = 4096
"""Bytes of one input."""
_NUMBER: Final = re.compile(r"^#(\d+)\t.*cov: (\d+)", re.MULTILINE)


def has_atheris() -> bool:
    """Say whether coverage can guide at the level of bytecode."""
    return importlib.util.find_spec("atheris") is not None


def child(target: str, inputs: int, seconds: int, found: Path) -> None:
    """Fuzz in this process; does not return under atheris."""
    if not has_atheris():
        from tests.fuzz.guided import climb

        climb(TARGETS[target], CORPUS / target, inputs, seconds)
        return
    atheris = importlib.import_module("atheris")

    # What is under test is instrumented; the Python around it is not, for speed.
    for name in [
        name for name in sys.modules if name.startswith(("ccops", "tests.fuzz.targets", "tests.fuzz.sockets"))
    ]:
        del sys.modules[name]
    with atheris.instrument_imports(include=["ccops", "csv", "tomllib", "json"]):
        from tests.fuzz.targets import TARGETS as INSTRUMENTED
    options = [f"-runs={inputs}", f"-max_total_time={seconds}", f"-max_len={LONGEST}", "-rss_limit_mb=1024"]
    options += ["-timeout=30", f"-artifact_prefix={found}/{target}-", "-print_final_stats=1", "-reduce_inputs=1"]
    atheris.Setup([sys.argv[0], *options, f"{found}/{target}", str(CORPUS / target)], INSTRUMENTED[target])
    atheris.Fuzz()


def run(target: str, inputs: int, seconds: int, found: Path) -> dict[str, Any]:
    """Fuzz one target in a process of its own; return its figures."""
    (found / target).mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    command = [sys.executable, "-m", "tests.fuzz.run", "--child", target, "--inputs", str(inputs)]
    done = subprocess.run(
        [*command, "--seconds", str(seconds), "--found", str(found)], capture_output=True, text=True, errors="replace"
    )
    spent = time.monotonic() - began
    counts = [int(runs) for runs, _coverage in _NUMBER.findall(done.stderr)]
    coverage = [int(covered) for _runs, covered in _NUMBER.findall(done.stderr)]
    figures = {"target": target, "inputs": max(counts, default=0), "seconds": round(spent, 1)}
    figures |= {"coverage": max(coverage, default=0), "guided_by": "atheris" if has_atheris() else "hypothesis"}
    crashes = [str(path) for path in found.glob(f"{target}-*")]
    if done.returncode or crashes:
        figures |= {"found": crashes, "exit": done.returncode, "tail": done.stderr[-3000:]}
    return figures


def keep(target: str, found: Path) -> None:
    """Take into the kept inputs what reached something new, the shortest first, up to 60 of at most 300 bytes."""
    new = sorted(
        (path for path in (found / target).glob("*") if path.stat().st_size <= 300), key=lambda p: p.stat().st_size
    )
    for path in new[: max(0, 60 - len(list((CORPUS / target).iterdir())))]:
        shutil.copy(path, CORPUS / target / f"{path.name[:12]}")


def main() -> int:
    """Run the targets that were asked for, one after the other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=1_000_000, help="of all targets together")
    parser.add_argument("--seconds", type=int, default=0, help="at most for each target; 0 is no limit")
    parser.add_argument("--target", choices=sorted(TARGETS), action="append")
    parser.add_argument("--keep", action="store_true", help="take new inputs into the kept ones")
    parser.add_argument("--child", choices=sorted(TARGETS), help=argparse.SUPPRESS)
    parser.add_argument("--found", type=Path, help="where finds go; a new folder by default")
    asked = parser.parse_args()
    if asked.child:
        child(asked.child, asked.inputs, asked.seconds, asked.found)
        return 0
    found = asked.found or Path(tempfile.mkdtemp(prefix="ccops-fuzz-found."))
    targets = asked.target or list(TARGETS)
    bad = 0
    for target in targets:
        figures = run(target, -(-asked.inputs // len(targets)), asked.seconds, found)
        bad += "found" in figures
        print(json.dumps(figures), flush=True)
        if asked.keep:
            keep(target, found)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
