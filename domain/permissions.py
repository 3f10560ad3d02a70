"""Who may do and see what: one table, read as a handbook is, and the judgement of an act by it.

A duty is a fact of the organisation's history, and counts as it was at the time of the act. Whoever asks must also belong
to the organisation now. `docs/permissions.md` shows the table to people; a test keeps the two equal.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, cast, get_args

from domain.authority import not_working
from domain.commands import AnyCommand
from domain.customer.decisions import RegisterCustomer
from domain.deal.decisions import OpenDeal
from domain.fact import SYSTEM, CommandOnCustomer, CommandOnDeal, Sight
from domain.lead.decisions import ConvertLead, RegisterLead
from domain.organisation.facts import Duty, Organisation
from domain.pool.decisions import ClaimCustomer
from domain.refusals import Code, Refusal
from domain.standing import deal_and_customer
from domain.world import World

Reach = Literal["-", "own", "unit", "case", "all"]
"""`own`: what is one's own. `unit`: that, and what belongs to those one leads. `case`: what an open case is about. `all`:
everybody's. `-`: nothing.
"""

Field = Literal["-", "by", "rep", "to", "member", "unit", "parent"]
"""The field of a command that names the person, or the unit, in whose name it is done."""

DUTIES: Final[tuple[Duty, ...]] = get_args(Duty)
"""R, L, M, O, F, C and S, in the order of the table's columns."""

CLAUSE: Final = "permissions/"
"""How the clause of a denial begins; the act follows."""

TABLE: Final = """
act                     in whose name   R     L     M     O     F     C     S
register-lead           by              own   unit  unit  all   -     -     all
approve-lead            -               -     -     -     all   -     -     all
reject-lead             -               -     -     -     all   -     -     all
convert-lead            -               own   unit  unit  all   -     -     all
register-customer       by              own   unit  unit  all   -     -     all
merge-customers         -               -     -     -     all   -     all   all
correct-customer-place  -               own   unit  unit  all   -     -     all
grade-customer          by              own   unit  unit  -     -     -     all
claim-customer          rep             own   own   own   -     -     -     all
release-customer        rep             own   own   own   -     -     -     all
reassign-customer       -               -     unit  unit  -     -     all   all
change-tier             rep             own   own   own   -     -     -     all
bring-clock             -               -     -     -     -     -     -     all
plan-visit              rep             own   own   own   -     -     -     all
record-visit            rep             own   own   own   -     -     -     all
override-visit          -               -     -     -     -     -     all   all
open-deal               rep             own   unit  unit  -     -     -     all
advance-stage           rep             own   unit  unit  -     -     -     all
revert-stage            -               own   unit  unit  -     -     -     all
lose-deal               rep             own   unit  unit  -     -     -     all
bring-deal-clock        -               -     -     -     -     -     -     all
earn-role               rep             own   unit  unit  -     -     all   all
transfer-role           -               -     unit  unit  -     -     all   all
revoke-role             -               -     unit  unit  -     -     all   all
sign-contract           rep             own   unit  unit  -     -     -     all
receive-payment         -               -     -     -     -     all   -     all
refund-payment          -               -     -     -     -     all   -     all
assign-mentor           rep             -     unit  unit  -     -     -     all
end-mentorship          rep             -     unit  unit  -     -     -     all
donate-customer         to              -     unit  unit  -     -     -     all
agree-sharing           -               -     unit  unit  -     -     all   all
create-unit             parent          -     -     unit  -     -     -     all
move-unit               unit            -     -     unit  -     -     -     all
join-rep                unit            -     -     unit  -     -     -     all
transfer-rep            rep             -     -     unit  -     -     -     all
leave-rep               rep             -     -     unit  -     -     -     all
set-quota               rep             -     -     unit  -     -     -     all
publish-policy          -               -     -     all   -     -     -     all
erase-subject           -               -     -     all   all   -     -     all
place-legal-hold        -               -     -     -     all   -     all   all
lift-legal-hold         -               -     -     -     all   -     all   all
file-dispute            by              own   own   own   own   own   own   all
accept-case             -               -     -     -     -     -     all   all
dismiss-case            -               -     -     -     -     -     all   all
submit-evidence         by              own   own   own   own   own   own   all
seat-panel              -               -     -     -     -     -     all   all
recuse-member           member          -     own   own   own   -     all   all
cast-vote               member          -     own   own   own   -     own   all
issue-decision          -               -     -     -     -     -     all   all
file-appeal             by              own   own   own   own   own   own   all
execute-decision        -               -     -     -     -     -     all   all
publish-precedent       -               -     -     -     -     -     all   all
bring-case-clock        -               -     -     -     -     -     -     all
apply-penalty           -               -     -     -     all   -     all   all
lift-penalty            -               -     -     -     all   -     all   all
open-period             -               -     -     -     -     all   -     all
close-period            -               -     -     -     -     all   -     all
publish-rate            -               -     -     -     -     all   -     all
confirm-payout          -               -     -     -     -     all   -     all
reject-payout           -               -     -     -     -     all   -     all
reconcile-return        -               -     -     -     -     all   -     all
see the public pool     -               all   all   all   all   -     all   all
see who is due to drop  -               -     -     -     all   -     -     all
see leads               -               own   unit  unit  all   -     -     all
see a customer          -               own   unit  unit  all   -     case  all
see a deal              -               own   unit  unit  all   all   case  all
see a case              -               own   unit  unit  own   -     all   all
see a bundle            -               own   unit  unit  own   -     all   all
see people in a bundle  -               -     -     case  case  -     case  -
see a what-if           -               -     case  case  case  -     all   all
see a re-execution      -               -     case  case  case  -     all   all
see the funnel          -               -     -     all   all   all   -     all
see sales               -               -     -     all   all   all   -     all
see commission          -               own   unit  unit  -     all   -     all
see receipts            -               -     -     -     -     all   -     all
see payroll             -               -     -     -     -     all   -     all
see a statement         -               own   unit  unit  -     all   -     all
see a quota             -               own   unit  unit  all   -     -     all
see the organisation    -               all   all   all   all   all   all   all
see the policies        -               all   all   all   all   all   all   all
see what is held        -               -     -     all   all   -     -     all
see the feed            -               -     -     -     -     -     -     all
ask whether taken       -               all   all   all   all   -     all   all
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: the act, the field that names in whose name it is done, and how far each duty reaches."""

    act: str
    field: Field
    reaches: Mapping[Duty, Reach]


