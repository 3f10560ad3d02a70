"""Units, people, and their quotas."""
