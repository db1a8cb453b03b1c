"""What leaves planning: calendars and papers of a roster."""