def read(table: str) -> dict[str, Row]:
    """The lines of a table laid out as `TABLE` is, by their act."""
    lines = [line for line in table.splitlines() if line.strip()]
    width = lines[0].index("in whose name")
    found = {}
    for line in lines[1:]:
        field, *reaches = line[width:].split()
        act = line[:width].strip()
        found[act] = Row(act, cast(Field, field), dict(zip(DUTIES, cast(list[Reach], reaches), strict=True)))
    return found


ROWS: Final = read(TABLE)

CONCEALED: Final = frozenset({Code.UNKNOWN_CUSTOMER, Code.CUSTOMER_MERGED, Code.CUSTOMER_HELD, Code.OVERTAKEN})
"""What a claim may be refused with that tells of a customer whether it is there, and whose it is."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Somebody who asks, with the duty and the unit of the time asked about."""

    name: str
    duty: Duty
    unit: str | None

    def reach(self, act: str) -> Reach:
        """How far the duty reaches for the act; not at all for an act without a line in the table."""
        row = ROWS.get(act)
        return row.reaches[self.duty] if row else "-"


def asker_at(organisation: Organisation, name: str, at: datetime) -> Asker | None:
    """Who asks, as of a time; None for who did not belong to the organisation then."""
    if name == SYSTEM:
        return Asker(SYSTEM, "system", None)
    post = organisation.post(name, at)
    return Asker(name, post.duty, post.unit) if post else None


def reaches(asker: Asker, act: str, person: str | None, organisation: Organisation, at: datetime) -> bool:
    """Whether the asker's duty reaches what belongs to that person (None: to nobody) at that time."""
    match asker.reach(act):
        case "all":
            return True
        case "-" | "case":
            return False
        case "own":
            return person == asker.name
        case "unit":
            return person == asker.name or is_led(asker, person, organisation, at)


def is_led(asker: Asker, person: str | None, organisation: Organisation, at: datetime) -> bool:
    return person is not None and asker.unit is not None and organisation.is_within(person, asker.unit, at)


def sight(command: AnyCommand, world: World) -> Sight:
    """What must be in the world before `not_permitted` can tell, beside what the command itself sees."""
    return deal_and_customer(command.deal, world) if isinstance(command, CommandOnDeal) else Sight()


