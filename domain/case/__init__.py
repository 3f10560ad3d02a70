"""A dispute from its filing to its end."""
