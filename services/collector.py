"""How a process that keeps much in memory has Python look for what only points at itself."""

import gc
from typing import Final

COLLECT_AFTER: Final = (5_000, 50, 100)
"""New objects until the young are looked through, a pause of some 2 ms for all who wait; of 50,000 it is 25 ms. The older ones come seldom."""


def spare_the_collector() -> None:
    """Leave what was made at the start out of every collection, and keep the others short: much is kept, and little goes round.

    For the entry of a process that serves, imports, closes or exports a month, or measures; never for a library.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)
