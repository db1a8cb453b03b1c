"""The schema of the store, as the steps by which it came about; a step that was released is never changed.

Raw log lines stand in `blocks`, compressed, addressable by file and byte offset. Everything under "derived" can be
made anew from them, from the audit and from the site's rules.
"""

from ccops.store.alerts_schema import ALERTS
from ccops.store.calls_schema import CALLS_OUT
from ccops.store.planning_schema import PLANNING

APPLICATION_ID = 0x63636F70
"""The four letters of the SQLite header by which a store is known: `ccop`."""

_FIRST = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;

-- raw ------------------------------------------------------------------------------------------------------
CREATE TABLE files (
    id INTEGER PRIMARY KEY,
    site INTEGER NOT NULL,
    path TEXT NOT NULL,         -- where it was seen last
    device INTEGER,
    inode INTEGER,
    head BLOB NOT NULL,         -- digest of the first line
    base INTEGER NOT NULL,      -- first byte that is held here
    size INTEGER NOT NULL,      -- byte up to which it is held
    lines INTEGER NOT NULL,     -- up to there, counted from the beginning of the file
    first_at INTEGER,
    last_at INTEGER,
    added_at INTEGER NOT NULL
);
CREATE INDEX files_by_head ON files (head);

CREATE TABLE blocks (
    id INTEGER PRIMARY KEY,
    file INTEGER NOT NULL REFERENCES files,
    start INTEGER NOT NULL,     -- byte in the uncompressed file
    end INTEGER NOT NULL,
    first_line INTEGER NOT NULL,
    lines INTEGER NOT NULL,
    first_at INTEGER,
    last_at INTEGER,
    digest BLOB NOT NULL,
    packed INTEGER NOT NULL,    -- 1: zlib
    data BLOB NOT NULL
);
CREATE UNIQUE INDEX blocks_by_place ON blocks (file, start);

CREATE TABLE quarantine (
    file INTEGER NOT NULL REFERENCES files,
    offset INTEGER NOT NULL,
    reason TEXT NOT NULL,
    line BLOB NOT NULL,         -- its beginning
    added_at INTEGER NOT NULL,
    PRIMARY KEY (file, offset)
) WITHOUT ROWID;

-- names ----------------------------------------------------------------------------------------------------
CREATE TABLE queues (
    id INTEGER PRIMARY KEY,
    site INTEGER NOT NULL,
    name TEXT NOT NULL,
    folded TEXT NOT NULL,       -- the PBX tells queues apart without regard to case
    threshold REAL NOT NULL,    -- the rules that the roll-ups were made with
    wrap_up INTEGER NOT NULL,
    UNIQUE (site, folded)
);
CREATE TABLE agents (
    id INTEGER PRIMARY KEY,
    site INTEGER NOT NULL,
    name TEXT NOT NULL,
    UNIQUE (site, name)
);

-- derived --------------------------------------------------------------------------------------------------
CREATE TABLE visits (
    id INTEGER PRIMARY KEY,
    site INTEGER NOT NULL,
    callid TEXT NOT NULL,
    queue INTEGER NOT NULL,
    nth INTEGER NOT NULL,
    entered INTEGER NOT NULL,
    caller TEXT NOT NULL,
    caller_name TEXT NOT NULL,
    position INTEGER,
    outcome INTEGER NOT NULL,
    wait INTEGER,
    connected INTEGER,
    agent INTEGER,
    member TEXT,                -- uniqueid of the member's channel, while the talk lasts
    ring INTEGER,
    ended INTEGER,
    ended_by INTEGER NOT NULL,
    talk INTEGER,
    wrap INTEGER,
    transfer_to TEXT NOT NULL,
    exit_key TEXT NOT NULL,
    file INTEGER NOT NULL,
    offset INTEGER NOT NULL,
    end_file INTEGER NOT NULL,
    end_offset INTEGER NOT NULL
);

CREATE TABLE rings (            -- phones that rang in vain
    at INTEGER NOT NULL,
    file INTEGER NOT NULL,
    offset INTEGER NOT NULL,
    site INTEGER NOT NULL,
    queue INTEGER NOT NULL,
    agent INTEGER NOT NULL,
    visit INTEGER,
    ring INTEGER NOT NULL,      -- ms
    canceled INTEGER NOT NULL,
    PRIMARY KEY (at, file, offset)
) WITHOUT ROWID;

CREATE TABLE sessions (
    id INTEGER PRIMARY KEY,
    site INTEGER NOT NULL,
    agent INTEGER NOT NULL,
    queue INTEGER,              -- NULL for a login that is of no one queue
    since INTEGER NOT NULL,
    until INTEGER
);
CREATE INDEX sessions_by_end ON sessions (until);
CREATE INDEX sessions_open ON sessions (id) WHERE until IS NULL;

