"""Visits, their verdicts, and the first one's protection."""
