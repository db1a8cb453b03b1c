"""Weeks as rosters are made for: from Monday on."""

from datetime import date, timedelta


def next_monday(today: date) -> date:
    """Return the Monday after a day."""
    return today + timedelta(days=7 - today.weekday())


def monday_of(day: date) -> date:
    """Return the Monday of a day's week."""
    return day - timedelta(days=day.weekday())
