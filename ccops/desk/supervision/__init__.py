"""Supervision: one leg from the supervisor's phone, switched between listen, whisper, private, barge and take-over."""

from ccops.desk.supervision.legs import Leg, Mode, mode_of_options
from ccops.desk.supervision.registry import Registry

__all__ = ["Leg", "Mode", "Registry", "mode_of_options"]
