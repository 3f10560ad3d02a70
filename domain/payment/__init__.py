"""Money received and refunded."""
