"""Using up limits: without CAPTCHA, by account, by person and by network."""

from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import connection
from django.utils.translation import gettext as _

from messervices.foundations.accounts import rules
from messervices.foundations.accounts.selectors import seconds_to_wait
from messervices.look.words import hour

_TAKE = """
    insert into accounts_limit as kept (key, whole_at) values (%(key)s, %(now)s + make_interval(secs => %(step)s))
    on conflict (key) do update set whole_at = greatest(kept.whole_at, %(now)s) + make_interval(secs => %(step)s)
    where greatest(kept.whole_at, %(now)s) + make_interval(secs => %(step)s) <= %(now)s + make_interval(secs => %(per)s)
    returning 1
"""
_GIVE_BACK = "update accounts_limit set whole_at = whole_at - make_interval(secs => %s) where key = %s"
_FORGET = "delete from accounts_limit where whole_at < %s"
_ROUNDING = 0.001
"""Seconds added to the period: each step is rounded to microseconds, and the last of them must still fit."""


def take(key: str, limit: int, per_seconds: int, now: datetime) -> bool:
    """Use one of ``limit`` in ``per_seconds`` under ``key``; tell whether it was still there (one statement).

    The rate is smooth (GCRA): all of them may be used at once, then one comes back every ``per_seconds / limit``.
    Make ``key`` with ``rules.limit_key``. Call it outside the transaction that may fail, or the use is forgotten too.
    """
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, {"key": key, "now": now, "step": per_seconds / limit, "per": per_seconds + _ROUNDING})
        return cursor.fetchone() is not None


def take_rate(rate: rules.Rate, now: datetime, *parts: object) -> bool:
    """Use one of a named rate for what ``parts`` say (``"sign_in", email``)."""
    return take(rules.limit_key(*parts), rate.limit, rate.per, now)


class TooMany(ValidationError):  # noqa: N818 - read as a fact, beside ``Refusal``
    """A limit is used up. An error of a form like any other, with ``wait`` in seconds for the page and its header."""

    def __init__(self, wait: int, now: datetime) -> None:
        """Say calmly from when to try again, to the minute."""
        sentence = _("Trop d’essais en peu de temps. Réessayez à partir de %(at)s ; rien n’a changé sur votre compte.")
        super().__init__(sentence, code="too_many", params={"at": hour(now + timedelta(seconds=wait + 59))})
        self.wait = wait


def insist(rate: rules.Rate, now: datetime, *parts: object) -> None:
    """Use one of a named rate, or raise ``TooMany``."""
    if not take_rate(rate, now, *parts):
        raise TooMany(seconds_to_wait(rate, now, *parts), now)


def give_back(rate: rules.Rate, *parts: object) -> None:
    """Undo one ``take_rate``: the sign-in succeeded, so it was no guess."""
    with connection.cursor() as cursor:
        cursor.execute(_GIVE_BACK, (rate.per / rate.limit, rules.limit_key(*parts)))


def forget_whole_limits(now: datetime) -> int:
    """Delete the limits of which nothing is used any more; give how many."""
    with connection.cursor() as cursor:
        cursor.execute(_FORGET, (now,))
        return int(cursor.rowcount)
