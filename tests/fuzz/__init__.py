"""Fuzzing of everything that reads bytes of others: targets, kept inputs, and the runner of the long run."""