def not_permitted(command: AnyCommand, name: str, world: World) -> Refusal | None:
    """Refuse an act that is not for whoever asks. The system may do everything, and is asked for nobody's leave.

    Refuses with `rep-left` for who has left the organisation by now, `not-allowed` for who never was of it, for an act, a
    person or a unit beyond the duty's reach, or for an actor who is somebody else, and `not-in-sight` alike for what is
    not theirs and for what is not there.
    """
    if name == SYSTEM:
        return None
    clause = f"{CLAUSE}{command.name}"
    if gone := not_of_us(name, world, clause):
        return gone
    asker = asker_at(world.organisation, name, command.at)
    reach = asker.reach(command.name) if asker else "-"
    if (
        asker is None
        or reach == "-"
        or not speaks_for(asker, command)
        or not in_own_name(asker, command, world.organisation)
    ):
        return Refusal(code=Code.NOT_ALLOWED, clause=clause, rival=name)
    if reach != "all" and not is_in_sight(asker, command, world):
        return Refusal(code=Code.NOT_IN_SIGHT, clause=clause)
    return None


def not_of_us(name: str, world: World, clause: str) -> Refusal | None:
    """Refuse who does not belong to the organisation now, with `rep-left` or `not-allowed`."""
    absent = None if name == SYSTEM else not_working(world, name, world.now, clause)
    if absent and absent.code == Code.UNKNOWN_REP:
        return Refusal(code=Code.NOT_ALLOWED, clause=clause, rival=name)
    return absent


def speaks_for(asker: Asker, command: AnyCommand) -> bool:
    """Whether the command's actor is who asks; only a process may bring in what others did."""
    return command.actor == asker.name or asker.duty == "system"


def in_own_name(asker: Asker, command: AnyCommand, organisation: Organisation) -> bool:
    """Whether the person or the unit that the command is done for lies within the asker's reach."""
    row = ROWS[command.name]
    if row.field == "-" or asker.reach(row.act) == "all":
        return True
    named: str | None = getattr(command, row.field)
    if row.field in ("unit", "parent"):
        return named in organisation.units and asker.unit in {
            unit.unit for unit in organisation.line(str(named), command.at)
        }
    return reaches(asker, row.act, named, organisation, command.at)


def is_in_sight(asker: Asker, command: AnyCommand, world: World) -> bool:
    """Whether the customer or deal is public or the asker's to see. A claim is judged whoever has the customer: having
    tried is evidence. What is only being registered or opened is nobody's yet.
    """
    if isinstance(command, RegisterLead | RegisterCustomer | ClaimCustomer):
        return True
    if isinstance(command, ConvertLead):
        found = world.customer(command.customer).lead.registration
        return found is not None and reaches(asker, command.name, found.by, world.organisation, command.at)
    if isinstance(command, OpenDeal):
        return customer_in_sight(asker, command.customer, command.name, world, command.at)
    if isinstance(command, CommandOnCustomer):
        return customer_in_sight(asker, command.customer, command.name, world, command.at)
    if isinstance(command, CommandOnDeal):
        opening = world.deal(command.deal).deal.opening
        if opening is None:
            return False
        if reaches(asker, command.name, opening.rep, world.organisation, command.at):
            return True
        owner = world.customer(opening.customer).holding.owner
        return owner is not None and reaches(asker, command.name, owner, world.organisation, command.at)
    return True


def customer_in_sight(asker: Asker, customer: str, act: str, world: World, at: datetime) -> bool:
    stream = world.customer(customer)
    owner = stream.holding.owner
    return stream.customer.is_registered and (owner is None or reaches(asker, act, owner, world.organisation, at))


def as_told(refusal: Refusal, asker: Asker, act: str) -> Refusal:
    """A refusal as the asker may hear it: who reaches not everything learns of no customer whether it is there or whose it is."""
    if asker.reach(act) == "all" or refusal.rival == asker.name:
        return refusal
    if refusal.code in (Code.IDENTITY_HELD, Code.ID_TAKEN):
        return Refusal(code=refusal.code, clause=refusal.clause)
    if act == "claim-customer" and refusal.code in CONCEALED:
        return Refusal(code=Code.NOT_IN_SIGHT, clause=f"{CLAUSE}{act}")
    return refusal
