"""The one SQLite file: schema, the single writer, typed reads."""
