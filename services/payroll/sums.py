"""Does every payment come to its pool: what was booked of it sums to what its plan divides, after refunds and rulings too."""

from collections.abc import Iterator
from typing import Any, Final

from psycopg import Connection

from domain.commission import pool_of
from domain.money import major
from domain.policy.terms import PolicyVersion

PAGE: Final = 2_000

BOOKED: Final = (
    "SELECT l.deal, l.payment, l.policy, l.currency, l.booked, r.amount - coalesce(b.amount, 0)"
    " FROM (SELECT deal, payment, policy, currency, sum(amount) AS booked FROM commission_line GROUP BY 1, 2, 3, 4) l"
    " LEFT JOIN payment_receipt r USING (deal, payment)"
    " LEFT JOIN (SELECT deal, payment, sum(amount) AS amount FROM payment_refund GROUP BY 1, 2) b USING (deal, payment)"
    " ORDER BY 1, 2"
)


def unequal(connection: Connection[Any], plans: dict[str, PolicyVersion]) -> Iterator[str]:
    """The payments whose lines do not sum to their pool, each in words. The read models must stand at one position."""
    with connection.transaction(), connection.cursor("sums") as cursor:
        cursor.itersize = PAGE
        for deal, payment, policy, currency, booked, net in cursor.execute(BOOKED):
            if net is None:
                yield f"lines are booked of payment {payment} of {deal}, and it was never received"
                continue
            pool = pool_of(int(net), plans[policy].commission).amount
            if int(booked) != pool:
                told = f"{major(int(booked), currency)}, and its pool is {major(pool, currency)} {currency}"
                yield f"the lines of payment {payment} of {deal} sum to {told}"
