"""How people behave, as far as the ledger says so."""
