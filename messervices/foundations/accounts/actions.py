"""Writes on accounts, their sessions and their limits."""

from datetime import datetime

from django.db import connection

from messervices.foundations.accounts import rules

_TAKE = """
    insert into accounts_limit as kept (key, whole_at) values (%(key)s, %(now)s + make_interval(secs => %(step)s))
    on conflict (key) do update set whole_at = greatest(kept.whole_at, %(now)s) + make_interval(secs => %(step)s)
    where greatest(kept.whole_at, %(now)s) + make_interval(secs => %(step)s) <= %(now)s + make_interval(secs => %(per)s)
    returning 1
"""
_GIVE_BACK = "update accounts_limit set whole_at = whole_at - make_interval(secs => %s) where key = %s"


def take(key: str, limit: int, per_seconds: int, now: datetime) -> bool:
    """Use one of ``limit`` in ``per_seconds`` under ``key``; tell whether it was still there (one statement).

    The rate is smooth (GCRA): all of them may be used at once, then one comes back every ``per_seconds / limit``.
    Make ``key`` with ``rules.limit_key``. Call it outside the transaction that may fail, or the use is forgotten too.
    """
    with connection.cursor() as cursor:
        # A hair more than the period: the steps are rounded to microseconds.
        cursor.execute(_TAKE, {"key": key, "now": now, "step": per_seconds / limit, "per": per_seconds + 0.001})
        return cursor.fetchone() is not None


def give_back(key: str, limit: int, per_seconds: int) -> None:
    """Undo one ``take``: the sign-in succeeded, so it was no guess."""
    with connection.cursor() as cursor:
        cursor.execute(_GIVE_BACK, (per_seconds / limit, key))


def take_rate(rate: rules.Rate, now: datetime, *parts: object) -> bool:
    """Use one of a named rate for what ``parts`` say (``"sign_in", email``)."""
    return take(rules.limit_key(*parts), rate.limit, rate.per, now)
