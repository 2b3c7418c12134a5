"""What must hold of the money that goes out. Read by ``audit_invariants``; each query counts breaches."""

from messervices.kernel.invariants import Invariant

_PAYABLE = """
with owed as (
    select 'payouts:payable:' || c.slug as path,
        (select coalesce(sum(p.amount_cents), 0) from payouts_payout p
          where p.crous_id = c.id and p.status <> 'cancelled')
        - (select coalesce(sum(l.amount_cents), 0) from payouts_line l
             join payouts_runfile f on f.message_id = l.file_id
            where l.crous_id = c.id and l.failed_at is null and l.withdrawn_at is null and f.sent_at is not null)
        as cents
    from crous_crous c),
kept as (
    select a.path, sum(b.cents) as cents from ledger_balance b join ledger_account a on a.id = b.account_id
    group by a.path)
select count(*) from owed left join kept using (path) where owed.cents <> coalesce(kept.cents, 0)
"""
_TRANSIT = """
with sent as (
    select 'payouts:transit:' || c.slug as path,
        (select coalesce(sum(l.amount_cents * (1 - (l.debited_at is not null)::int - (l.failed_at is not null)::int
            + (l.credited_at is not null)::int)), 0)
           from payouts_line l join payouts_runfile f on f.message_id = l.file_id
          where l.crous_id = c.id and l.withdrawn_at is null and f.sent_at is not null) as cents
    from crous_crous c),
kept as (
    select a.path, sum(b.cents) as cents from ledger_balance b join ledger_account a on a.id = b.account_id
    group by a.path)
select count(*) from sent left join kept using (path) where sent.cents <> coalesce(kept.cents, 0)
"""
_IN_ONE_FILE = """
select count(*) from payouts_payout p
 where (p.status in ('in_run', 'sent', 'accepted', 'paid')) <> exists (
        select from payouts_line l where l.payout_id = p.id and l.withdrawn_at is null and l.failed_at is null)
   and not exists (select from payouts_line l where l.payout_id = p.id and l.behind)
"""


def invariants() -> list[Invariant]:
    """Payouts, lines, files, signatures and the ledger tell one story."""
    return [
        Invariant(
            "every payout has the transfer of its order, of the same amount",
            "select count(*) from payouts_payout p left join ledger_transfer t"
            " on t.key = 'payout:' || p.number || ':order' and t.amount_cents = p.amount_cents where t.id is null",
        ),
        Invariant(
            "a payout is cancelled if and only if its transfer is mirrored",
            "select count(*) from payouts_payout p join ledger_transfer t on t.key = 'payout:' || p.number || ':order'"
            " left join ledger_transfer m on m.mirrors_id = t.id where (p.status = 'cancelled') <> (m.id is not null)",
        ),
        Invariant(
            "every file sent has its transfer of the same amount, and no other has",
            "select count(*) from payouts_runfile f left join ledger_transfer t"
            " on t.key = 'payout-file:' || f.message_id || ':sent' and t.amount_cents = f.sum_cents"
            " where (f.sent_at is null) <> (t.id is null)",
        ),
        Invariant(
            "every line that failed is owed again, and no other is",
            "select count(*) from payouts_line l left join ledger_transfer t"
            " on t.key = 'payout:' || l.number || ':back' and t.amount_cents = l.amount_cents"
            " where (l.failed_at is null) <> (t.id is null)",
        ),
        Invariant("what is payable is what is ordered and not at the bank", _PAYABLE),
        Invariant("what is in transit is what was sent and neither debited nor failed", _TRANSIT),
        Invariant(
            "a file carries what its lines say",
            "select count(*) from payouts_runfile f where (f.count, f.sum_cents) <>"
            " (select count(*), coalesce(sum(l.amount_cents), 0) from payouts_line l where l.file_id = f.message_id)",
        ),
        Invariant(
            "a written run carries what its files say",
            "select count(*) from payouts_run r where r.written_at is not null and (r.count, r.sum_cents) <>"
            " (select coalesce(sum(f.count), 0), coalesce(sum(f.sum_cents), 0)"
            " from payouts_runfile f where f.run_id = r.id)",
        ),
        Invariant(
            "nothing left without two signatures of two agents over the same bytes",
            "select count(*) from payouts_run r where r.status in ('released', 'sent', 'answered')"
            " and (select count(distinct s.agent_id) from payouts_signature s where s.run_id = r.id"
            " and s.digest = r.digest) <> 2",
        ),
        Invariant("a payout is in one file at a time, and only when it says so", _IN_ONE_FILE),
        Invariant(
            "nothing goes to a blocked account that has not left already",
            "select count(*) from payouts_payout p join payouts_bankdetails d on d.id = p.details_id"
            " where d.frozen_at is not null and p.status = 'ready'",
        ),
        Invariant(
            "a surplus paid by transfer was taken from its rail, and no other was",
            "select count(*) from payments_refund r where (r.status = 'moved') <> exists"
            " (select from payouts_payout p where p.kind = 'payouts.surplus' and p.reference = r.id::text)",
        ),
        Invariant(
            "a payout goes to an account of its payee",
            "select count(*) from payouts_payout p join payouts_bankdetails d on d.id = p.details_id"
            " where (p.person_id, p.establishment_id) is distinct from (d.person_id, d.establishment_id)",
        ),
        Invariant(
            "lines carry the person, the Crous and the amount of their payout",
            "select count(*) from payouts_line l join payouts_payout p on p.id = l.payout_id"
            " where (l.person_id, l.crous_id, l.amount_cents)"
            " is distinct from (p.person_id, p.crous_id, p.amount_cents)",
        ),
    ]  # fmt: skip
