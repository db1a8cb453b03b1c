"""Lets `python -m ccops` do what `ccops` does."""

from ccops.cmd.main import run

if __name__ == "__main__":
    run()
