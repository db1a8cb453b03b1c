"""The tables of alerts: what was raised, what happened to it, and who was told."""

ALERTS = """
-- alerts ---------------------------------------------------------------------------------------------------
CREATE TABLE alerts (
    id INTEGER PRIMARY KEY,
    rule TEXT NOT NULL,
    figure TEXT NOT NULL,
    level TEXT NOT NULL,        -- the present one, or the last
    highest TEXT NOT NULL,
    topic TEXT NOT NULL,
    key TEXT NOT NULL,
    name TEXT NOT NULL,
    text TEXT NOT NULL,
    value REAL,
    threshold REAL,
    since REAL NOT NULL,
    raised_at REAL NOT NULL,
    acknowledged_at REAL,
    acknowledged_by TEXT NOT NULL,
    snoozed_until REAL,
    snoozed_by TEXT NOT NULL,
    told INTEGER NOT NULL,      -- steps of escalation taken
    targets TEXT NOT NULL,      -- JSON: who was told
    cleared_at REAL
);
CREATE INDEX alerts_open ON alerts (id) WHERE cleared_at IS NULL;
CREATE INDEX alerts_by_time ON alerts (raised_at);

CREATE TABLE alert_events (     -- what happened to it, in order
    alert INTEGER NOT NULL,
    number INTEGER NOT NULL,
    at REAL NOT NULL,
    kind TEXT NOT NULL,         -- raised, told, worse, better, cleared, acknowledged, snoozed, woken, escalated
    level TEXT NOT NULL,
    value REAL,
    who TEXT NOT NULL,
    note TEXT NOT NULL,
    PRIMARY KEY (alert, number)
) WITHOUT ROWID;

CREATE TABLE alert_deliveries ( -- the outbox: what waits here is sent by whichever daemon comes next
    id TEXT PRIMARY KEY,        -- the same for the same event and recipient, so that nobody is told twice
    alert INTEGER NOT NULL,
    event INTEGER NOT NULL,
    target TEXT NOT NULL,
    recipient TEXT NOT NULL,
    body TEXT NOT NULL,         -- JSON
    urgent INTEGER NOT NULL,    -- 0: quiet hours hold it back
    made_at REAL NOT NULL,
    tries INTEGER NOT NULL,
    state TEXT NOT NULL,        -- waiting, delivered, failed, dropped
    ended_at REAL,
    detail TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX alert_deliveries_waiting ON alert_deliveries (made_at) WHERE state = 'waiting';
CREATE INDEX alert_deliveries_by_alert ON alert_deliveries (alert);
"""
