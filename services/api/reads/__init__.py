"""What can be read, a module a resource. A new one is a router in `ROUTERS`."""

from typing import Final

from fastapi import APIRouter

from services.api.reads import (
    availability,
    cases,
    customers,
    deals,
    hearings,
    leads,
    money,
    organisation,
    payroll,
    pool,
    reps,
    statements,
    subjects,
)

ROUTERS: Final[tuple[APIRouter, ...]] = (
    leads.router,
    pool.router,
    customers.router,
    deals.router,
    money.router,
    payroll.router,
    statements.router,
    cases.router,
    hearings.router,
    reps.router,
    organisation.router,
    subjects.router,
    availability.router,
)
"""Every router of reads."""
