"""What must hold of the money taken at post offices. Read by ``audit_invariants``; each query counts breaches."""

from messervices.kernel.invariants import Invariant

LATE = "no line that fits waits beyond its two working days"
"""The one invariant that time alone breaks: it reads the database's clock."""


def invariants() -> list[Invariant]:
    """Notices, files, lines, captures and the ledger tell one story; the postal fee is in none of our accounts."""
    return [*_of_notices(), *_of_files(), *_of_money()]


def _of_money() -> list[Invariant]:
    return [
        Invariant(
            "every capture of cash has its line of the same operation and amount",
            "select count(*) from payments_capture c left join cash_line l on l.event_id = c.event_id"
            " and l.operation = c.rail_tx_id and l.amount_cents = c.amount_cents"
            " where c.rail = 'eficash' and l.id is null",
        ),
        Invariant(
            "every line that fits and was settled has its capture of the same amount",
            "select count(*) from cash_line l join payments_outsideevent e on e.id = l.event_id"
            " left join payments_capture c on c.rail = 'eficash' and c.rail_tx_id = l.operation"
            " and c.amount_cents = l.amount_cents where e.status <> 'new' and c.id is null",
        ),
        Invariant(
            "money in suspense is that of the lines that wait",
            "select (coalesce((select sum(amount_cents) from cash_line where status in ('unknown', 'other_amount')), 0)"
            " <> coalesce((select sum(b.cents) from ledger_balance b join ledger_account a on a.id = b.account_id"
            " where a.path = 'cash:suspense'), 0))::int",
        ),
        Invariant(
            "what the post offices owe us is what they took, without their fee",
            "select (coalesce((select sum(l.amount_cents) from cash_line l left join payments_outsideevent e"
            " on e.id = l.event_id where l.status in ('unknown', 'other_amount') or (l.status = 'fits'"
            " and e.status <> 'new')), 0) <> coalesce((select sum(case when d.path = 'psp:eficash:receivable' then"
            " t.amount_cents else -t.amount_cents end) from ledger_transfer t"
            " join ledger_account d on d.id = t.debit_id join ledger_account c on c.id = t.credit_id"
            " where (d.path = 'psp:eficash:receivable' or c.path = 'psp:eficash:receivable')"
            " and (t.key like 'capture:eficash:%' or t.key like 'cash:suspense:%')), 0))::int",
        ),
        Invariant(
            LATE,
            "select count(*) from cash_line l join payments_outsideevent e on e.id = l.event_id"
            " where e.status = 'new' and l.due_on < (now() at time zone 'Europe/Paris')::date"
            " and l.read_at < now() - interval '1 hour'",
        ),
    ]  # fmt: skip


def _of_notices() -> list[Invariant]:
    return [
        Invariant(
            "a notice is paid if and only if its order is, by its reference",
            "select count(*) from cash_notice n join payments_order o on o.id = n.order_id"
            " where (n.status = 'paid') <> (o.status = 'paid' and exists (select from payments_capture c"
            " join payments_attempt a on a.id = c.attempt_id where c.order_id = o.id and not c.surplus"
            " and a.number = n.reference))",
        ),
        Invariant(
            "no notice is open for an order that is not",
            "select count(*) from cash_notice n join payments_order o on o.id = n.order_id"
            " where n.status = 'open' and (o.status <> 'open' or o.amount_cents <> n.amount_cents)",
        ),
        Invariant(
            "notices and lines carry the person and the Crous of their order",
            "select (select count(*) from cash_notice n join payments_order o on o.id = n.order_id"
            " where (n.person_id, n.crous_id) <> (o.person_id, o.crous_id))"
            " + (select count(*) from cash_line l join cash_notice n on n.id = l.notice_id"
            " where l.person_id is distinct from n.person_id or l.crous_id <> n.crous_id)",
        ),
    ]  # fmt: skip


def _of_files() -> list[Invariant]:
    return [
        Invariant(
            "the lines of a file are those that it announced: as many, of the same sum and fees",
            "select count(*) from (select f.id from cash_returnfile f left join cash_line l on l.file_id = f.id"
            " where f.status = 'read' group by f.id having count(l.id) <> f.lines_count"
            " or coalesce(sum(l.amount_cents), 0) <> f.amount_cents or coalesce(sum(l.fee_cents), 0) <> f.fee_cents) t",
        ),
        Invariant(
            "a file that is being read has the lines that it says, and a refused one has none",
            "select count(*) from (select f.id from cash_returnfile f left join cash_line l on l.file_id = f.id"
            " where f.status <> 'read' group by f.id having count(l.id) <> f.lines_read"
            " or coalesce(max(l.number), 0) <> f.lines_read) t",
        ),
        Invariant(
            "every operation counts once",
            "select count(*) from (select operation from cash_line group by operation"
            " having count(*) filter (where first) <> 1) t",
        ),
    ]  # fmt: skip
