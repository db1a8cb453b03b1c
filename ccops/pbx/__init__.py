"""Everything that speaks to Asterisk: link, live state, actions, queue_log, the simulated PBX."""
