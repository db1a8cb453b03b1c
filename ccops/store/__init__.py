"""The one SQLite file: schema, the single writer, typed reads."""

from ccops.store.database import Database, backup, check, open_store, restore
from ccops.store.errors import StoreDamaged, StoreError, StoreFull, StoreLocked, StoreNewer

__all__ = [
    "Database",
    "StoreDamaged",
    "StoreError",
    "StoreFull",
    "StoreLocked",
    "StoreNewer",
    "backup",
    "check",
    "open_store",
    "restore",
]
