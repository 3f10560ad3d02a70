"""A typed client of the sales ledger: a method a command, a method a read, problems as exceptions.

with LedgerClient("http://localhost:8420", token) as ledger:
    answer = ledger.claim_customer(at=now, customer="C-1", rep="li", key="claim-1")
    board = ledger.public_pool(min_position=answer.true_up_to)
"""

from sales_ledger_client.client import LedgerClient
from sales_ledger_client.connection import Answer, LineAnswer, Problem, Unanswered

__all__ = ["Answer", "LedgerClient", "LineAnswer", "Problem", "Unanswered"]
