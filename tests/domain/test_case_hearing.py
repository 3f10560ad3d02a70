"""The hearing: a panel seated, members recused and replaced, votes cast and counted, a decision issued."""

from typing import Any

from domain.case import hearing as case
from domain.case.facts import DecisionIssued, MemberRecused, Predicted, VoteCast
from domain.facts import AnyFact
from tests.domain.court import accepted, courtroom, decided, ruling, seated, to
from tests.domain.story import documented, kinds, ladder, on, only

SPLIT = [{"rep": "Wang", "bps": 5000}, {"rep": "Li", "bps": 5000}]


def split(parts: list[dict[str, Any]], role: str = "CLOSER") -> dict[str, Any]:
    return ruling("split", remedies=[{"remedy": "split-role", "deal": "deal", "role": role, "parts": parts}])


def test_a_seating_is_refused_in_order() -> None:
    court = accepted()
    early = {"size": court.hearing.position - 1, "root": "3d" * 32, "signed_by": "ledger.test"}
    court.given("file-dispute", "02-26 10:30", case="K-2", **filing())
    climb = ladder(court, "seat-panel", "02-26 11:00", case="nothing", actor="Mei", head=early)
    climb.meets("unknown-case", case="K-2").meets("out-of-turn", case="K-1").meets("not-allowed", actor="Kong")
    climb.meets("head-unfit", head={**early, "size": len(court.log) + 1}).meets("head-unfit", head=court.head())
    crowd = court.copy()
    for region in ("north", "south", "central"):
        court.given("leave-rep", "02-26 10:40", rep=f"manager-{region}")
    climb.meets("panel-short")
    climb.story = crowd

    assert list(dict.fromkeys(climb.climbed())) == documented(case.seat)


def filing() -> dict[str, Any]:
    return {
        "by": "Li",
        "matter": {"act": "role", "deal": "deal", "role": "CLOSER"},
        "against": [],
        "expected": 1,
        "actual": 0,
        "claim": "so",
    }


def test_a_recusal_is_refused_in_order() -> None:
    court = seated()
    gone, stays = court.members[:2]
    court.given("recuse-member", "02-26 12:00", case="K-1", member=gone, cause="own-wish", actor=gone)
    court.given("file-dispute", "02-26 10:30", case="K-2", **filing())
    over = court.copy()
    for member in court.members[:4]:
        over.votes(member, to("Wang"), "02-27 09:00")
    climb = ladder(over, "recuse-member", "03-07 00:00", case="nothing", member=gone, cause="conflict", actor="Mei")
    climb.meets("unknown-case", case="K-2").meets("out-of-turn", case="K-1")
    climb.meets("hearing-over", at="02-28 09:00")
    climb.story = court
    climb.meets("member-recused", member="Zhou").meets("not-seated", member=stays).meets("not-allowed", actor="Kong")

    assert climb.climbed() == documented(case.recuse)


def test_an_alternate_of_the_same_seat_replaces_who_is_recused_and_the_vote_no_longer_counts() -> None:
    court = seated()
    gone = court.members[3]
    waiting = [each for each in court.hearing.waiting if each.seat == "lead"]
    court.votes(gone, to("Wang"))

    facts = court.tells("recuse-member", "02-27 10:00", case="K-1", member=gone, cause="conflict", actor="Kong")

    assert only(MemberRecused, facts).alternate == waiting[0]
    assert gone not in court.members
    assert waiting[0].member in court.members
    assert court.hearing.votes == ()
    assert court.is_refused("cast-vote", "02-27 11:00", member=gone, ruling=to("Wang"), opinion="still").code == (
        "member-recused"
    )


def test_nobody_else_wishes_a_member_away() -> None:
    court = seated()
    member = court.members[0]

    assert court.is_refused("recuse-member", "02-27 10:00", member=member, cause="own-wish", actor="Kong").code == (
        "not-allowed"
    )


def test_an_alternate_with_a_stake_or_who_has_left_is_passed_over() -> None:
    court = seated()
    gone = court.members[2]
    first, second = (each for each in court.hearing.waiting if each.seat == "lead")
    court.given("leave-rep", "02-26 13:00", rep=first.member)

    facts = court.tells("recuse-member", "02-27 10:00", case="K-1", member=gone, cause="absence", actor="Kong")

    assert only(MemberRecused, facts).alternate == second


