"""How long the tests of crashes go on: a few rounds with every run, many with `make soak`, which prints its seed."""

import os
from random import Random

ROUNDS = int(os.environ.get("LEDGER_SOAK_ROUNDS", "2"))
"""How often a process is killed."""

SEED = int(os.environ.get("LEDGER_SOAK_SEED", "6"))


def chance(name: str) -> Random:
    """The instants of one test, the same for the same seed."""
    return Random(f"{SEED}/{name}")
