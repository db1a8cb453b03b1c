"""Rosters of a site: made from team, requirement and leave, kept in versions, checked against the rules."""
