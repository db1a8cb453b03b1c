"""ccops as a program of its own, led to a lab by its environment, as a shell would start it."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.lab.pbx import Lab

ROOT = Path(__file__).parents[2]


def variables(lab: Lab, user: str = "supervisor", **more: str) -> dict[str, str]:
    """Return the environment that leads ccops to a lab as one of its users."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": "/nonexistent",
        "LANG": "C.UTF-8",
        "TZ": "Asia/Shanghai",
        "CCOPS_AMI__HOST": lab.host,
        "CCOPS_AMI__PORT": str(lab.ami_port),
        "CCOPS_AMI__USERNAME": user,
        "CCOPS_AMI__SECRET": lab.user(user).secret if user in lab.users else "",
        "CCOPS_QUEUE_LOG__PATH": str(lab.queue_log),
        **more,
    }


def ccops(*arguments: str, env: dict[str, str], stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    command = [sys.executable, "-m", "ccops", *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=env, input=stdin, capture_output=True, text=True, timeout=90, check=False
    )


def data(*arguments: str, env: dict[str, str]) -> Any:
    """Run a command that must succeed in silence, and return what it prints as JSON."""
    done = ccops(*arguments, "--json", env=env)
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)
