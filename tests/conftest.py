"""Fixtures that every test may ask for."""

from hypothesis import HealthCheck, settings

# How long an example takes says how busy the machine is, nothing else.
settings.register_profile("ccops", deadline=None)
settings.load_profile("ccops")

pytest_plugins = ["tests.lab.fixtures"]

# No property may fail because the machine is busy.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")
