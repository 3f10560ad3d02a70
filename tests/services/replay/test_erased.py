"""Looking back when a person was erased since: what was decided stands, and is told as far as it can be."""

from domain.commands import parse
from domain.refusals import Refusal
from services.replay.reexecution import reexecute
from services.replay.whatif import Question
from tests.services.replay.told import story

D3 = "d3-drop-after-rejected-visit"


def test_what_was_decided_of_an_erased_customer_is_replayed_and_forked_as_it_was(dsn: str) -> None:
    with story(dsn, D3) as looking:
        now = looking.ledger.head().recorded_at
        erase = parse(
            {"name": "erase-subject", "whose": "customer/shop", "ground": "asked for", "at": now, "actor": "Gu"}
        )
        assert not isinstance(erase, Refusal), str(erase)
        assert looking.ledger.record(erase, command_id="erase").accepted

        again = reexecute(looking.ledger)
        assert again.divergence is None
        assert again.erased == 4

        (replayed,) = looking.replayed("deal/shop-1")
        assert replayed.standing["owner of shop"] == "Zhou"

        claimed = str(looking.position("customer-claimed.v1", 1))
        found = looking.supposing("deal/shop-1", Question(omit=(claimed,)))
        assert next(each.kind for each in found.events if each.how == "gone") == "customer-claimed.v1"
        assert len(found.kept) == 3
