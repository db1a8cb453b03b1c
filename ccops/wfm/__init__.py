"""Workforce management: forecast, staffing, roster, adherence; never talks to the PBX."""
