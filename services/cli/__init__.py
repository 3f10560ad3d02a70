"""The command line, `salesledger`: every way in which a person or a script asks the ledger, or tells it something."""

from services.cli.app import main, run

__all__ = ["main", "run"]
