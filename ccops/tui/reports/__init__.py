"""Screen 5, reports: choose one, read it, follow a figure down to the lines of the log, write it to a file."""
