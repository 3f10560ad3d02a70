"""Small stories told by commands, each at its time in Shanghai, recorded then or later."""

import hashlib
from datetime import datetime
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from domain.commands import parse
from domain.refusals import Refusal
from services.ledger.application import Ledger
from tests.projections.conftest import Clock
from tests.projections.generated import HERE, plan

SHANGHAI = ZoneInfo("Asia/Shanghai")


def on(day: str) -> datetime:
    """A time in 2024, `06-01 09:00` in Shanghai."""
    return datetime.fromisoformat(f"2024-{day}").replace(tzinfo=SHANGHAI)


class Story:
    """Records commands and says where each began. A refused command fails the test."""

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self.ledger = ledger
        self.clock = clock
        self.numbers = count(1)
        self.positions: dict[str, int] = {}

    def tell(self, day: str, name: str, /, **fields: Any) -> int:
        """Record what happens on a day. Gives the position of the last event."""
        return self.tell_late(day, day, name, **fields)

    def tell_late(self, day: str, recorded: str, name: str, /, **fields: Any) -> int:
        """Record later what happened on a day."""
        command = parse({"name": name, "at": on(day).isoformat(), **fields})
        assert not isinstance(command, Refusal), str(command)
        self.clock.now = on(recorded)
        answer = self.ledger.record(command, command_id=f"told/{next(self.numbers)}")
        assert answer.refusal is None, str(answer.refusal)
        return self.ledger.head().position

    def opening(self, *reps: str) -> None:
        """The company with two units below it, its people, and the policy of the generated histories."""
        self.tell("01-01 09:00", "publish-policy", version=plan())
        self.tell("01-01 09:00", "create-unit", unit="company", title="The company", brand="B", region="R")
        for unit in ("north", "south"):
            self.tell("01-01 09:00", "create-unit", unit=unit, parent="company", title=unit)
        self.tell("01-01 09:00", "join-rep", rep="Boss", unit="company", duty="manager")
        self.tell("01-01 09:00", "join-rep", rep="Panel", unit="company", duty="committee")
        for rep in reps:
            self.tell("01-01 09:00", "join-rep", rep=rep, rep_name=f"{rep} the rep", unit="north")

    def customer(self, day: str, customer: str, rep: str) -> None:
        known = {"customer_name": f"Shop {customer}", "phone": phone_of(customer), "place": HERE}
        self.tell(day, "register-customer", customer=customer, by=rep, **known)

    def signed(self, day: str, deal: str, customer: str, rep: str, amount: int) -> int:
        """A deal opened and signed on one day by the manager's leave."""
        self.tell(day, "open-deal", deal=deal, customer=customer, rep=rep)
        contract = {"contract": f"K-{deal}", "rep": rep, "amount": amount, "currency": "CNY", "actor": "Boss"}
        return self.tell(day, "sign-contract", deal=deal, **contract)

    def paid(self, day: str, deal: str, payment: str, amount: int) -> int:
        money = {"payment": payment, "external_id": f"bank-{payment}", "amount": amount, "currency": "CNY"}
        return self.tell(day, "receive-payment", deal=deal, **money)


def phone_of(customer: str) -> str:
    """A number that is the same in every run."""
    return f"138{int(hashlib.sha256(customer.encode()).hexdigest(), 16) % 10**8:08d}"
