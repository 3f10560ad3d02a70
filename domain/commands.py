"""Every command that the ledger understands, in one union, and how the body of one is read."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Final, get_args

from pydantic import Field, TypeAdapter, ValidationError

from domain.case.commands import CaseCommand
from domain.conduct.decisions import ConductCommand
from domain.contract.decisions import SignContract
from domain.customer.decisions import CustomerCommand
from domain.deal.decisions import DealCommand
from domain.lead.decisions import LeadCommand
from domain.mentorship.decisions import MentorshipCommand
from domain.organisation.decisions import OrganisationCommand
from domain.payee.decisions import PayeeCommand
from domain.payment.decisions import PaymentCommand
from domain.payroll.decisions import PayrollCommand
from domain.person.decisions import PersonCommand
from domain.policy.decisions import PublishPolicy
from domain.pool.decisions import PoolCommand
from domain.refusals import Code, Refusal
from domain.role.decisions import RoleCommand
from domain.visit.decisions import VisitCommand

AnyCommand = (
    LeadCommand
    | CustomerCommand
    | PoolCommand
    | VisitCommand
    | DealCommand
    | RoleCommand
    | SignContract
    | PaymentCommand
    | MentorshipCommand
    | OrganisationCommand
    | CaseCommand
    | ConductCommand
    | PersonCommand
    | PayrollCommand
    | PayeeCommand
    | PublishPolicy
)

COMMAND: Final[TypeAdapter[AnyCommand]] = TypeAdapter(Annotated[AnyCommand, Field(discriminator="name")])
"""Reads a command by its name."""

COMMANDS: Final[dict[str, type]] = {command.model_fields["name"].default: command for command in get_args(AnyCommand)}
"""The class of every command, by its name."""


CODES: Final = frozenset(str(code) for code in Code)

FIELD: Final = re.compile(r"[A-Za-z][A-Za-z_]{0,39}|[0-9]{1,4}")


def parse(body: Mapping[str, Any]) -> AnyCommand | Refusal:
    """Read a command from a mapping of its fields.

    Refuses with `unknown-command`, `malformed`, `text-not-storable`, `text-too-long`, `amount-not-whole`,
    `amount-not-positive` or `unknown-currency`; the detail names every field and what is wrong with it, never its value.
    """
    try:
        return COMMAND.validate_python(dict(body))
    except ValidationError as error:
        return refused(error)


def refused(error: ValidationError, *, tagged: bool = True) -> Refusal:
    """What a command's shape is refused with. `tagged`: its class was found by its name, which begins every place."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    if not found[0]["loc"] and found[0]["type"] in ("union_tag_invalid", "union_tag_not_found"):
        return Refusal(code=Code.UNKNOWN_COMMAND, clause="ledger/commands", detail=f"Known: {', '.join(COMMANDS)}.")
    known = [Code(each["type"]) for each in found if each["type"] in CODES]
    told = "; ".join(f"{'.'.join(map(place, each['loc'][tagged:]))}: {each['msg']}" for each in found)
    return Refusal(code=known[0] if known else Code.MALFORMED, clause="ledger/commands", detail=told)


def place(step: int | str) -> str:
    """One step of the way to a field. What does not look like the name of one is somebody's word, and is not repeated."""
    name = str(step)
    return name if FIELD.fullmatch(name) else "…"
