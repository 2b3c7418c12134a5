"""What must hold of the money that is followed. Read by ``audit_invariants``; each query counts breaches."""

from messervices.kernel.invariants import Invariant

_BALANCES = """
    (select a.path, coalesce(sum(b.cents), 0) as cents from ledger_account a left join ledger_balance b
        on b.account_id = a.id group by a.path)
"""


def _agree(name: str, account: str, wanted: str) -> Invariant:
    """Make the invariant: each account whose path is like this holds what the rows (path, cents) say together."""
    return Invariant(
        name,
        f"select count(*) from (select path, sum(cents) as cents from ({wanted}) w group by path) wanted full join"  # noqa: S608 - our own statements
        f" (select path, cents from {_BALANCES} b where path like '{account}') kept using (path)"
        " where coalesce(wanted.cents, 0) <> coalesce(kept.cents, 0)",
    )


def invariants() -> list[Invariant]:
    """Files, statements, settlements, mismatches, sheets and the ledger tell one story."""
    return [*_of_the_ledger(), *_of_files(), *_of_matches()]


def _of_the_ledger() -> list[Invariant]:
    return [
        _agree(
            "the bank's account in the ledger is what its statements moved",
            "bank:%",
            "select 'bank:' || c.slug as path, s.debits_cents - s.credits_cents as cents from treasury_statement s"
            " join crous_crous c on c.id = s.crous_id where not s.notice and s.loaded_at is not null"
            " union all select 'bank:suspense:' || c.slug, e.amount_cents from treasury_entry e"
            " join treasury_statement s on s.id = e.statement_id and s.loaded_at is not null"
            " join crous_crous c on c.id = e.crous_id where not e.notice and e.posted_at is null"
            " union all select 'bank:suspense:' || c.slug, - a.entry_cents from treasury_adjustment a"
            " join crous_crous c on c.id = a.crous_id",
        ),
        _agree(
            "what is announced and not credited is what the settlements say",
            "settlement:%",
            "select 'settlement:' || l.rail || ':' || c.slug as path, - l.amount_cents as cents"
            " from treasury_settlementline l join crous_crous c on c.id = l.crous_id where l.posting is not null"
            " union all select 'settlement:' || s.rail || ':' || c.slug, s.fees_cents from treasury_settlement s"
            " join crous_crous c on c.id = s.crous_id where s.loaded_at is not null"
            " union all select 'settlement:' || s.rail || ':' || c.slug, e.amount_cents from treasury_entry e"
            " join treasury_settlement s on s.id = e.match_id join crous_crous c on c.id = e.crous_id"
            " where e.match = 'settlement' and e.posted_at is not null"
            " union all select 'settlement:' || a.rail || ':' || c.slug, a.credit_cents - a.line_cents"
            " from treasury_adjustment a join crous_crous c on c.id = a.crous_id where a.rail <> ''",
        ),
        _agree(
            "what a rail took and has not announced is what no settlement has",
            "psp:%:receivable",
            "select 'psp:' || c.rail || ':receivable' as path, - c.amount_cents as cents from payments_capture c"
            " where not exists (select from treasury_settlementline l where l.capture_id = c.id"
            " and l.kind = 'payment' and l.posting is not null)"
            " union all select 'psp:' || c.rail || ':receivable', r.amount_cents from payments_refund r"
            " join payments_capture c on c.id = r.capture_id where r.status = 'given'"
            " and exists (select from ledger_transfer t where t.key = 'refund:' || c.rail || ':' || c.rail_tx_id)"
            " and not exists (select from treasury_settlementline l where l.refund_id = r.id"
            " and l.posting is not null)"
            " union all select 'psp:eficash:receivable', - l.amount_cents from cash_line l"
            " where l.status in ('unknown', 'other_amount')"
            " union all select 'psp:eficash:receivable', e.amount_cents from treasury_entry e"
            " where e.match = 'cash' and e.posted_at is not null"
            " union all select 'psp:' || a.rail || ':receivable', a.captured_cents from treasury_adjustment a"
            " where a.rail <> ''",
        ),
        _agree(
            "every cent explained by hand stands on its mismatch",
            "treasury:adjustments:%",
            "select 'treasury:adjustments:' || c.slug as path,"
            " a.line_cents + a.entry_cents - a.captured_cents - a.credit_cents as cents"
            " from treasury_adjustment a join crous_crous c on c.id = a.crous_id",
        ),
    ]


def _of_files() -> list[Invariant]:
    return [
        Invariant(
            "a statement's entries are those it counts, and their sums",
            "select count(*) from (select s.id from treasury_statement s left join treasury_entry e"
            " on e.statement_id = s.id where s.loaded_at is not null group by s.id having count(e.id) <> s.entries"
            " or coalesce(sum(e.amount_cents) filter (where e.amount_cents > 0), 0) <> s.credits_cents"
            " or coalesce(- sum(e.amount_cents) filter (where e.amount_cents < 0), 0) <> s.debits_cents) t",
        ),
        Invariant(
            "a settlement's lines are those it counts, and their sums",
            "select count(*) from (select s.id from treasury_settlement s left join treasury_settlementline l"
            " on l.settlement_id = s.id where s.loaded_at is not null group by s.id having count(l.id) <> s.lines"
            " or coalesce(sum(l.amount_cents), 0) <> s.gross_cents or coalesce(sum(l.fee_cents), 0) <> s.fees_cents) t",
        ),
        Invariant(
            "nothing of a file that was refused is anywhere else",
            "select count(*) from treasury_file f where f.status = 'refused' and (exists (select from"
            " treasury_statement s where s.file_id = f.id) or exists (select from treasury_settlement s"
            " where s.file_id = f.id))",
        ),
    ]


def _of_matches() -> list[Invariant]:
    return [
        Invariant(
            "a matched line says the amount of what it is matched to",
            "select count(*) from treasury_settlementline l left join payments_capture c on c.id = l.capture_id"
            " left join payments_refund r on r.id = l.refund_id where l.matched_at is not null and ("
            " l.kind = 'payment' and (c.amount_cents, c.rail, c.crous_id)"
            " is distinct from (l.amount_cents, l.rail::varchar, l.crous_id)"
            " or l.kind = 'refund' and (r.amount_cents, r.crous_id) is distinct from (- l.amount_cents, l.crous_id))",
        ),
        Invariant(
            "an entry that is a settlement has its account and its net",
            "select count(*) from treasury_entry e left join treasury_settlement s on s.id = e.match_id"
            " left join treasury_contract k on k.id = s.contract_id where e.match = 'settlement'"
            " and (s.net_cents, k.account_id) is distinct from (e.amount_cents, e.account_id)",
        ),
        Invariant(
            "each day begins where the one before ended",
            "select count(*) from (select opening_cents, lag(closing_cents, 1, 0::bigint) over"
            " (partition by crous_id, rail order by day) as before from treasury_sheet) t"
            " where opening_cents <> before",
        ),
        Invariant(
            "a large mismatch was resolved by two persons",
            "select count(*) from treasury_mismatch where second_id is not null and by_id = second_id",
        ),
    ]
