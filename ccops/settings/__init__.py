"""Configuration: one typed model, read from flags, environment, file and defaults."""

from ccops.settings.loader import Flag, Loaded, load
from ccops.settings.model import Settings
from ccops.settings.problems import BadSettings, Origin, Problem
from ccops.settings.secret import Secret

__all__ = ["BadSettings", "Flag", "Loaded", "Origin", "Problem", "Secret", "Settings", "load"]
