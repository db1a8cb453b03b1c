"""Rosters: who works what when, from requirements, contracts, rules and wishes."""
