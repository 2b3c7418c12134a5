"""Whether a bank answers: counted for all our processes, so that one that is silent leaves the choice, and comes back.

A bank that failed ``RAIL_FAILURES`` times in a row within ``RAIL_WITHIN_SECONDS`` is not asked for
``RAIL_PAUSE_SECONDS``; then one of us tries it, and its answer decides for all.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection

from messervices.foundations.payments import selectors
from messervices.foundations.payments.models import RailHealth
from messervices.foundations.payments.providers import rail_named
from messervices.foundations.payments.providers.rail import BeginRefusedByBank, Handover, RefundRefusedByBank
from messervices.kernel.action import action
from messervices.kernel.errors import ProviderUnavailable

NOBODY = "00000000-0000-0000-0000-000000000000"
"""A reference that no bank knows: its answer to it shows that it answers."""

_ENTER = """
    with tried as (
        update payments_railhealth set out_until = %(until)s
         where rail = %(rail)s and out_until <= %(now)s returning rail)
    select exists (select from tried)
        or not exists (select from payments_railhealth where rail = %(rail)s and out_until is not null)
"""
_SILENT = """
    insert into payments_railhealth as h (rail, failures, since, out_since, out_until)
    values (%(rail)s, 1, %(now)s, case when %(most)s <= 1 then %(now)s::timestamptz end,
        case when %(most)s <= 1 then %(until)s::timestamptz end)
    on conflict (rail) do update set
        failures = case when h.failures > 0 and h.since >= %(recent)s then least(h.failures + 1, 30000) else 1 end,
        since = case when h.failures > 0 and h.since >= %(recent)s then h.since else %(now)s end,
        out_since = case when h.out_until is not null
            or (case when h.failures > 0 and h.since >= %(recent)s then h.failures + 1 else 1 end) >= %(most)s
            then coalesce(h.out_since, %(now)s) end,
        out_until = case when h.out_until is not null
            or (case when h.failures > 0 and h.since >= %(recent)s then h.failures + 1 else 1 end) >= %(most)s
            then %(until)s::timestamptz end
"""


@contextmanager
def at_bank(rail: str, now: datetime) -> Iterator[None]:
    """Speak to a bank: the block calls it, outside any transaction, and how that went is counted.

    Raises ``ProviderUnavailable`` at once when the bank is out, without a call: nobody waits for who will not answer.
    An answer that is not of the contract's shape is none.
    """
    if not _enter(rail=rail, now=now):
        raise ProviderUnavailable(rail, "out")
    try:
        yield
    except ProviderUnavailable:
        _note_silence(rail=rail, now=now)
        raise
    except (BeginRefusedByBank, RefundRefusedByBank):
        _note_answer(rail=rail)
        raise
    except (AttributeError, KeyError, TypeError, ValueError) as nonsense:
        _note_silence(rail=rail, now=now)
        raise ProviderUnavailable(rail, "nonsense") from nonsense
    _note_answer(rail=rail)


def try_again(*, rail: str, now: datetime) -> bool:
    """Ask a bank something harmless; give whether it answers. One that is out is asked only after its pause."""
    nobody = Handover(number="NOBODY-0", bank_ref="000000", amount_cents=1_00, begun_at=now, rail_ref=NOBODY)
    try:
        with at_bank(rail, now):
            rail_named(rail).ask(nobody)
    except ProviderUnavailable:
        return False
    return True


@action
def _enter(*, rail: str, now: datetime) -> bool:
    """Give whether a bank may be asked: it is in, or its pause is over and nobody else is trying it (one query)."""
    until = now + timedelta(seconds=settings.BANK_TIMEOUT_SECONDS + 5)
    with connection.cursor() as cursor:
        cursor.execute(_ENTER, {"rail": rail, "now": now, "until": until})
        return bool(cursor.fetchone()[0])


@action
def _note_silence(*, rail: str, now: datetime) -> None:
    """Count a failure; the last of too many, or a failed trial, puts the bank out (one query)."""
    given: dict[str, str | int | datetime] = {
        "rail": rail, "now": now, "most": settings.RAIL_FAILURES,
        "recent": now - timedelta(seconds=settings.RAIL_WITHIN_SECONDS),
        "until": now + timedelta(seconds=settings.RAIL_PAUSE_SECONDS),
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_SILENT, given)
    selectors.forget_health()


@action
def _note_answer(*, rail: str) -> None:
    """Forget the failures of a bank that answers (one query; nothing is written while all is well)."""
    found = RailHealth.objects.filter(rail=rail, failures__gt=0) | RailHealth.objects.filter(
        rail=rail, out_until__isnull=False
    )
    if found.update(failures=0, since=None, out_since=None, out_until=None):
        selectors.forget_health()
