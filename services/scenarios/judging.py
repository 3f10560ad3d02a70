"""What a story expects of a case, beside how the case stands."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from domain.case.course import Case
from domain.case.facts import Predicted
from services.scenarios.story import NOBODY, CaseExpected


def of_case(
    expected: CaseExpected, case: Case, instant: Callable[[datetime], datetime]
) -> Iterator[tuple[str, Any, Any]]:
    """What is expected, in words, with both sides; of what nothing is expected nothing is said."""
    decision, executed = case.decision, case.executed
    actual: dict[str, Any] = {
        "status": case.status,
        "finding": decision and decision.ruling.finding,
        "cause": decision and decision.cause,
        "hearing": decision and decision.hearing,
        "carried": decision and len(decision.carried),
        "dissent": decision and len(decision.dissent),
        "final": case.final and case.final.at,
    }
    for what, found in actual.items():
        wanted = getattr(expected, what)
        if wanted is not None:
            yield what, instant(wanted) if isinstance(wanted, datetime) else wanted, found
    sums = {"predicted": decision.predicted if decision else (), "amounts": executed.amounts if executed else ()}
    for what, amounts in sums.items():
        wanted = getattr(expected, what)
        if wanted is not None:
            yield what, {payee: tuple(pair) for payee, pair in wanted.items()}, changed(amounts, wanted)


def changed(amounts: Iterable[Predicted], named: Mapping[str, Any]) -> dict[str, tuple[int, int]]:
    """What each payee has without and with the ruling, of all deals; of whom nothing changes only where they are named."""
    found: dict[str, tuple[int, int]] = {}
    for each in amounts:
        before, after = found.get(each.payee or NOBODY, (0, 0))
        found[each.payee or NOBODY] = (before + each.before, after + each.after)
    return {payee: pair for payee, pair in found.items() if pair[0] != pair[1] or payee in named}
