"""Following the day: the rest of it forecast anew, who is missing against it, and what would help."""
