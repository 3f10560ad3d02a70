"""What a closing asks of the database, step by step. Names in braces are the read model's tables.

`gathered` are the lines of the period, each with its section, what it corrects, and the case that holds it; `freed` are lines
held by an earlier closing that nothing holds any more; `reclaimed` is what was paid and is due no longer.
"""

from typing import Final

from psycopg import sql

from projections.converting import LINES
from projections.statements import STATEMENT_ROW

ROOM: Final = (
    "SET LOCAL statement_timeout = 0",
    "SET LOCAL idle_in_transaction_session_timeout = 0",
    "SET LOCAL work_mem = '64MB'",
    "SET LOCAL jit = off",
)

PASSING_ROW: Final = "passing_row"
PASSING_SUMS: Final = "passing_sums"
PASSING: Final = ("gathered", "standing", "freed", "reclaimed", "converted", PASSING_ROW, PASSING_SUMS)

STAND: Final = (
    "CREATE TEMP TABLE {rows} (LIKE {statement_row}) ON COMMIT DROP",
    "CREATE TEMP TABLE {sums} (LIKE {statement}, PRIMARY KEY (period, currency, payee)) ON COMMIT DROP",
)
"""Where the statements stand: the rows without an index, for they are read whole, in the order in which they are written."""

COLUMNS: Final = """l.position, l.number, l.currency, coalesce(l.payee, '') COLLATE "C" AS payee, l.deal, l.customer, l.payment,
    l.role, l.of, l.amount, l.policy, l.occurred_at, l.recorded_at"""

COVERED: Final = """(h.payment IS NULL OR h.payment = g.payment) AND (h.role IS NULL OR h.role = g.role)
    AND (h.payee IS NULL OR h.payee = g.payee)"""

NOBODYS: Final = "CASE WHEN l.payee IS NULL THEN 'nobody' END"
"""What holds a line back by itself, unless a case does."""

RECEIVED: Final = (
    "CREATE TEMP TABLE gathered ON COMMIT DROP AS SELECT {columns}, l.cause, 'accrual' AS section,"
    ' NULL::text AS corrects_line, NULL::text AS corrects_period, NULL::text AS "case", {nobodys} AS clause'
    " FROM {commission_line} l WHERE l.position > %(since)s AND l.position <= %(until)s AND l.cause = 'payment'"
)
"""What receipts booked. It is the first of its payment, so it corrects nothing."""

CHANGED: Final = (
    "INSERT INTO gathered SELECT {columns}, l.cause, CASE WHEN p.first IS NULL THEN 'accrual' ELSE 'adjustment' END,"
    " e.position || '.' || e.number, c.period, NULL, {nobodys} FROM {commission_line} l"
    " LEFT JOIN LATERAL (SELECT min(b.position) AS first FROM {commission_line} b WHERE b.deal = l.deal"
    "   AND b.payment = l.payment AND b.position <= %(since)s) p ON true"
    " LEFT JOIN LATERAL (SELECT b.position, b.number FROM {commission_line} b WHERE b.deal = l.deal"
    "   AND b.payment = l.payment AND b.role = l.role AND b.position <= %(since)s"
    "   ORDER BY b.payee IS NOT DISTINCT FROM l.payee AND b.of IS NOT DISTINCT FROM l.of DESC, b.amount > 0 DESC,"
    "   b.position DESC, b.number DESC LIMIT 1) e ON true"
    " LEFT JOIN {payroll_closing} c ON c.since < coalesce(e.position, p.first) AND c.until >= coalesce(e.position, p.first)"
    " WHERE l.position > %(since)s AND l.position <= %(until)s AND l.cause <> 'payment'"
)
"""What anything else booked: an adjustment, if the payment stands in an earlier statement; it names the line that it corrects."""

LATE: Final = (
    "UPDATE gathered g SET section = 'adjustment', cause = 'late', corrects_period = p.period"
    " FROM {payroll_period} p JOIN {payroll_closing} c USING (period)"
    " WHERE g.cause = 'payment' AND g.occurred_at >= p.begins AND g.occurred_at < p.ends AND p.period < %(period)s"
    " AND c.until <= %(since)s"
)
"""A receipt of a month that was closed without it."""

STANDING: Final = (
    'CREATE TEMP TABLE standing ON COMMIT DROP AS SELECT h.position, h.deal, h."case", h.payment, h.role, h.payee,'
    " regexp_replace(h.clause, '[\\\\[:cntrl:]]', ' ', 'g') AS clause FROM {payout_hold} h"
    " LEFT JOIN {payout_hold_lifted} x ON x.hold = h.position AND x.position <= %(until)s"
    " WHERE h.position <= %(until)s AND x.hold IS NULL"
)

