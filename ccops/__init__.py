"""ccops: operations toolkit for small call centres on Asterisk."""

__version__ = "0.1.0"
