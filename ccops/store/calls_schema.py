"""The table of calls that went out, as call records tell them."""

CALLS_OUT = """
-- calls out, from call records -----------------------------------------------------------------------------
CREATE TABLE calls_out (
    site INTEGER NOT NULL,
    at INTEGER NOT NULL,        -- when it was dialled
    uniqueid TEXT NOT NULL,     -- of the channel that dialled
    number TEXT NOT NULL,       -- as it was dialled
    caller TEXT NOT NULL,       -- who dialled
    talk INTEGER NOT NULL,      -- seconds; 0 where nobody answered
    PRIMARY KEY (site, at, uniqueid, number)
) WITHOUT ROWID;
"""
