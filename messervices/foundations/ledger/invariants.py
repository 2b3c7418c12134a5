"""What must hold in the books."""

from messervices.foundations.ledger.selectors import WRONG_BALANCES
from messervices.kernel.invariants import Invariant


def invariants() -> list[Invariant]:
    """Balances are what the transfers give; together they are nothing; a mirror is exact."""
    return [
        Invariant("every balance recomputed", WRONG_BALANCES),
        Invariant(
            "every transfer balanced",
            "select count(*) from (select coalesce(sum(cents), 0) as cents from ledger_balance) t where cents <> 0",
        ),
        Invariant(
            "every mirror exact",
            "select count(*) from ledger_transfer m join ledger_transfer t on t.id = m.mirrors_id "
            "where m.debit_id <> t.credit_id or m.credit_id <> t.debit_id or m.amount_cents <> t.amount_cents",
        ),
    ]
