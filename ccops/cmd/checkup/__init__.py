"""The checks of `ccops doctor` and `ccops init`: each says what holds, and what to do where it does not."""

from ccops.cmd.checkup.model import Check

__all__ = ["Check"]