def test_when_no_alternate_is_left_the_seat_stays_empty() -> None:
    court = seated()
    facts: tuple[AnyFact, ...] = ()
    for at in ("10:00", "10:10"):
        manager = next(each.member for each in court.hearing.seated if each.seat == "sales-management")
        facts = court.tells("recuse-member", f"02-27 {at}", case="K-1", member=manager, cause="absence", actor="Kong")

    assert only(MemberRecused, facts).alternate is None
    assert len(court.members) == 4
    assert court.all_vote(*[to("Wang")] * 4).issues().case.status == "decided"


def test_a_vote_is_refused_in_order() -> None:
    court = seated()
    gone = court.members[0]
    court.given("recuse-member", "02-26 12:00", case="K-1", member=gone, cause="own-wish", actor=gone)
    court.given("file-dispute", "02-26 10:30", case="K-2", **filing())
    member, other = court.members[:2]
    over = court.copy()
    for each in court.members[:4]:
        over.votes(each, to("Wang"), "02-27 09:00")
    told: dict[str, Any] = {
        "case": "nothing",
        "member": "Li",
        "actor": "Zhou",
        "opinion": "so",
        "ruling": split(SPLIT[:1]),
    }
    climb = ladder(over, "cast-vote", "03-07 00:00", **told)
    climb.meets("unknown-case", case="K-2").meets("out-of-turn", case="K-1").meets("hearing-over", at="02-28 09:00")
    climb.story = court
    climb.meets("member-conflicted", member=gone).meets("member-recused", member="Fan").meets(
        "not-seated", member=member
    )
    climb.meets("not-allowed", actor=member)
    here = court.copy()
    court.given("leave-rep", "02-27 10:00", rep=member)
    climb.meets("rep-left")
    climb.story = here.given("cast-vote", "02-27 09:00", case="K-1", member=member, ruling=to("Wang"), opinion="so")
    climb.meets("already-voted", member=other, actor=other, ruling=ruling("split"))
    climb.meets("ruling-inconsistent", ruling=to("Wang", "NOTHING"))
    wrong = documented(case.vote)[len(climb.met) :]
    assert wrong == ["unknown-deal", "role-not-in-plan", "parts-not-whole", "unknown-visit"]
    at = "02-28 09:00"
    told = {"case": "K-1", "member": other, "opinion": "so"}
    remedies: dict[str, dict[str, Any]] = {
        "unknown-deal": {"remedy": "give-role", "deal": "nothing", "role": "CLOSER", "to": "Wang"},
        "role-not-in-plan": {"remedy": "give-role", "deal": "deal", "role": "NOTHING", "to": "Wang"},
        "parts-not-whole": {"remedy": "split-role", "deal": "deal", "role": "CLOSER", "parts": SPLIT[:1]},
        "unknown-visit": {"remedy": "overrule-visit", "customer": "shop", "visit": "V-9", "verdict": "verified"},
    }
    for code, remedy in remedies.items():
        assert here.refuses("cast-vote", at, ruling=ruling("confirm", remedies=[remedy]), **told).code == code


def test_an_issuing_is_refused_in_order() -> None:
    court = seated()
    court.given("file-dispute", "02-26 10:30", case="K-2", **filing())
    one, two, three, four, five = court.members
    open_still = court.copy()
    for member, told in ((one, to("Wang")), (two, to("Wang")), (three, ruling())):
        court.votes(member, told)
    climb = ladder(court, "issue-decision", "02-28 09:00", case="nothing", actor="Mei")
    climb.meets("unknown-case", case="K-2").meets("out-of-turn", case="K-1").meets("not-allowed", actor=one)
    climb.meets("quorum-missing")
    court.votes(four, ruling())
    climb.meets("majority-open")
    climb.story = open_still.all_vote(*[to("Wang")] * 5)
    climb.with_(at="2026-12-30 09:00")
    climb.meets("calendar-ends")
    climb.story = court.votes(five, to("Wang"))

    assert climb.with_(at="02-28 09:00").climbed() == documented(case.issue)


