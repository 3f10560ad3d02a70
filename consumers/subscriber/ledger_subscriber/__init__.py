"""React to the events of a sales ledger: every one, in the order of its key, and none twice.

>>> from ledger_subscriber import SqliteInbox, Subscriber
>>> from ledger_subscriber.kinds.payment import PaymentReceived
"""

from ledger_subscriber.event import Event
from ledger_subscriber.fact import Fact
from ledger_subscriber.feed import HttpFeed
from ledger_subscriber.sqlite import SqliteInbox
from ledger_subscriber.start import Start
from ledger_subscriber.subscriber import HistoryMissing, Subscriber

__all__ = ["Event", "Fact", "HistoryMissing", "HttpFeed", "SqliteInbox", "Start", "Subscriber"]
