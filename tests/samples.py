"""A small organisation with one policy, and the commands that most tests begin with."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from domain.commands import AnyCommand
from domain.customer.decisions import RegisterCustomer
from domain.organisation.decisions import CreateUnit, JoinRep
from domain.personal import Personal
from domain.policy.decisions import PublishPolicy
from domain.policy.terms import PolicyVersion
from domain.pool.decisions import ClaimCustomer

BEGIN = datetime(2024, 1, 1, 9, tzinfo=UTC)


def policy(*, held: int = 100_000, claims_a_day: int = 100_000, days: int = 10_000) -> PolicyVersion:
    """A policy by which one rep may hold many customers, by default for so long that no test sees the end of it."""
    return PolicyVersion.model_validate(
        {
            "policy": "TEST-1",
            "title": "For tests",
            "effective_from": "2000-01-01T00:00:00Z",
            "time_zone": "Asia/Shanghai",
            "currency": "CNY",
            "clock_tolerance_minutes": 5,
            "phone_region": "CN",
            "pool": {
                "retention": {"bands": [{"days": days}], "cap_times": 6, "warned_days_before": 2},
                "cool_down_days": 7,
                "quota": {
                    "held": held,
                    "claims_a_day": claims_a_day,
                    "close": 30,
                    "newcomer": {"days": 90, "close": 10},
                },
            },
            "grades": {"highest": 5, "a": 16, "b": 9},
            "visits": {"distance_m": 500, "late_after_minutes": 1440},
            "stages": [{"stage": "lead"}, {"stage": "solution", "artefact": "solution"}, {"stage": "signed"}],
            "signed_stage": "signed",
            "commission": {
                "rate": 300,
                "roles": [
                    {
                        "role": "ENTRY",
                        "share": 4000,
                        "earned_by": "complete-record",
                        "held": "pinned",
                        "fallback": "CLOSER",
                    },
                    {"role": "CLOSER", "share": 6000, "earned_by": "signed-contract", "held": "pinned"},
                ],
                "first_visit": None,
            },
            "contract": {"milestones": [{"milestone": "all", "share": 10_000}], "overdue_after_days": 7},
            "sharing": {
                "mentor": {"share": 1000, "days": 365},
                "donation": {"ordinary": 500, "close": 1000, "days": 365},
            },
        }
    )


def opening(*reps: str, terms: PolicyVersion | None = None) -> Iterator[tuple[str, AnyCommand]]:
    """What makes an organisation with these reps: a policy, a unit, a manager `Boss`, the reps."""
    yield "publish", PublishPolicy(at=BEGIN, version=terms or policy())
    yield "unit", CreateUnit(at=BEGIN, unit="north", title="North")
    yield "join/Boss", JoinRep(at=BEGIN, rep="Boss", unit="north", duty="manager")
    for rep in reps:
        yield f"join/{rep}", JoinRep(at=BEGIN, rep=rep, rep_name=Personal(f"{rep} the rep"), unit="north", duty="rep")


def register(
    customer: str, rep: str = "Li", *, phone: str | None = None, at: datetime | None = None
) -> RegisterCustomer:
    return RegisterCustomer(
        at=at or BEGIN + timedelta(hours=1),
        customer=customer,
        by=rep,
        customer_name=Personal(f"The shop of {customer}"),
        phone=Personal(phone) if phone else None,
    )


def claim(customer: str, rep: str = "Li", *, at: datetime | None = None) -> ClaimCustomer:
    return ClaimCustomer(at=at or BEGIN + timedelta(hours=2), customer=customer, rep=rep, actor=rep)
