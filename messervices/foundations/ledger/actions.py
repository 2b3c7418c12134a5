"""Writes of the ledger: post (one, or many at once), and mirror. There is no third."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from messervices.foundations.ledger.models import Transfer
from messervices.kernel.action import inside_action

_POST = "select ledger_post(%s, %s, %s, %s, %s, %s, %s)"
_POST_MANY = """
    select count(*) filter (where ledger_post(key, debit, credit, cents, %s, reason, null))
      from unnest(%s::text[], %s::text[], %s::text[], %s::bigint[], %s::text[]) as t (key, debit, credit, cents, reason)
"""


@dataclass(frozen=True, slots=True)
class Posting:
    """One transfer to write: its key, the two accounts (paths), euro cents (positive), and why."""

    key: str
    debit: str
    credit: str
    amount_cents: int
    reason: str


@inside_action
def post(
    *, key: str, debit: str, credit: str, amount_cents: int, at: datetime, reason: str, mirrors: int | None = None
) -> bool:
    """Move ``amount_cents`` (euro cents, positive) from account ``debit`` to account ``credit`` (paths), once.

    Returns whether it was written now: ``False`` means that this key had already moved the same money. Raises
    ``IntegrityError`` when the key moved other money, or the amount is not positive. One query.
    """
    with connection.cursor() as cursor:
        cursor.execute(_POST, (key, debit, credit, amount_cents, at, reason, mirrors))
        return bool(cursor.fetchone()[0])


@inside_action
def post_many(postings: Sequence[Posting], *, at: datetime) -> int:
    """Write many transfers, each once, in one query; gives how many were written now.

    For batches of some thousands: the balances of all of them are moved before anybody else's transfer on the same
    accounts and connections can commit. Raises as ``post`` does, and then none is written.
    """
    if not postings:
        return 0
    columns = [
        [getattr(one, name) for one in postings] for name in ("key", "debit", "credit", "amount_cents", "reason")
    ]
    with connection.cursor() as cursor:
        cursor.execute(_POST_MANY, [at, *columns])
        return int(cursor.fetchone()[0])


@inside_action
def mirror(*, key: str, at: datetime, reason: str) -> bool:
    """Undo the transfer written under ``key`` by its mirror, once. Raises ``DoesNotExist`` when there is none."""
    done = Transfer.objects.select_related("debit", "credit").get(key=key)
    return post(
        key=f"{key}:mirror",
        debit=done.credit.path,
        credit=done.debit.path,
        amount_cents=done.amount_cents,
        at=at,
        reason=reason,
        mirrors=done.pk,
    )
