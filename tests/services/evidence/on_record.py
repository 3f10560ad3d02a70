"""A case on record: the courtroom of the domain's tests, but in a real ledger that is sealed as it goes."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from domain.contract.decisions import SignContract
from domain.deal.decisions import OpenDeal
from domain.fact import EARLIEST
from domain.judgement import Verdict
from domain.payment.decisions import ReceivePayment
from domain.refusals import Refusal
from services.database import connect
from services.evidence.bundle import Bundler
from services.evidence.checkpoint import SealKey
from services.evidence.published import Place
from services.evidence.sealer import Sealer
from services.ledger.application import Ledger
from services.scenarios.stage import StoryClock
from tests.domain.court import REGIONS, Court, to
from tests.domain.story import LICENCE, PEOPLE, PHONE, PLACE, UNITS, command, on, shipped
from tests.samples import BEGIN, opening, register

KEY = SealKey("ledger.example/test", Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
OTHER_KEY = SealKey("ledger.example/test", Ed25519PrivateKey.from_private_bytes(bytes(32)))
SIGNING: dict[str, Any] = {"deal": "D-1", "rep": "Li", "contract": "C", "amount": 1_000_000, "currency": "CNY"}
PAID: dict[str, Any] = {"deal": "D-1", "amount": 333_333, "currency": "CNY"}


@dataclass
class RecordedCourt(Court):
    """Whatever is told is judged in memory and recorded in the ledger as well."""

    ledger: Ledger = cast(Ledger, None)
    clock: StoryClock = field(default_factory=StoryClock)
    sealer: Sealer = cast(Sealer, None)
    told: int = 0

    def when(self, name: str, at: str, /, *, recorded: str | None = None, **fields: Any) -> Verdict:
        asked = command(name, on(at), fields)
        assert not isinstance(asked, Refusal), asked
        self.clock.move_to(on(recorded or at))
        self.told += 1
        answer = self.ledger.record(asked, command_id=f"told-{self.told}")
        verdict = super().when(name, at, recorded=recorded, **fields)
        assert answer.refusal == verdict.refusal, f"{name}: {answer.refusal} in the ledger, {verdict.refusal} in memory"
        return verdict

    def head(self, root: str = "") -> dict[str, Any]:
        del root
        sealed = self.sealer.seal()
        assert sealed
        return {"size": sealed.size, "root": sealed.head.root.hex(), "signed_by": KEY.name}

    @property
    def bundler(self) -> Bundler:
        return Bundler(self.ledger, self.sealer)


def sealer_of(ledger: Ledger, *directories: Path) -> Sealer:
    return Sealer(lambda: connect(ledger.dsn, ledger.schema), KEY, [Place(each, KEY.public) for each in directories])


def sealer_of_dsn(dsn: str, schema: str, directory: Path) -> Sealer:
    """A sealer with two places, for a process that has no ledger open."""
    places = [Place(directory / name, KEY.public) for name in ("ours", "witness")]
    return Sealer(lambda: connect(dsn, schema), KEY, places)


def clock() -> StoryClock:
    return StoryClock(datetime.fromtimestamp(EARLIEST.timestamp(), EARLIEST.tzinfo))


def with_a_deal(ledger: Ledger, clock: StoryClock, directory: Path) -> RecordedCourt:
    """The people of the story, and a contract of the shop that Li has signed and that is paid in part."""
    court = RecordedCourt(
        ledger=ledger, clock=clock, sealer=sealer_of(ledger, directory / "ours", directory / "witness")
    )
    for unit, parent, brand in UNITS:
        court.given("create-unit", "2020-01-01 09:00", unit=unit, parent=parent, brand=brand, title=unit)
    for unit, people in PEOPLE.items():
        for rep, duty in people.items():
            court.given("join-rep", "2020-01-02 09:00", rep=rep, unit=unit, duty=duty)
    court.given("publish-policy", "2020-01-03 09:00", actor="Ma", version=shipped("b2b-1"))
    shop: dict[str, Any] = {
        "customer_name": "恒通便利店",
        "phone": PHONE,
        "licence": LICENCE,
        "place": PLACE,
        "by": "Li",
    }
    court.given("register-customer", "01-02 09:00", **shop)
    court.given("open-deal", "02-01 09:00", rep="Li")
    signing: dict[str, Any] = {"contract": "contract", "amount": 1_000_000, "currency": "CNY"}
    court.given("sign-contract", "02-20 09:00", rep="Li", actor="Ma", **signing)
    return paid(court, "P-1", "02-21 09:00", 333_333)


def paid(court: RecordedCourt, payment: str, at: str, amount: int) -> RecordedCourt:
    told: dict[str, Any] = {
        "payment": payment,
        "external_id": payment,
        "amount": amount,
        "currency": "CNY",
        "actor": "Fan",
    }
    court.given("receive-payment", at, **told)
    return court


def decided_case(ledger: Ledger, clock: StoryClock, directory: Path) -> RecordedCourt:
    """Case K-1 heard and executed: CLOSER goes from Li to Wang, by three votes to two; then the rest is paid."""
    court = with_a_deal(ledger, clock, directory)
    for region in REGIONS:
        court.given("create-unit", "02-21 09:00", unit=region, parent="head-office", title=region)
        court.given("create-unit", "02-21 09:00", unit=f"{region}-desk", parent=region, title=region)
        for rep, duty in {f"manager-{region}": "manager", f"mid-{region}": "mid-office"}.items():
            court.given("join-rep", "02-21 09:00", rep=rep, unit=f"{region}-desk", duty=duty)
        for number in (1, 2):
            team = f"{region}-team-{number}"
            court.given("create-unit", "02-21 09:00", unit=team, parent=region, title=team)
            court.given("join-rep", "02-21 09:00", rep=f"lead-{region}-{number}", unit=team, duty="lead")
    court.files().accepts()
    court.given("submit-evidence", "02-26 12:00", case="K-1", **photo_of_the_contract())
    court.seats("02-26 13:00")
    court.all_vote(to("Wang"), to("Wang"), to("Feng"), to("Wang"), to("Feng")).issues()
    court.sealer.seal()
    court.time_is("03-05 09:00")
    court.given("execute-decision", "03-05 10:00", case="K-1", actor="Kong")
    return paid(court, "P-2", "03-06 09:00", 666_667)


def photo_of_the_contract() -> dict[str, Any]:
    return {
        "evidence": "E-1",
        "by": "Wang",
        "sort": "contract",
        "sha256": "ab" * 32,
        "kept_at": "safe 7 <drawer> & 'box'",
    }


def small_deal(ledger: Ledger, clock: StoryClock, directory: Path) -> Bundler:
    """A deal with one payment, sealed before and after it."""
    sealer = sealer_of(ledger, directory)
    clock.move_to(BEGIN + timedelta(hours=9))
    opening_a_deal = [
        *opening("Li"),
        ("c", register("C-1")),
        ("d", OpenDeal(at=BEGIN + timedelta(hours=2), deal="D-1", customer="C-1", rep="Li", actor="Li")),
        ("s", SignContract(at=BEGIN + timedelta(hours=3), actor="Boss", **SIGNING)),
    ]
    assert [a.refusal for a in ledger.record_many(opening_a_deal) if a.refusal] == []
    sealer.seal()
    payment = ReceivePayment(at=BEGIN + timedelta(hours=4), payment="P-1", external_id="P-1", **PAID)
    assert ledger.record(payment, command_id="p").accepted
    return Bundler(ledger, sealer)
