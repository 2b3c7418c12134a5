"""Reads of accounts, their sessions and their limits."""

import math
from datetime import datetime, timedelta

from django.db import connection

from messervices.foundations.accounts import rules
from messervices.foundations.accounts.models import Session, User

_WAIT = "select whole_at + make_interval(secs => %s) - make_interval(secs => %s) from accounts_limit where key = %s"


def seconds_to_wait(key: str, rate: rules.Rate, now: datetime) -> int:
    """How many whole seconds until one more is allowed under ``key`` (see ``rules.limit_key``); 0 when it is now."""
    with connection.cursor() as cursor:
        cursor.execute(_WAIT, (rate.per / rate.limit, rate.per, key))
        row = cursor.fetchone()
    left = (row[0] - now) if row else timedelta()
    return max(0, math.ceil(left.total_seconds()))


def user_by_email(email: str) -> User | None:
    """The account of an address, whatever the capitals."""
    return User.objects.filter(email=email.strip().lower()).first()
