"""`deal`: one deal as known and as true at any time; `deals`: deals by stage, and the funnel."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Final

import typer
from rich.console import RenderableType

from domain.fact import Part
from domain.policy.terms import PolicyVersion
from domain.record import Recorded
from domain.role.facts import Tenure
from domain.streams import DealStream
from projections import deals as board
from projections.as_of import deal_as_of
from projections.deals import DealRow, FunnelRow, Measure, worth
from services.cli.failing import Failure, unknown
from services.cli.output import AsJson, Justify, answer, money, pairs, paragraph, table, when
from services.cli.pages import After, after_of, mark, more
from services.cli.percent import per_cent
from services.cli.reader import KnownAt, Limit, Names, Reader, TrueAt, reading

app = typer.Typer()

MEASURES: Final[tuple[Measure, ...]] = ("standing", "entered", "opened", "signed", "lost")
WORTH_SHOWING: Final[tuple[Measure, ...]] = ("standing", "signed", "lost")
FUNNEL_COLUMNS: Final[dict[str, Justify]] = {
    "stage": "left",
    **dict.fromkeys(MEASURES, "right"),
    **dict.fromkeys([f"{measure} worth" for measure in WORTH_SHOWING], "right"),
}


@app.command()
def deal(
    name: Annotated[str, typer.Argument(metavar="DEAL", help="The deal's id.")],
    known_at: KnownAt = None,
    true_at: TrueAt = None,
    names: Names = True,
    json: AsJson = False,
) -> None:
    """A deal: its stage, who holds which role, contract, milestones and payments; as known and as true at any time."""
    with reading(named=names) as reader:
        document, parts = deal_answer(reader, name, known_at, true_at)
    answer(document, *parts, as_json=json)


def deal_answer(
    reader: Reader, name: str, known_at: str | None = None, true_at: str | None = None
) -> tuple[dict[str, Any], list[RenderableType]]:
    """The deal as a document and as tables. Raises `Failure` for a deal that was not open, or not known, then."""
    known, true = reader.at(known_at, "--known-at"), reader.at(true_at, "--true-at")
    found = deal_as_of(reader.connection, reader.books.log, name, known_at=known, true_at=true)
    stream = found.stream
    if stream.deal.opening is None:
        raise unknown("deal", name, "salesledger deals lists them." if not (known or true) else "Not at that time.")
    document = {
        "true_up_to": found.position,
        "known_at": known,
        "true_at": true,
        **told(name, stream, found.history, true, reader),
    }
    return document, list(shown(document, reader))


def told(
    name: str, stream: DealStream, facts: Sequence[Recorded], true: datetime | None, reader: Reader
) -> dict[str, Any]:
    """A deal's state as a document. Amounts in minor units, shares in basis points."""
    opening, signing = stream.deal.opening, stream.contract.signing
    assert opening, "the deal is open"
    policy = reader.policies[signing.policy if signing else opening.policy]
    at = true or max((fact.occurred_at for fact in facts), default=opening.at)
    return {
        "deal": name,
        "customer": opening.customer,
        "opened_by": opening.rep,
        "opened_at": opening.at,
        "product": opening.product,
        "stage": stream.deal.stage,
        "lost": stream.deal.lost,
        "policy": policy.policy,
        "roles": [role_told(role.role, role.share, stream, at) for role in policy.commission.roles],
        "contract": signing
        and {
            "contract": signing.contract,
            "signed_at": signing.at,
            "rep": signing.rep,
            "amount": signing.amount,
            "currency": signing.currency,
            "plan_hash": signing.plan_hash,
            "position": stream.contract.position,
        },
        "milestones": [
            {"milestone": milestone, "amount": each.amount, "due": each.due, "told": each.told}
            for milestone, each in stream.contract.milestones.items()
        ],
        "payments": [
            {
                "payment": payment,
                "received_at": each.at,
                "amount": each.amount,
                "refunded": each.refunded,
                "net": each.net,
                "milestone": each.milestone,
                "position": each.position,
            }
            for payment, each in stream.payments.received.items()
        ],
        "facts": [
            {
                "position": each.position,
                "kind": each.fact.kind,
                "occurred_at": each.occurred_at,
                "recorded_at": each.recorded_at,
            }
            for each in facts
        ],
    }


def role_told(role: str, share: int, stream: DealStream, at: datetime) -> dict[str, Any]:
    tenure: Tenure | None = stream.roles.tenure(role, at)
    parts: Sequence[Part] = tenure.parts if tenure else ()
    return {
        "role": role,
        "share": share,
        "held_by": [{"rep": part.rep, "bps": part.bps} for part in parts],
        "since": tenure.since if tenure else None,
        "ground": tenure.ground if tenure else None,
        "position": tenure.position if tenure else None,
    }


