"""The tables of planning: teams, rosters with their days and needs, leave, swaps, and the events of calendars."""

PLANNING = """
-- planning -------------------------------------------------------------------------------------------------
CREATE TABLE plan_teams (       -- every version of the team that a planner took in; the newest holds
    id INTEGER PRIMARY KEY,
    at REAL NOT NULL,
    who TEXT NOT NULL,
    note TEXT NOT NULL,
    document TEXT NOT NULL      -- JSON, as the file says it
);

CREATE TABLE plan_rosters (     -- versions; the days of one are never changed
    id INTEGER PRIMARY KEY,
    first TEXT NOT NULL,        -- local day
    days INTEGER NOT NULL,
    state TEXT NOT NULL,        -- draft, published
    at REAL NOT NULL,
    who TEXT NOT NULL,
    note TEXT NOT NULL,
    team INTEGER NOT NULL REFERENCES plan_teams,
    base INTEGER,               -- the version that it was made from
    published_at REAL,
    published_by TEXT NOT NULL,
    document TEXT NOT NULL      -- JSON: what it costs, lacks and needs
);
CREATE INDEX plan_rosters_published ON plan_rosters (published_at) WHERE published_at IS NOT NULL;

CREATE TABLE plan_days (
    roster INTEGER NOT NULL REFERENCES plan_rosters,
    person TEXT NOT NULL,
    day TEXT NOT NULL,
    shift TEXT NOT NULL,        -- empty: a day off
    start INTEGER NOT NULL,     -- minutes after midnight
    minutes INTEGER NOT NULL,
    paid INTEGER NOT NULL,
    breaks TEXT NOT NULL,       -- JSON: [name, start, minutes, paid] each
    queue TEXT NOT NULL,        -- counted for this one during most of the shift
    PRIMARY KEY (roster, person, day)
) WITHOUT ROWID;
CREATE INDEX plan_days_by_day ON plan_days (day, roster);

CREATE TABLE plan_leave (       -- asked for, and whatever else keeps a person away
    id INTEGER PRIMARY KEY,
    person TEXT NOT NULL,
    first TEXT NOT NULL,
    last TEXT NOT NULL,
    kind TEXT NOT NULL,         -- leave, sick
    state TEXT NOT NULL,        -- requested, approved, denied, withdrawn
    at REAL NOT NULL,
    who TEXT NOT NULL,
    note TEXT NOT NULL,
    decided_at REAL,
    decided_by TEXT NOT NULL,
    reason TEXT NOT NULL
);
CREATE INDEX plan_leave_by_last ON plan_leave (last);

CREATE TABLE plan_swaps (       -- a shift that somebody offers, or that is open to all
    id INTEGER PRIMARY KEY,
    person TEXT NOT NULL,       -- whose it is; empty: an open shift
    day TEXT NOT NULL,
    shift TEXT NOT NULL,
    taker TEXT NOT NULL,
    taker_day TEXT NOT NULL,    -- day of the shift given in return; empty: none
    state TEXT NOT NULL,        -- offered, taken, approved, denied, withdrawn
    at REAL NOT NULL,
    who TEXT NOT NULL,
    decided_at REAL,
    decided_by TEXT NOT NULL,
    reason TEXT NOT NULL
);

CREATE TABLE plan_events (      -- what calendars were told of a person's day
    person TEXT NOT NULL,
    day TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    at REAL NOT NULL,           -- of the last change
    digest TEXT NOT NULL,       -- of shift, times and breaks; empty: cancelled
    shift TEXT NOT NULL,
    start INTEGER NOT NULL,
    minutes INTEGER NOT NULL,
    breaks TEXT NOT NULL,
    PRIMARY KEY (person, day)
) WITHOUT ROWID;
"""
