"""How the world reaches the ledger: recording, command line, import, scenarios, wiring."""
