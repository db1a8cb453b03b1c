"""Fixtures that every test may ask for."""

import signal

from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.lab.fixtures"]

# No property may fail because the machine is busy.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")

# Tests started in the background of a shell have these ignored, and children inherit that; ours are to get ctrl+c.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if signal.getsignal(signal.SIGQUIT) is signal.SIG_IGN:
    signal.signal(signal.SIGQUIT, signal.SIG_DFL)
