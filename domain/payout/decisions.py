"""When a payout waits: only what is in dispute, and only while its case is open. Cases ask; nobody holds by command."""

from collections.abc import Iterator
from datetime import datetime

from domain.payout.facts import Holds, PayoutHeld, PayoutReleased


def hold_back(holds: Holds, held: PayoutHeld) -> Iterator[PayoutHeld]:
    """The hold, unless the same case holds the same lines already."""
    same = (held.payment, held.role, held.payee)
    if all((hold.payment, hold.role, hold.payee) != same for hold in holds.of(held.case)):
        yield held


def let_go(holds: Holds, deal: str, case: str, at: datetime, ground: str) -> Iterator[PayoutReleased]:
    """The end of everything that the case holds of the deal, one fact a hold; nothing where it holds nothing."""
    for hold in holds.of(case):
        yield PayoutReleased(
            at=at, deal=deal, case=case, payment=hold.payment, role=hold.role, payee=hold.payee, ground=ground
        )
