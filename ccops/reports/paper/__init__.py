"""What a report looks like: one model, and a renderer for each form of paper."""
