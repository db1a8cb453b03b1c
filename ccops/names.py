"""Nearest names, for errors that help."""

from collections.abc import Iterable


def nearest(name: str, known: Iterable[str], limit: int = 3) -> list[str]:
    """Return up to `limit` of `known` that look most like `name`, best first; case does not count."""
    import difflib

    folded = {candidate.casefold(): candidate for candidate in known}
    close = difflib.get_close_matches(name.casefold(), folded, n=limit, cutoff=0.5)
    containing = [key for key in folded if name and name.casefold() in key and key not in close]
    return [folded[key] for key in (close + containing)[:limit]]
