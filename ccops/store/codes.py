"""The small numbers that stand for outcomes and ends of visits in the store; their order never changes."""

OUTCOMES = (
    "waiting",
    "answered",
    "abandoned",
    "timeout",
    "exit_empty",
    "exit_key",
    "withdrawn",
    "interrupted",
)
ENDS = ("", "agent", "caller", "blind", "attended", "transfer", "takeover", "interrupted", "unknown")

OUTCOME_CODES = {name: code for code, name in enumerate(OUTCOMES)}
END_CODES = {name: code for code, name in enumerate(ENDS)}
