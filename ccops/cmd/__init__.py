"""Typer commands, one file per noun; no logic, no heavy imports at module level."""
