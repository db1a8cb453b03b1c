"""Alerts: figures against thresholds, who is told of it, and that nobody is told in vain or twice."""