CREATE TABLE pauses (
    id INTEGER PRIMARY KEY,
    site INTEGER NOT NULL,
    agent INTEGER NOT NULL,
    reason TEXT NOT NULL,
    since INTEGER NOT NULL,
    until INTEGER,
    queues TEXT                 -- where it holds, as JSON, while it lasts
);
CREATE INDEX pauses_by_end ON pauses (until);
CREATE INDEX pauses_open ON pauses (id) WHERE until IS NULL;

CREATE TABLE queue_slots (      -- sums of visits by the quarter of an hour in which they entered
    slot INTEGER NOT NULL,      -- epoch seconds / 900
    queue INTEGER NOT NULL,
    answered INTEGER NOT NULL,
    abandoned INTEGER NOT NULL,
    timeout INTEGER NOT NULL,
    exit_empty INTEGER NOT NULL,
    exit_key INTEGER NOT NULL,
    withdrawn INTEGER NOT NULL,
    interrupted INTEGER NOT NULL,
    waiting INTEGER NOT NULL,
    short_abandoned INTEGER NOT NULL,
    answered_within INTEGER NOT NULL,
    abandoned_within INTEGER NOT NULL,
    answered_wait INTEGER NOT NULL,
    abandoned_wait INTEGER NOT NULL,
    longest_wait INTEGER,
    talked INTEGER NOT NULL,
    talk INTEGER NOT NULL,
    wrap INTEGER NOT NULL,
    longest_talk INTEGER,
    transfers INTEGER NOT NULL,
    PRIMARY KEY (slot, queue)
) WITHOUT ROWID;

CREATE TABLE agent_days (       -- sums of an agent's visits and time by the site's days
    day INTEGER NOT NULL,       -- first instant of the day
    agent INTEGER NOT NULL,
    answered INTEGER NOT NULL,
    missed INTEGER NOT NULL,
    transfers INTEGER NOT NULL,
    talked INTEGER NOT NULL,
    talk_whole INTEGER NOT NULL,
    wrap_whole INTEGER NOT NULL,
    longest_talk INTEGER,
    talk INTEGER NOT NULL,
    wrap INTEGER NOT NULL,
    ring REAL NOT NULL,
    logged_in INTEGER,
    paused TEXT NOT NULL,       -- seconds by reason, as JSON
    PRIMARY KEY (day, agent)
) WITHOUT ROWID;

-- beside the log -------------------------------------------------------------------------------------------
CREATE TABLE call_details (     -- what call records and recordings know of a call
    callid TEXT PRIMARY KEY,
    did TEXT,
    recording TEXT,
    details TEXT                -- JSON
) WITHOUT ROWID;

CREATE TABLE audit (            -- append-only; each row holds the digest of the one before
    id INTEGER PRIMARY KEY,
    at REAL NOT NULL,
    opens INTEGER,              -- NULL for the row before an action, else the number of that row
    who TEXT NOT NULL,
    origin TEXT NOT NULL,
    action TEXT NOT NULL,
    target TEXT NOT NULL,
    call_id TEXT NOT NULL,
    arguments TEXT NOT NULL,
    reason TEXT NOT NULL,
    result TEXT NOT NULL,
    detail TEXT NOT NULL,
    data TEXT NOT NULL,
    previous BLOB NOT NULL,
    digest BLOB NOT NULL
);
CREATE UNIQUE INDEX audit_ends ON audit (opens) WHERE opens IS NOT NULL;
CREATE TRIGGER audit_keeps BEFORE UPDATE ON audit BEGIN SELECT raise(ABORT, 'the audit is append-only'); END;
CREATE TRIGGER audit_stays BEFORE DELETE ON audit BEGIN SELECT raise(ABORT, 'the audit is append-only'); END;
-- INSERT OR REPLACE deletes without firing the trigger above.
CREATE TRIGGER audit_follows BEFORE INSERT ON audit
WHEN NEW.id IS NOT (SELECT coalesce(max(id), 0) + 1 FROM audit)
    OR NEW.previous IS NOT coalesce((SELECT digest FROM audit ORDER BY id DESC LIMIT 1), zeroblob(32))
BEGIN SELECT raise(ABORT, 'the audit is append-only'); END;
"""

MIGRATIONS: tuple[str, ...] = (_FIRST, PLANNING, ALERTS, CALLS_OUT)
"""SQL that leads from each version to the next; the version is how many were taken."""

VERSION = len(MIGRATIONS)

LATER_INDEXES = {
    # Percentiles are read from this one alone.
    "visits_by_entry": "CREATE INDEX visits_by_entry ON visits (entered, queue, outcome, wait)",
    # What reaches far into other periods.
    "visits_long": "CREATE INDEX visits_long ON visits (entered) WHERE ended - entered > 7200",
    "visits_open": "CREATE INDEX visits_open ON visits (id) WHERE ended IS NULL AND ended_by = 0",
    "visits_by_callid": "CREATE INDEX visits_by_callid ON visits (callid)",
}
"""Indexes that the first large import makes at its end: row by row they would cost it several times as much."""
