"""Signed contracts and their milestones."""
