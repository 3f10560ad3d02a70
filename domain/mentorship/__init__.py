"""Mentors, donations and sharing agreements."""
