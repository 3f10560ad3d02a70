"""Whether something is divided wholly: among people who are known, each once, and all of it."""

from collections.abc import Sequence

from domain.fact import Part
from domain.money import WHOLE
from domain.refusals import Code, Refusal
from domain.world import World


def parts_not_whole(parts: Sequence[Part], world: World, clause: str) -> Refusal | None:
    """Refuse parts that do not sum to the whole, repeat a payee, or name someone who never was in the organisation."""
    for part in parts:
        if part.rep not in world.organisation.reps:
            return Refusal(code=Code.UNKNOWN_REP, clause=clause, rival=part.rep)
    payees = {part.rep for part in parts}
    whole = sum(part.bps for part in parts) == WHOLE and all(part.bps > 0 for part in parts)
    if not whole or len(payees) != len(parts):
        told = ", ".join(f"{part.rep} {part.bps}" for part in parts)
        return Refusal(code=Code.PARTS_NOT_WHOLE, clause=clause, detail=f"Given: {told or 'none'}.")
    return None
