"""How a process that keeps much in memory has Python look for what only points at itself."""

import gc
from typing import Final

COLLECT_AFTER: Final = (50_000, 20, 20)


def spare_the_collector() -> None:
    """Leave what was made at the start out of every collection, and collect less often: much is kept, and little goes round.

    For the entry of a process that serves, imports or measures; never for a library.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)
