"""The versions of the rules' behaviour. What was once decided is decided again by the version that decided it.

A version that changes a rule keeps the rule's old form beside the new one, and says so here: `ENGINES` of version "2" has
`"1": Engine("1", former={ClaimCustomer: claim_as_in_1})`. What a version did not change is not repeated.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from domain.facts import Answer, AnyFact
    from domain.world import World

ENGINE: Final = "1"
"""The version by which is decided now; receipts and rulings keep it."""


class UnknownEngine(LookupError):
    """Something was decided by a version of the rules that this program does not have."""


@dataclass(frozen=True, slots=True)
class Engine:
    """One version. `former` are the rules, by the kind of command, that later versions have changed, as they stood in it.

    `due` is what the clock had to tell in it, where that has changed since.
    """

    version: str
    former: "Mapping[type, Callable[[Any, World], Answer]]" = field(default_factory=dict)
    due: "Callable[[World, Iterable[str]], Sequence[AnyFact]] | None" = None


ENGINES: Final[Mapping[str, Engine]] = {ENGINE: Engine(ENGINE)}
"""Every version there ever was, the one in use among them."""


def engine(version: str, known: Mapping[str, Engine] = ENGINES) -> Engine:
    """The version of that name. Raises `UnknownEngine` for one that this program does not have."""
    found = known.get(version)
    if found is None:
        raise UnknownEngine(f"It was decided by version {version} of the rules; here are {', '.join(known)}.")
    return found
