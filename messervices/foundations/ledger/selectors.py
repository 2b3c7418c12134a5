"""Reads of the ledger."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import Q, QuerySet, Sum

from messervices.foundations.ledger.models import Balance, Transfer
from messervices.kernel.money import Cents


def balance(path: str) -> Cents:
    """What an account has received less what it has given, in cents; 0 for one never used."""
    total = Balance.objects.filter(account__path=path).aggregate(total=Sum("cents"))["total"]
    return Cents(total or 0)


def balances(paths: Collection[str]) -> dict[str, Cents]:
    """What each of some accounts has received less what it has given, in cents (one query)."""
    rows = Balance.objects.filter(account__path__in=paths).values("account__path").order_by()
    found = dict(rows.annotate(total=Sum("cents")).values_list("account__path", "total"))
    return {path: Cents(found.get(path) or 0) for path in paths}


def moved(key: str) -> Cents | None:
    """The amount moved under a key, in cents; ``None`` when nothing was."""
    found = Transfer.objects.filter(key=key).values_list("amount_cents", flat=True).first()
    return None if found is None else Cents(found)


@dataclass(frozen=True, slots=True)
class Moved:
    """A transfer as it stands in the books: paths of the accounts, cents, and why."""

    pk: int
    key: str
    debit: str
    credit: str
    amount_cents: int
    at: datetime
    reason: str


def _moved(rows: QuerySet[Transfer]) -> list[Moved]:
    columns = ("pk", "key", "debit__path", "credit__path", "amount_cents", "at", "reason")
    return [Moved(*row) for row in rows.values_list(*columns)]


def transfers_under(keys: Collection[str]) -> list[Moved]:
    """Give the transfers written under these keys, and their mirrors, in their order (one query)."""
    wanted = [*keys, *(f"{key}:mirror" for key in keys)]
    return _moved(Transfer.objects.filter(key__in=wanted).order_by("at", "pk"))


def transfer_of(pk: int) -> Moved | None:
    """Give one transfer by its number."""
    found = _moved(Transfer.objects.filter(pk=pk))
    return found[0] if found else None


def transfers_on(paths: Collection[str], limit: int, before: int | None = None) -> list[Moved]:
    """Give the last transfers of some accounts, the newest first; those before a number when one is given."""
    rows = Transfer.objects.filter(Q(debit__path__in=paths) | Q(credit__path__in=paths))
    return _moved((rows if before is None else rows.filter(pk__lt=before)).order_by("-pk")[:limit])


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
