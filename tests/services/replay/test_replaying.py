"""Step by step how it came to this: what was known then beside what is known now."""
