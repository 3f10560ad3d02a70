"""What is held back from a payout, and let go."""
