"""Tamper evidence: the log as a Merkle tree, its heads signed and published outside the database, and bundles that prove."""
