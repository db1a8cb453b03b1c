"""The queue_log: its lines, its files and how to follow it."""

from ccops.pbx.queue_log.files import open_log, rows_since
from ccops.pbx.queue_log.follow import Follower, Tail
from ccops.pbx.queue_log.lines import LATEST_STAMP, LONGEST_LINE, VERBS, BadLine, LogRow, parse_block, parse_line, whole

__all__ = [
    "LATEST_STAMP",
    "LONGEST_LINE",
    "VERBS",
    "BadLine",
    "Follower",
    "LogRow",
    "Tail",
    "open_log",
    "parse_block",
    "parse_line",
    "rows_since",
    "whole",
]