HELD: Final = (
    'UPDATE gathered g SET "case" = m."case", clause = m.clause FROM (SELECT DISTINCT ON (g.position, g.number)'
    ' g.position, g.number, h."case", h.clause FROM gathered g JOIN standing h ON h.deal = g.deal'
    " WHERE {covered} ORDER BY g.position, g.number, h.position) m"
    " WHERE g.position = m.position AND g.number = m.number"
)

FREED: Final = (
    'CREATE TEMP TABLE freed ON COMMIT DROP AS SELECT {columns}, d."case", d.clause, d.period AS held_in'
    " FROM {held_line} d JOIN {commission_line} l USING (position, number)"
    " WHERE d.released IS NULL AND d.period < %(period)s AND l.payee IS NOT NULL AND NOT EXISTS (SELECT 1"
    "   FROM standing h, (SELECT l.payment, l.role, l.payee) g WHERE h.deal = l.deal AND {covered})"
)

RECLAIMED: Final = """CREATE TEMP TABLE reclaimed (currency text COLLATE "C", payee text COLLATE "C", deal text, customer text,
    payment text, role text, of text, cause text, amount numeric, corrects_line text, corrects_period text) ON COMMIT DROP"""

RECLAIMED_COLUMNS: Final = (
    "currency", "payee", "deal", "customer", "payment", "role", "of", "cause", "amount", "corrects_line", "corrects_period",
)  # fmt: skip

GATHER: Final = (
    *STAND,
    RECEIVED,
    CHANGED,
    LATE,
    STANDING,
    HELD,
    FREED,
    RECLAIMED,
    "ANALYZE gathered (currency, payee, section, clause), standing, freed",
)

SAME_LINE: Final = """b.deal = k.deal AND b.payment = k.payment AND b.role = k.role AND b.of IS NOT DISTINCT FROM k.of
    AND b.payee = k.payee AND b.position <= %(since)s"""

DUE_LESS: Final = (
    "SELECT k.currency, k.payee, k.deal, k.customer, k.payment, k.role, k.of, -k.amount, paid.amount,"
    " last.position || '.' || last.number, last.period FROM ("
    "   SELECT currency, payee, deal, customer, payment, role, of, sum(amount) AS amount FROM ("
    "     SELECT currency, payee, deal, customer, payment, role, of, amount FROM gathered"
    "       WHERE section = 'adjustment' AND clause IS NULL"
    "     UNION ALL SELECT currency, payee, deal, customer, payment, role, of, amount FROM freed) s"
    "   GROUP BY 1, 2, 3, 4, 5, 6, 7 HAVING sum(amount) < 0) k"
    " CROSS JOIN LATERAL (SELECT sum(b.amount) AS amount FROM {commission_line} b"
    "   LEFT JOIN {held_line} d ON d.position = b.position AND d.number = b.number AND d.released IS NULL"
    "   WHERE {same_line} AND d.position IS NULL) paid"
    " CROSS JOIN LATERAL (SELECT b.position, b.number, coalesce(d.released, c.period) AS period FROM {commission_line} b"
    "   JOIN {payroll_closing} c ON c.since < b.position AND c.until >= b.position"
    "   LEFT JOIN {held_line} d ON d.position = b.position AND d.number = b.number"
    "   WHERE {same_line} AND b.amount > 0 AND (d.position IS NULL OR d.released IS NOT NULL)"
    "   ORDER BY b.position DESC, b.number DESC LIMIT 1) last"
    " WHERE paid.amount > 0 ORDER BY 1, 2, 3, 5, 6, 7"
)
"""Payees' lines that come to less than an earlier statement paid, how much of them was paid, and by which line and period."""

MOVEMENTS: Final = (
    "SELECT s.currency, s.payee, coalesce(left_by.gone, false), coalesce(sum(opening), 0),"
    " coalesce(sum(accrual), 0), coalesce(sum(adjustment), 0), coalesce(sum(hold), 0), coalesce(sum(release), 0),"
    " coalesce(sum(raised), 0), coalesce(sum(borne), 0) FROM ("
    "   SELECT currency, payee, 0 AS opening, sum(amount) FILTER (WHERE section = 'accrual') AS accrual,"
    "     sum(amount) FILTER (WHERE section = 'adjustment') AS adjustment,"
    "     -sum(amount) FILTER (WHERE clause IS NOT NULL) AS hold, 0 AS release, 0 AS raised, 0 AS borne"
    "     FROM gathered GROUP BY 1, 2"
    "   UNION ALL SELECT currency, payee, 0, 0, 0, 0, sum(amount), 0, 0 FROM freed GROUP BY 1, 2"
    "   UNION ALL SELECT currency, payee, 0, 0, 0, 0, 0, sum(amount) FILTER (WHERE cause = 'raised'),"
    "     sum(amount) FILTER (WHERE cause = 'borne') FROM reclaimed GROUP BY 1, 2"
    "   UNION ALL SELECT currency, payee, closing, 0, 0, 0, 0, 0, 0 FROM {statement}"
    "     WHERE period = %(previous)s AND closing <> 0) s"
    " LEFT JOIN (SELECT DISTINCT ON (rep) rep, gone FROM {payee_coming} WHERE position <= %(until)s"
    "   ORDER BY rep, position DESC) left_by ON left_by.rep = s.payee"
    " GROUP BY 1, 2, 3 ORDER BY 1, 2"
)

