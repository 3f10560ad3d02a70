"""Looking back: what was known then beside what is known now, what was decided decided again, and what would have been."""
