"""Every command ever judged is judged again from the log as it stood, and comes out the same to the byte."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.engine import ENGINES, Engine
from domain.facts import Answer
from domain.pool.decisions import ClaimCustomer
from domain.pool.decisions import claim as claim_of_version_1
from domain.refusals import Refusal
from domain.world import World
from services.ledger.schema import migrate
from services.replay.reexecution import Divergence, Selection, reexecute
from services.scenarios.reading import shipped_scenarios
from tests.services.replay.told import by_chance, story

D3 = "d3-drop-after-rejected-visit"


def never_too_many(command: ClaimCustomer, world: World) -> Answer:
    """A rule of another version: a claim is dated a day later."""
    answer = claim_of_version_1(command, world)
    if isinstance(answer, Refusal):
        return answer
    return [fact.model_copy(update={"policy": "B2B-2"}) for fact in answer]


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 10**9))
def test_random_histories_come_out_the_same(dsn: str, seed: int) -> None:
    with by_chance(dsn, seed, 150) as (looking, asked):
        found = reexecute(looking.ledger)

        assert (found.divergence, found.equal, found.erased, found.unplaced) == (None, asked, 0, 0)


@pytest.mark.parametrize("name", shipped_scenarios())
def test_every_command_of_every_shipped_story_comes_out_the_same(dsn: str, name: str) -> None:
    with story(dsn, name) as looking:
        found = reexecute(looking.ledger)

        assert found.divergence is None
        assert found.equal > 5


def test_a_few_commands_are_reached_by_leaps_and_come_out_the_same(dsn: str) -> None:
    with by_chance(dsn, 7, 300) as (looking, asked):
        some = reexecute(looking.ledger, Selection(names=("claim-customer", "sign-contract", "leave-rep")))

        assert some.divergence is None
        assert 20 < some.equal < asked


@pytest.mark.parametrize("selection", [Selection(), Selection(names=("claim-customer",))])
def test_an_altered_fact_is_named_with_its_field_then_and_now(dsn: str, selection: Selection) -> None:
    with story(dsn, D3) as looking:
        position = looking.position("customer-claimed.v1", 1)
        looking.altered(
            'update event set record = replace(record::text, \'"rep":"Zhou"\', \'"rep":"Ding"\')::json'
            f" where position = {position}"
        )

        found = reexecute(looking.ledger, selection).divergence

        assert found == Divergence(f"{D3}/6-claim-customer", "claim-customer", position, "fact.rep", "Ding", "Zhou")
        assert str(found).endswith(f"event {position}, fact.rep: then Ding, now Zhou")


def test_an_altered_answer_and_a_fact_too_many_are_named(dsn: str) -> None:
    with story(dsn, D3) as looking:
        looking.altered(
            "update receipt set answer = replace(answer::text, 'cooling-down', 'pool-full')::json"
            " where answer ->> 'refusal' like '%cooling-down%'"
        )
        altered = reexecute(looking.ledger).divergence

        assert altered is not None
        assert (altered.event, altered.field, altered.then, altered.now) == (
            None,
            "refusal.code",
            "pool-full",
            "cooling-down",
        )
    with story(dsn, D3) as looking:
        visit = looking.position("visit-rejected.v1")
        looking.altered(
            f"update receipt set answer = replace(answer::text, '\"last\":{visit}', '\"last\":{visit - 1}')::json"
            f" where (answer ->> 'last')::bigint = {visit}"
        )
        lacking = reexecute(looking.ledger).divergence

        assert lacking is not None
        assert (lacking.event, lacking.field, lacking.then, lacking.now) == (visit, "fact", None, "visit-rejected.v1")


def test_a_rule_that_behaves_otherwise_under_the_same_version_is_found(dsn: str) -> None:
    with story(dsn, D3) as looking:
        changed = {"1": Engine("1", former={ClaimCustomer: never_too_many})}

        found = reexecute(looking.ledger, engines=changed).divergence

        assert found is not None
        assert (found.command, found.field, found.then, found.now) == (
            "claim-customer",
            "fact.policy",
            "B2B-1",
            "B2B-2",
        )


def test_what_an_old_version_decided_is_decided_again_by_its_old_rule_when_a_new_one_has_come(dsn: str) -> None:
    with story(dsn, D3) as looking:
        as_in_1, as_in_2 = (
            Engine("1", former={ClaimCustomer: claim_of_version_1}),
            Engine("2", former={ClaimCustomer: never_too_many}),
        )
        assert reexecute(looking.ledger, engines={"1": as_in_1, "2": as_in_2}).divergence is None

        looking.altered("update receipt set engine = '2' where command ->> 'name' = 'claim-customer'")
        by_the_new = reexecute(looking.ledger, engines={"1": as_in_1, "2": as_in_2}).divergence
        unknown = reexecute(looking.ledger, engines=ENGINES).divergence

        assert by_the_new is not None
        assert by_the_new.field == "fact.policy"
        assert unknown is not None
        assert (unknown.field, unknown.then) == ("engine", "2")


def test_who_was_erased_is_not_judged_again_and_old_receipts_without_a_position_are_counted(dsn: str) -> None:
    with story(dsn, D3) as looking:
        looking.altered("update personal_key set wrapped = null where subject = 'customer/shop'")
        looking.altered("update receipt set position = null where command ->> 'name' = 'open-deal'")

        found = reexecute(looking.ledger)

        assert found.divergence is None
        assert (found.erased, found.unplaced) == (4, 1)


def test_receipts_from_before_get_their_place_from_their_facts_or_their_time(dsn: str) -> None:
    with by_chance(dsn, 3, 200) as (looking, asked):
        looking.run("alter table receipt drop column position, drop column stream, drop column engine")
        looking.run("delete from migration where number = 3")

        assert migrate(looking.ledger.dsn, looking.ledger.schema) == ["0003_receipts_to_judge_again.sql"]
        found = reexecute(looking.ledger)

        assert found.divergence is None
        assert found.equal + found.unplaced == asked
        assert found.equal > asked / 2
