"""The client: the operations of the API over a connection."""

from sales_ledger_client.connection import Connection
from sales_ledger_client.operations import Commands, Reads


class LedgerClient(Commands, Reads, Connection):
    """Everything that the API can do. Safe to use from several threads; close it, or use it as a context manager."""
