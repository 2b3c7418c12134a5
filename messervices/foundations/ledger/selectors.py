"""Reads of the ledger."""

from django.db import connection
from django.db.models import Sum

from messervices.foundations.ledger.models import Balance, Transfer
from messervices.kernel.money import Cents


def balance(path: str) -> Cents:
    """What an account has received less what it has given, in cents; 0 for one never used."""
    total = Balance.objects.filter(account__path=path).aggregate(total=Sum("cents"))["total"]
    return Cents(total or 0)


def moved(key: str) -> Cents | None:
    """The amount moved under a key, in cents; ``None`` when nothing was."""
    found = Transfer.objects.filter(key=key).values_list("amount_cents", flat=True).first()
    return None if found is None else Cents(found)


def count_wrong_balances() -> int:
    """How many accounts have a kept balance that their transfers do not give."""
    with connection.cursor() as cursor:
        cursor.execute(WRONG_BALANCES)
        return int(cursor.fetchone()[0])


WRONG_BALANCES = """
    select count(*) from (
        select account_id, sum(cents) as cents from ledger_balance group by account_id) kept
    full join (
        select account_id, sum(cents) as cents from (
            select credit_id as account_id, amount_cents as cents from ledger_transfer
            union all select debit_id, -amount_cents from ledger_transfer) moved group by account_id) summed
    using (account_id) where kept.cents is distinct from summed.cents
"""


def assert_books_balance() -> None:
    """For tests: every kept balance is what the transfers give, and all of them together are nothing."""
    wrong = count_wrong_balances()
    total = Balance.objects.aggregate(total=Sum("cents"))["total"] or 0
    assert wrong == 0, f"{wrong} balances are not what their transfers give"  # noqa: S101 - it is an assertion
    assert total == 0, f"the books are off by {total} cents"  # noqa: S101 - as above