BARE: Final = "NULL, NULL, NULL, NULL, NULL"
"""A sum's deal, customer, payment, role and whose it was."""

TIMES: Final = ("occurred_at", "recorded_at")

FIELDS: Final = ", ".join(
    f"(extract(epoch FROM {name}) * 1000000)::bigint" if name in TIMES else f'"{name}"'
    for name in STATEMENT_ROW.columns
)
"""A row as it is digested: times in microseconds since 1970."""

IN_ORDER: Final = "place, position, line_number, deal, payment, role, of, cause"

STATEMENT_OF: Final = '(currency || payee) COLLATE "C"'
"""One key for currency and payee, in the order of the two: all currencies have three letters. Sorting by one is faster."""

ROWS: Final = (
    "INSERT INTO {rows} (period, number, payee, currency, section, amount, deal, customer, payment, role, of, cause, line,"
    ' position, occurred_at, recorded_at, corrects_line, corrects_period, "case", policy)'
    " SELECT %(period)s, row_number() OVER (PARTITION BY {statement_of}"
    "   ORDER BY {in_order}), payee, currency, section, amount, deal,"
    "   customer, payment, role, of, cause, position || '.' || line_number, position, occurred_at, recorded_at, corrects_line,"
    '   corrects_period, "case", policy FROM ('
    "   SELECT CASE section WHEN 'accrual' THEN 2 ELSE 3 END AS place, section, payee, currency, amount, deal, customer,"
    "     payment, role, of, cause, position, number AS line_number, occurred_at, recorded_at, corrects_line,"
    '     corrects_period, NULL::text AS "case", policy FROM gathered'
    "   UNION ALL SELECT 5, 'hold', payee, currency, -amount, deal, customer, payment, role, of, clause, position, number,"
    '     occurred_at, recorded_at, NULL, NULL, "case", policy FROM gathered WHERE clause IS NOT NULL'
    "   UNION ALL SELECT 6, 'release', payee, currency, amount, deal, customer, payment, role, of, clause, position, number,"
    '     occurred_at, recorded_at, NULL, held_in, "case", policy FROM freed'
    "   UNION ALL {converted}"
    "   UNION ALL SELECT CASE cause WHEN 'borne' THEN 4 ELSE 10 END, CASE cause WHEN 'borne' THEN 'clawback' ELSE 'owed' END,"
    "     payee, currency, amount, deal, customer, payment, role, of, cause, NULL, NULL, NULL, NULL, corrects_line,"
    "     corrects_period, NULL, %(policy)s FROM reclaimed"
    "   UNION ALL SELECT 10, 'owed', payee, currency, -\"offset\", {bare}, 'offset', NULL, NULL, NULL, NULL, NULL, NULL, NULL,"
    '     %(policy)s FROM {sums} WHERE period = %(period)s AND "offset" <> 0'
    "   UNION ALL SELECT t.place, t.section, s.payee, s.currency, t.amount, {bare},"
    "     CASE WHEN s.gone AND t.place > 8 THEN 'receivable' END, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL FROM {sums} s"
    "     CROSS JOIN LATERAL (VALUES (1, 'opening', opening), (8, 'payable', payable), (9, 'closing', closing))"
    "       t (place, section, amount)"
    "     WHERE s.period = %(period)s AND (t.amount <> 0 OR t.place = 8)) r"
    " ORDER BY {statement_of}, {in_order} RETURNING {fields}"
)
"""The rows of all statements, written and given in their one order."""

HELD_NOW: Final = (
    'INSERT INTO {held_line} (position, number, period, "case", clause, released)'
    ' SELECT position, number, %(period)s, "case", clause, NULL FROM gathered WHERE clause IS NOT NULL'
)

LET_IN: Final = (
    "UPDATE {held_line} d SET released = %(period)s FROM freed f WHERE d.position = f.position AND d.number = f.number"
)

KEEP: Final = (
    "INSERT INTO {statement} SELECT * FROM {sums}",
    "INSERT INTO {statement_row} SELECT * FROM {rows}",
    HELD_NOW,
    LET_IN,
)

PARTS: Final = {
    "nobodys": sql.SQL(NOBODYS),
    "in_order": sql.SQL(IN_ORDER),
    "statement_of": sql.SQL(STATEMENT_OF),
    "fields": sql.SQL(FIELDS),
    "columns": sql.SQL(COLUMNS),
    "covered": sql.SQL(COVERED),
    "same_line": sql.SQL(SAME_LINE),
    "bare": sql.SQL(BARE),
    "converted": sql.SQL(LINES),
}
"""What several of the statements have in common, by the name that stands for it in braces."""
