"""What is wrong with a policy before anybody is paid by it: terms that contradict each other, or what is published.

`lint` is pure and knows nothing of files; a finding names the term by its path, from which a file's line is found.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Literal

from domain.credit import PROVEN_BY_THE_LEDGER, SIGNED_CONTRACT, VERIFIED_VISIT
from domain.money import WHOLE
from domain.policy.disputes import contradictions
from domain.policy.succession import cross, end, holes, meet
from domain.policy.terms import PolicyVersion, RetentionBand

Path = tuple[str | int, ...]
Level = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Finding:
    """`path` leads to the term, as in `("commission", "roles", 2, "share")`. An error forbids publishing, a warning does not."""

    code: str
    path: Path
    message: str
    level: Level = "error"


def lint(version: PolicyVersion, published: Iterable[PolicyVersion] = ()) -> list[Finding]:
    """Everything found wrong with the version, by itself and beside those published; empty when there is nothing."""
    known = list(published)
    others = [other for other in known if other.policy != version.policy]
    return [
        *immutable(version, known),
        *in_time(version),
        *in_stages(version),
        *in_roles(version),
        *in_fallbacks(version),
        *in_first_visit(version),
        *in_retention(version),
        *in_quotas(version),
        *in_grades(version),
        *in_money(version),
        *in_disputes(version),
        *in_succession(version, others),
        *beside(version, others),
    ]


def immutable(version: PolicyVersion, published: Sequence[PolicyVersion]) -> Iterator[Finding]:
    for known in published:
        if known.policy == version.policy and known.content_hash != version.content_hash:
            message = f"another {known.policy} is there already; a published version never changes, so take a new id"
            yield Finding("id-taken", ("policy",), message)


def in_time(version: PolicyVersion) -> Iterator[Finding]:
    if version.effective_until is not None and version.effective_until <= version.effective_from:
        yield Finding("ends-before-it-begins", ("effective_until",), "must be later than effective_from")


def in_stages(version: PolicyVersion) -> Iterator[Finding]:
    names = [stage.stage for stage in version.stages]
    for i in repeated(names):
        yield Finding("stage-repeated", ("stages", i, "stage"), f"{names[i]} is a stage already; each comes once")
    if version.signed_stage not in names:
        message = f"{version.signed_stage} is no stage of this policy; the stages are {', '.join(names)}"
        yield Finding("signed-stage-unknown", ("signed_stage",), message)


def in_roles(version: PolicyVersion) -> Iterator[Finding]:
    roles = version.commission.roles
    names = [role.role for role in roles]
    for i in repeated(names):
        path: Path = ("commission", "roles", i, "role")
        yield Finding("role-repeated", path, f"{names[i]} is a role already; each comes once")
    total = sum(role.share for role in roles)
    if total != WHOLE:
        message = f"the shares sum to {total} basis points, not {WHOLE}: {abs(WHOLE - total)} too {few_or_many(total)}"
        yield Finding("shares-not-whole", ("commission", "roles"), message)
    earnable = {
        *PROVEN_BY_THE_LEDGER,
        *version.artefacts,
        *(stage.artefact for stage in version.stages if stage.artefact),
    }
    late = only_after_signing(version)
    for i, role in enumerate(roles):
        path = ("commission", "roles", i)
        if role.earned_by not in earnable:
            message = (
                f"nobody can earn {role.role}: no stage, no act and none of `artefacts` gives a {role.earned_by}; "
                f"there are {', '.join(sorted(earnable))}"
            )
            yield Finding("role-unearnable", (*path, "earned_by"), message)
        if role.held == "pinned" and role.earned_by in late:
            message = f"{role.role} is pinned at the signing, but its {role.earned_by} comes only after; use at-receipt"
            yield Finding("pinned-too-late", (*path, "held"), message)


def in_fallbacks(version: PolicyVersion) -> Iterator[Finding]:
    roles = version.commission.roles
    falls = {role.role: role.fallback for role in roles}
    for i, role in enumerate(roles):
        path: Path = ("commission", "roles", i, "fallback")
        if role.fallback is None:
            if role.earned_by != SIGNED_CONTRACT:
                message = f"when nobody holds {role.role}, its share is nobody's: name the role that it falls to"
                yield Finding("role-may-stay-empty", path[:-1], message, "warning")
        elif role.fallback not in falls:
            yield Finding("fallback-unknown", path, f"{role.fallback} is no role; there are {', '.join(falls)}")
        elif circle := circle_from(role.role, falls):
            yield Finding("fallback-circle", path, f"falls back in a circle: {' to '.join(circle)}")


def in_first_visit(version: PolicyVersion) -> Iterator[Finding]:
    if version.commission.first_visit is None:
        return
    name = version.commission.first_visit.role
    role = version.commission.role(name)
    path: Path = ("commission", "first_visit", "role")
    if role is None:
        known = ", ".join(each.role for each in version.commission.roles)
        yield Finding("first-visit-unknown", path, f"{name} is no role of the plan; there are {known}")
        return
    if role.held != "pinned":
        message = f"{name} must be pinned: the first visit counts up to the signing"
        yield Finding("first-visit-not-pinned", path, message)
    if role.earned_by != VERIFIED_VISIT:
        message = f"{name} must be earned by {VERIFIED_VISIT}, not by {role.earned_by}"
        yield Finding("first-visit-not-by-visit", path, message)


def in_retention(version: PolicyVersion) -> Iterator[Finding]:
    terms = version.pool.retention
    path: Path = ("pool", "retention")
    yield from in_bands(terms.bands, (*path, "bands"))
    shortest, longest = min(band.days for band in terms.bands), max(band.days for band in terms.bands)
    if terms.warned_days_before >= shortest:
        message = f"a warning {terms.warned_days_before} days ahead of a deadline that comes after {shortest}"
        yield Finding("warned-before-the-claim", (*path, "warned_days_before"), message)
    if (terms.cap_days is None) == (terms.cap_times is None):
        yield Finding("cap-not-one", path, "give either cap_days or cap_times, and not both")
        return
    cap = "cap_times" if terms.cap_days is None else "cap_days"
    for band in terms.bands:
        limit = band.days * (terms.cap_times or 1) if terms.cap_days is None else terms.cap_days
        if limit < band.days:
            message = f"the cap of {limit} days is shorter than a band's {longest}"
            yield Finding("cap-below-retention", (*path, cap), message)
            return
        if terms.renewal != "in-full" and terms.renewal > limit:
            message = f"a renewal of {terms.renewal} days goes beyond the cap of {limit} days"
            yield Finding("renewal-beyond-cap", (*path, "renewal"), message)
            return


def in_bands(bands: Sequence[RetentionBand], path: Path) -> Iterator[Finding]:
    if bands[-1].below is not None:
        message = f"amounts from {bands[-1].below} on are in no band; leave `below` out of the last one"
        yield Finding("no-open-band", (*path, len(bands) - 1), message)
    for i, (band, following) in enumerate(pairwise(bands), start=1):
        if band.below is None:
            message = "never reached: the band before is open, having no `below`"
            yield Finding("band-after-open", (*path, i), message)
        elif following.below is not None and following.below <= band.below:
            message = f"{following.below} is not above the {band.below} of the band before; bands ascend"
            yield Finding("bands-not-ascending", (*path, i, "below"), message)


def in_quotas(version: PolicyVersion) -> Iterator[Finding]:
    quota = version.pool.quota
    for path, close in ((("close",), quota.close), (("newcomer", "close"), quota.newcomer.close)):
        if close > quota.held:
            message = f"{close} close customers are more than the {quota.held} that a rep may hold"
            yield Finding("close-beyond-held", ("pool", "quota", *path), message)


def in_grades(version: PolicyVersion) -> Iterator[Finding]:
    terms = version.grades
    scores = range(1, terms.highest + 1)
    products = {intent * potential for intent in scores for potential in scores}
    if terms.b >= terms.a:
        yield Finding("grade-unreachable", ("grades", "b"), f"nobody is B: {terms.b} is not below the {terms.a} of A")
    elif not any(terms.b <= product < terms.a for product in products):
        message = f"nobody is B: no two scores up to {terms.highest} multiply to {terms.b} up to {terms.a - 1}"
        yield Finding("grade-unreachable", ("grades", "b"), message)
    if terms.a > max(products):
        message = f"nobody is A: two scores up to {terms.highest} multiply to {max(products)} at most"
        yield Finding("grade-unreachable", ("grades", "a"), message)
    if terms.b <= min(products):
        yield Finding("grade-unreachable", ("grades", "b"), "nobody is C: every product of two scores reaches B")


def in_money(version: PolicyVersion) -> Iterator[Finding]:
    plan, milestones, sharing = version.commission, version.contract.milestones, version.sharing
    if plan.rate == 0 or plan.fee == WHOLE:
        path: Path = ("commission", "rate" if plan.rate == 0 else "fee")
        yield Finding("pool-empty", path, "leaves nothing to divide", "warning")
    names = [each.milestone for each in milestones]
    for i in repeated(names):
        path = ("contract", "milestones", i, "milestone")
        yield Finding("milestone-repeated", path, f"{names[i]} is a milestone already; each comes once")
    total = sum(each.share for each in milestones)
    if milestones and total != WHOLE:
        message = f"the shares sum to {total} basis points, not {WHOLE}: {abs(WHOLE - total)} too {few_or_many(total)}"
        yield Finding("milestones-not-whole", ("contract", "milestones"), message)
    if sharing.donation.close <= sharing.donation.ordinary:
        message = f"a close customer must earn its donor more than an ordinary one's {sharing.donation.ordinary}"
        yield Finding("donation-close-not-more", ("sharing", "donation", "close"), message)
    if sharing.mentor.share + sharing.donation.close > WHOLE:
        message = "the mentor's share and a close donor's are more than the whole"
        yield Finding("sharing-beyond-whole", ("sharing", "mentor", "share"), message)


def beside(version: PolicyVersion, others: Sequence[PolicyVersion]) -> Iterator[Finding]:
    """What the version does to those published: overlaps, holes, and scopes of which neither is the narrower."""
    everything = [*others, version]
    for other in others:
        if not meet(version, other, everything):
            continue
        if other.scope == version.scope:
            message = (
                f"{other.policy} has the same scope and is in force {told(other.effective_from, end(other, everything))}; "
                f"begin when it ends, or say `supersedes: {other.policy}` and begin later than it does"
            )
            yield Finding("overlap", ("effective_from",), message)
        elif cross(version.scope, other.scope):
            message = (
                f"an act can lie in this scope and in that of {other.policy}; the one that begins later goes first"
            )
            yield Finding("scopes-cross", ("scope",), message, "warning")
    for since, until in holes(version, others):
        message = f"no policy of this scope or a wider one is in force {told(since, until)}"
        yield Finding("hole", ("effective_from",), message, "warning")


def in_disputes(version: PolicyVersion) -> Iterator[Finding]:
    if version.disputes:
        yield from (Finding(*found) for found in contradictions(version.disputes))


def in_succession(version: PolicyVersion, others: Sequence[PolicyVersion]) -> Iterator[Finding]:
    if version.supersedes is None:
        return
    old = next((other for other in others if other.policy == version.supersedes), None)
    path: Path = ("supersedes",)
    if old is None:
        yield Finding("supersedes-unknown", path, f"no version {version.supersedes} is published", "warning")
    elif old.scope != version.scope:
        message = f"{old.policy} has another scope; a version ends only one of its own scope"
        yield Finding("supersedes-other-scope", path, message)
    elif version.effective_from <= old.effective_from:
        message = f"{old.policy} begins {old.effective_from.isoformat()}, which is not before this version"
        yield Finding("supersedes-later", path, message)


def told(since: datetime, until: datetime | None) -> str:
    return f"from {since.isoformat()}" + (f" until before {until.isoformat()}" if until else " on")


def repeated(names: Sequence[str]) -> list[int]:
    """Where a name stands that stood before."""
    return [i for i, name in enumerate(names) if name in names[:i]]


def few_or_many(total: int) -> str:
    return "few" if total < WHOLE else "many"


def only_after_signing(version: PolicyVersion) -> set[str]:
    """The artefacts that only a stage after the signing gives."""
    signed = version.stage_index(version.signed_stage)
    if signed is None:
        return set()
    early = {*PROVEN_BY_THE_LEDGER, *version.artefacts, *(stage.artefact for stage in version.stages[: signed + 1])}
    return {stage.artefact for stage in version.stages[signed + 1 :] if stage.artefact} - early


def circle_from(role: str, falls: Mapping[str, str | None]) -> list[str]:
    """The fallbacks from a role back to itself, or nothing when they end or turn elsewhere."""
    way = [role]
    step = falls[role]
    while step is not None and step in falls and step not in way:
        way.append(step)
        step = falls[step]
    return [*way, role] if step == role else []
