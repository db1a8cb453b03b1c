"""The desk: what a person may see and do, whether in this process or through the daemon."""

from ccops.desk.api import Desk, Listener, Outcome, Unsubscribe

__all__ = ["Desk", "Listener", "Outcome", "Unsubscribe"]
