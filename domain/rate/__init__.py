"""What one currency is in another, where a month pays in the other."""
