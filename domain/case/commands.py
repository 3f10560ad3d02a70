"""What can be asked of a case, by whom it concerns and by the committee."""

from typing import Literal

from domain.case.facts import Amount, EvidenceSort, Head, RecusalCause
from domain.case.matter import Matter, streams_of
from domain.case.ruling import Digest, Ruling
from domain.fact import CommandOnCase, Id, Sight, Text, case_stream
from domain.money import Currency
from domain.months import Month
from domain.world import World


class FileDispute(CommandOnCase):
    """Dispute an act or a line: who against whom, what should have been, and what is, in minor units.

    `statement` is the closed month whose statement shows it; when that was issued, the ledger knows.
    """

    name: Literal["file-dispute"] = "file-dispute"
    by: Id
    against: tuple[Id, ...]
    matter: Matter
    expected: Amount
    actual: Amount
    currency: Currency
    claim: Text
    statement: Month | None = None

    def sees(self, world: World) -> Sight:
        del world
        return Sight(streams=(self.stream, *streams_of(self.matter)))


class AcceptCase(CommandOnCase):
    """Take a dispute up: what is disputed and unpaid is held back from here on."""

    name: Literal["accept-case"] = "accept-case"

    def sees(self, world: World) -> Sight:
        return all_of_it(self.case, world)


class DismissCase(CommandOnCase):
    """Turn a dispute down."""

    name: Literal["dismiss-case"] = "dismiss-case"
    ground: Text


class SubmitEvidence(CommandOnCase):
    """Hand in an artefact by its hash, with what sort of thing it is and where it is kept."""

    name: Literal["submit-evidence"] = "submit-evidence"
    evidence: Id
    by: Id
    sort: EvidenceSort
    sha256: Digest
    kept_at: Text


class SeatPanel(CommandOnCase):
    """Draw the panel, with the first signed head after the hearing began as seed."""

    name: Literal["seat-panel"] = "seat-panel"
    head: Head


class RecuseMember(CommandOnCase):
    """Let a member of the panel step back; an alternate takes the seat."""

    name: Literal["recuse-member"] = "recuse-member"
    member: Id
    cause: RecusalCause
    ground: Text


class CastVote(CommandOnCase):
    """Vote, by the ruling that the member would give, and say why."""

    name: Literal["cast-vote"] = "cast-vote"
    member: Id
    ruling: Ruling
    opinion: Text

    def sees(self, world: World) -> Sight:
        return Sight(streams=(*all_of_it(self.case, world).streams, *self.ruling.streams))


class IssueDecision(CommandOnCase):
    """Count the votes and issue the ruling that they carry, with what it predicts."""

    name: Literal["issue-decision"] = "issue-decision"

    def sees(self, world: World) -> Sight:
        return all_of_it(self.case, world)


class FileAppeal(CommandOnCase):
    """Appeal against the decision, once."""

    name: Literal["file-appeal"] = "file-appeal"
    by: Id
    ground: Text


class ExecuteDecision(CommandOnCase):
    """Let a final decision take effect. `confirms` is the digest of the difference to the prediction, if there is one."""

    name: Literal["execute-decision"] = "execute-decision"
    confirms: Digest | None = None

    @property
    def because_of(self) -> str:
        """Whatever follows from an execution has the case as its cause, and nothing else."""
        return self.stream

    def sees(self, world: World) -> Sight:
        return all_of_it(self.case, world)


class PublishPrecedent(CommandOnCase):
    """Publish what others may learn from a final case. It changes no rule: that takes a new policy version."""

    name: Literal["publish-precedent"] = "publish-precedent"
    precedent: Id
    title: Text
    holding: Text


class BringCaseClock(CommandOnCase):
    """Bring in what the clock has made happen to a case; the sweeper's command, which decides nothing."""

    name: Literal["bring-case-clock"] = "bring-case-clock"


CaseCommand = (
    FileDispute
    | AcceptCase
    | DismissCase
    | SubmitEvidence
    | SeatPanel
    | RecuseMember
    | CastVote
    | IssueDecision
    | FileAppeal
    | ExecuteDecision
    | PublishPrecedent
    | BringCaseClock
)


def all_of_it(case: str, world: World) -> Sight:
    """The case, and once it is in sight, every history in which its matter lies or that a ruling in it would change."""
    known = world.seen_case(case)
    if known is None or known.case.filing is None:
        return Sight(streams=(case_stream(case),))
    rulings = [vote.ruling for vote in known.case.hearing.votes] if known.case.hearing else []
    if known.case.decision:
        rulings.append(known.case.decision.ruling)
    changed = (stream for ruling in rulings for stream in ruling.streams)
    return Sight(streams=(case_stream(case), *dict.fromkeys((*streams_of(known.case.filing.matter), *changed))))
