"""What was paid to a payee."""
