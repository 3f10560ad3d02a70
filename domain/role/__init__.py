"""Who earned which stage role."""
