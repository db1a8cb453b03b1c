"""The team as a planner writes it down: people, contracts, shifts, queues, special days, activities."""
