"""Visits from log rows, the figures of METRICS.md, the catalogue of reports."""