def test_the_majority_of_the_seated_carries_a_ruling_and_the_dissent_is_kept() -> None:
    court = seated()
    one, two, three, four, five = court.members
    court.all_vote(to("Wang"), ruling(), to("Wang"), split(SPLIT), to("Wang"))

    fact = only(DecisionIssued, court.tells("issue-decision", "02-28 09:00", case="K-1", actor="Kong"))

    assert (fact.cause, fact.carried, fact.dissent) == ("majority", (one, three, five), (two, four))
    assert [vote.opinion for vote in court.case.hearings[0].votes] == ["so I see it"] * 5
    assert fact.ruling.finding == "transfer"


def test_a_ruling_pins_position_policy_engine_and_what_it_comes_to_for_everybody() -> None:
    court = seated().all_vote(*[to("Wang")] * 5)
    before = len(court.log)

    fact = only(DecisionIssued, court.tells("issue-decision", "02-28 09:00", case="K-1", actor="Kong"))

    assert (fact.position, fact.policy, fact.engine) == (before, "B2B-1", "1")
    assert fact.policy_hash == court.world.policies.hashes["B2B-1"]
    assert fact.predicted == (
        Predicted(deal="deal", payee="Li", currency="CNY", before=30_000, after=3_000),
        Predicted(deal="deal", payee="Wang", currency="CNY", before=0, after=27_000),
    )
    assert fact.appeal_until == on("03-05 00:00")


def test_once_all_have_voted_without_a_majority_the_status_quo_is_confirmed() -> None:
    court = decided(to("Wang"), to("Wang"), ruling(), ruling(), split(SPLIT))
    decision = court.case.decision
    assert decision

    assert (decision.cause, decision.ruling.finding, decision.ruling.remedies) == ("no-majority", "confirm", ())
    assert (decision.carried, len(decision.dissent), decision.predicted) == ((), 5, ())


def test_votes_are_for_the_same_ruling_however_its_times_are_written() -> None:
    same = [to("Wang"), {**to("Wang"), "effective_from": "2024-02-19T16:00:00Z"}]
    court = seated().all_vote(same[0], same[1], same[0], ruling(), ruling())

    assert len({vote.digest for vote in court.hearing.votes[:3]}) == 1
    assert court.issues().case.status == "decided"


def test_without_a_majority_by_the_deadline_the_clock_confirms_the_status_quo_whenever_it_is_noticed() -> None:
    soon, late = (seated().all_vote(to("Wang"), to("Wang"), ruling(), ruling()) for _ in range(2))

    noticed = soon.time_is("03-07 00:00")
    later = late.time_is("03-20 09:00")

    assert kinds(noticed) == ["decision-issued"]
    assert kinds(later) == ["decision-issued", "decision-finalized"]
    assert later[0] == noticed[0]
    assert (noticed[0].at, later[1].at) == (on("03-07 00:00"), on("03-13 00:00"))
    assert list(soon.time_is("03-20 09:00")) == [later[1]]


def test_a_case_of_which_nothing_is_heard_is_decided_by_its_deadline_too() -> None:
    assert kinds(accepted().time_is("03-07 00:00")) == ["decision-issued"]
    assert kinds(accepted().time_is("03-06 23:59")) == []
    assert kinds(courtroom().files().time_is("03-20 09:00")) == []


def test_a_majority_that_was_found_in_time_is_issued_after_the_deadline_and_no_status_quo() -> None:
    court = seated().all_vote(*[to("Wang")] * 4)

    assert only(VoteCast, court.log[-1:]).carries
    assert kinds(court.time_is("03-08 09:00")) == []
    assert court.issues("03-08 10:00").case.status == "decided"


def test_a_recusal_that_undoes_a_majority_says_until_when_another_must_be_found() -> None:
    court = seated().all_vote(*[to("Wang")] * 4)
    gone = court.members[0]

    fact = only(
        MemberRecused,
        court.tells("recuse-member", "02-27 10:00", case="K-1", member=gone, cause="conflict", actor="Kong"),
    )

    assert fact.decide_by == on("03-07 00:00")
    assert kinds(court.time_is("03-07 00:00")) == ["decision-issued"]