def shown(deal: Mapping[str, Any], reader: Reader) -> Iterator[RenderableType]:
    zone, contract = reader.zone, deal["contract"]
    currency = contract["currency"] if contract else None
    facts: list[tuple[str, object]] = [
        ("customer", deal["customer"]),
        ("opened", f"{when(deal['opened_at'], zone)} by {reader.person(deal['opened_by'])}"),
        ("stage", "lost" if deal["lost"] else deal["stage"]),
        ("policy", deal["policy"]),
    ]
    if contract:
        signed = (
            f"{when(contract['signed_at'], zone)} by {reader.person(contract['rep'])} (event {contract['position']})"
        )
        facts.append(("contract", f"{contract['contract']}, {money(contract['amount'], currency)}, signed {signed}"))
    yield pairs(f"Deal {deal['deal']}", facts)
    roles: dict[str, Justify] = {
        "role": "left",
        "share": "right",
        "held by": "left",
        "since": "left",
        "because": "left",
    }
    yield table("Stage roles", roles, (role_shown(role, reader) for role in deal["roles"]))
    if deal["milestones"]:
        columns: dict[str, Justify] = {"milestone": "left", "amount": "right", "due": "left", "told": "left"}
        rows = [
            (m["milestone"], money(m["amount"], currency), when(m["due"], zone), m["told"]) for m in deal["milestones"]
        ]
        yield table("Milestones", columns, rows)
    if deal["payments"]:
        paid: dict[str, Justify] = {
            "payment": "left",
            "received": "left",
            "amount": "right",
            "refunded": "right",
            "event": "right",
        }
        yield table(
            "Payments",
            paid,
            [
                (
                    p["payment"],
                    when(p["received_at"], zone),
                    money(p["amount"], currency),
                    money(p["refunded"], currency) if p["refunded"] else None,
                    p["position"],
                )
                for p in deal["payments"]
            ],
        )


def role_shown(role: Mapping[str, Any], reader: Reader) -> tuple[object, ...]:
    holders = role["held_by"]
    if len(holders) == 1:
        held = reader.person(holders[0]["rep"])
    else:
        held = ", ".join(f"{reader.person(each['rep'])} {per_cent(each['bps'])}" for each in holders)
    because = f"{role['ground']} (event {role['position']})" if role["ground"] else "nobody has earned it"
    return (role["role"], per_cent(role["share"]), held, when(role["since"], reader.zone), because)


@app.command()
def deals(
    *,
    by_stage: Annotated[
        bool, typer.Option("--by-stage", help="The funnel: how many deals and how much, stage by stage.")
    ] = False,
    stage: Annotated[
        str | None, typer.Option("--stage", help="The live deals of one stage, the longest there first.")
    ] = None,
    customer: Annotated[str | None, typer.Option("--customer", help="One customer's deals.")] = None,
    rep: Annotated[str | None, typer.Option("--rep", help="The deals that one rep opened.")] = None,
    limit: Limit = 100,
    after: After = None,
    names: Names = True,
    json: AsJson = False,
) -> None:
    """Deals: all, of a stage, a customer or a rep; or the funnel with --by-stage."""
    if (by_stage and (stage or customer or rep)) or (stage and (customer or rep)):
        raise Failure("bad-usage", "--by-stage and --stage stand alone.")
    with reading(named=names) as reader:
        if by_stage:
            document, parts = funnel_answer(reader)
        else:
            document, parts = list_answer(reader, stage, customer, rep, limit, after)
    answer(document, *parts, as_json=json)


def list_answer(
    reader: Reader, stage: str | None, customer: str | None, rep: str | None, limit: int, after: str | None
) -> tuple[dict[str, Any], list[RenderableType]]:
    since = after_of(after)
    if stage:
        found = board.in_stage(reader.connection, stage, limit, since)
    else:
        found = board.deals(reader.connection, customer=customer, rep=rep, limit=limit, after=since)
    columns: dict[str, Justify] = {
        "deal": "left",
        "customer": "left",
        "stage": "left",
        "since": "left",
        "opened by": "left",
        "worth": "right",
        "received": "right",
    }
    rows = [deal_row(row, reader) for row in found.rows]
    document = {"true_up_to": found.position, "deals": found.rows, "after": mark(found.after)}
    return document, [table("Deals", columns, rows), *more(found.after)]


def deal_row(row: DealRow, reader: Reader) -> tuple[object, ...]:
    return (
        row.deal,
        row.customer,
        "lost" if row.lost_at else row.stage,
        when(row.lost_at or row.stage_since, reader.zone),
        reader.person(row.rep),
        money(worth(row), row.currency) if worth(row) else None,
        money(row.received - row.refunded, row.currency) if row.received else None,
    )


def funnel_answer(reader: Reader) -> tuple[dict[str, Any], list[RenderableType]]:
    """The funnel with the stages in the order of the policies."""
    found = board.funnel(reader.connection)
    order = stages_in_order(list(reader.policies.versions.values()))
    rows = sorted(found.rows, key=lambda row: (order.get(row.stage, len(order)), row.stage, row.currency))
    document = {"true_up_to": found.position, "funnel": rows}
    cells: dict[tuple[str, str], dict[Measure, FunnelRow]] = {}
    for row in rows:
        if row.deals:
            cells.setdefault((row.stage, row.currency), {})[row.measure] = row
    lines = [(stage, *counts(measures), *worths(measures, currency)) for (stage, currency), measures in cells.items()]
    return document, [table("Deals by stage", FUNNEL_COLUMNS, lines) if lines else paragraph("No deal was opened yet.")]


def counts(measures: Mapping[Measure, FunnelRow]) -> list[object]:
    return [measures[measure].deals if measure in measures else None for measure in MEASURES]


def worths(measures: Mapping[Measure, FunnelRow], currency: str) -> list[object]:
    found = (measures.get(measure) for measure in WORTH_SHOWING)
    return [money(each.amount, currency or None) if each else None for each in found]


def stages_in_order(versions: Sequence[PolicyVersion]) -> dict[str, int]:
    """The place of each stage in the course of a deal."""
    return {stage.stage: place for version in versions for place, stage in enumerate(version.stages)}
