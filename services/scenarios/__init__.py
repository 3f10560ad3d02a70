"""Scenarios: a story in a file, told to a ledger of its own through the product's commands, and what must come of it."""
