"""Closing days: each rail's day at each Crous is summed once it is over, and never again."""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection

from messervices.foundations.crous import selectors as crous
from messervices.foundations.treasury.selectors.sheets import MOVEMENTS
from messervices.kernel.action import action

_AFTER = timedelta(hours=1)
"""A day is closed when it has been over for that long: what was being written at midnight is there."""

_CLOSE = f"""
    with moved as ({MOVEMENTS}),
    last as (select distinct on (rail) rail, closing_cents from treasury_sheet where crous_id = %(crous)s
              order by rail, day desc),
    summed as (
        select m.*, coalesce(l.closing_cents, 0) + coalesce(sum(
                   m.collected_cents - m.refunded_cents - m.fees_cents - m.settled_cents - m.adjusted_cents)
                   over (partition by m.rail order by m.day), 0) as closing_cents
          from moved m left join last l using (rail))
    insert into treasury_sheet (crous_id, rail, day, opening_cents, collected_cents, collected, refunded_cents,
        refunded, fees_cents, settled_cents, adjusted_cents, closing_cents, closed_at)
    select %(crous)s, rail, day, closing_cents - collected_cents + refunded_cents + fees_cents + settled_cents
           + adjusted_cents, collected_cents, collected, refunded_cents, refunded, fees_cents, settled_cents,
           adjusted_cents, closing_cents, %(now)s
      from summed
    on conflict (crous_id, rail, day) do nothing
"""  # noqa: S608 - our own statement
_LAST = "select max(day) from treasury_sheet where crous_id = %s"
_LOCK = "select pg_advisory_xact_lock(hashtext('treasury.close'), %s)"
_EVER = date(2000, 1, 1)


def close_days(*, now: datetime) -> int:
    """Close the days that are over everywhere; gives how many rows were written."""
    return sum(_close(crous_id=one.pk, now=now) for one in crous.crous_list())


@action
def _close(*, crous_id: int, now: datetime) -> int:
    """Close the days of a Crous, by its own calendar, from the one after the last closed until yesterday."""
    zone = ZoneInfo(crous.crous_of(crous_id).timezone)
    today = (now - _AFTER).astimezone(zone).date()
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, (crous_id,))
        cursor.execute(_LAST, (crous_id,))
        last = cursor.fetchone()[0]
        begin = last + timedelta(days=1) if last else _EVER
        if begin >= today:
            return 0
        told: dict[str, Any] = {
            "crous": crous_id, "now": now, "zone": zone.key,
            "from_at": datetime.combine(begin, datetime.min.time(), zone),
            "to_at": datetime.combine(today, datetime.min.time(), zone),
        }  # fmt: skip
        cursor.execute(_CLOSE, told)
        return int(cursor.rowcount)
