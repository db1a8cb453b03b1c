"""Measures: each prints a ratio against something named, in one run."""
