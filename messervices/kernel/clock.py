"""The one place that reads the time. Only the edge calls it: requests, jobs, commands."""

import os
import time
from datetime import UTC, datetime, timedelta
from functools import cache

from django.db import connection


@cache
def _offset() -> timedelta:
    """How far the platform's clock stands from the machine's.

    In demo and test mode ``MESSERVICES_NOW`` (ISO 8601) says what time it was when the platform was started
    (``MESSERVICES_STARTED``, seconds since 1970); the clock then runs on from there, alike in every process.
    """
    wanted = os.environ.get("MESSERVICES_NOW", "")
    if not wanted:
        return timedelta()
    instant = datetime.fromisoformat(wanted)
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=UTC)
    started = float(os.environ.get("MESSERVICES_STARTED") or time.time())
    return instant - datetime.fromtimestamp(started, UTC)


def now() -> datetime:
    """Give the present instant, aware, in UTC."""
    return datetime.now(UTC) + _offset()


def by_database() -> datetime:
    """Give the present instant by the database's clock, which decides deadlines: our machines' clocks may differ.

    One query. Called with what is decided locked, so that nobody waits between the answer and the deed.
    """
    with connection.cursor() as cursor:
        cursor.execute("select clock_timestamp()")
        found: datetime = cursor.fetchone()[0]
    return found.astimezone(UTC) + _offset()
