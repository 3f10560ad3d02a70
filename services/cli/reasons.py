"""Why a commission line is what it is, in one sentence."""

from typing import Any

from domain.money import major
from projections.booking import BookedLine
from services.cli.percent import per_cent


def reason(line: BookedLine) -> str:
    """How the amount was reckoned: share of pool, leftover unit, whose role, sharing, and what had been booked before."""
    steps = line.derivation
    if "share" not in steps:
        return f"no longer due; {amount(-line.amount, line)} had been booked"
    said = [reckoned(steps, line)]
    if steps["held_by"] != line.role:
        said.append(f"nobody holds {line.role}, so it falls to {steps['held_by']}: {steps['ground']}")
    else:
        said.append(str(steps["ground"]))
    if sharing := steps.get("sharing"):
        said.append(
            f"{per_cent(sharing['bps'])} of {line.of}'s {amount(sharing['whole'], line)}: {steps['sharing_ground']}"
        )
    if steps["before"]:
        said.append(f"{amount(steps['before'], line)} had been booked, {amount(steps['now'], line)} is due")
    return "; ".join(said)


def reckoned(steps: dict[str, Any], line: BookedLine) -> str:
    share, part = steps["share"], steps["part"]
    said = f"{per_cent(share['bps'])} of the pool of {amount(share['whole'], line)}"
    if share["leftover"]:
        said += f", with {share['leftover']} leftover unit"
    if part["amount"] != part["whole"]:
        said += f", of which {per_cent(part['bps'])}"
    return said


def amount(minor: int, line: BookedLine) -> str:
    return major(minor, line.currency)
