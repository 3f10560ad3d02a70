"""Column layouts that are shipped."""
