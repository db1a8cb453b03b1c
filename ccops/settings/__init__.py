"""Configuration: one typed model, read from flags, environment, file and defaults."""
