"""Takes queue_logs into the store: once or following, with nothing lost or doubled, whatever stops it."""

from ccops.reports.ingest.follow import Following
from ccops.reports.ingest.run import Counts, Ingest, ingest

__all__ = ["Counts", "Following", "Ingest", "ingest"]
