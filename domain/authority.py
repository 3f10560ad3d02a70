"""Whose word counts for what: the duties of LANGUAGE.md, as the organisation was at the time of the act."""

from datetime import datetime

from domain.fact import SYSTEM
from domain.organisation.facts import Duty
from domain.refusals import Code, Refusal
from domain.world import World


def has_duty(world: World, actor: str, at: datetime, *duties: Duty) -> bool:
    post = world.organisation.post(actor, at)
    return post is not None and post.duty in duties


def reserved(world: World, actor: str, at: datetime, *duties: Duty, clause: str) -> Refusal | None:
    """Refuse with `not-allowed` whoever had none of the duties then. The system acts for nobody but may record for all."""
    if actor == SYSTEM or has_duty(world, actor, at, *duties):
        return None
    return Refusal(code=Code.NOT_ALLOWED, clause=clause, rival=actor, detail=f"Reserved to: {', '.join(duties)}.")


def is_superior(world: World, actor: str, rep: str, at: datetime) -> bool:
    """Whether the actor leads or manages the unit in which the rep works, or one above it."""
    post = world.organisation.post(actor, at)
    if post is None or post.unit is None or post.duty not in ("lead", "manager"):
        return False
    return world.organisation.is_within(rep, post.unit, at)


def not_working(world: World, rep: str, at: datetime, clause: str) -> Refusal | None:
    """Refuse with `rep-left` or `unknown-rep` whoever did not belong to the organisation at that time."""
    if world.organisation.post(rep, at):
        return None
    left = world.organisation.left_by(rep, at)
    if left:
        return Refusal(code=Code.REP_LEFT, clause=clause, rival=rep, rival_at=left)
    return Refusal(code=Code.UNKNOWN_REP, clause=clause, rival=rep)
