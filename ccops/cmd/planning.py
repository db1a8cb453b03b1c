"""Says what is missing where the packages for planning are not installed."""

from collections.abc import Iterator
from contextlib import contextmanager

from ccops.errors import CcopsError
from ccops.i18n import _


@contextmanager
def planning() -> Iterator[None]:
    """Run a command that needs the packages for planning; raises `CcopsError` that says how to get them."""
    try:
        yield
    except ModuleNotFoundError as problem:
        if problem.name not in ("numpy", "pandas", "ortools", "scipy"):
            raise
        message = _("Planning needs the package “{name}”, which is not installed.").format(name=problem.name)
        raise CcopsError(message, remedy=_("Install it: pip install 'ccops[wfm]'.")) from None
