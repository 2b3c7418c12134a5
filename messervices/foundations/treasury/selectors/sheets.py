"""Day sheets: the closed ones as they were written, the day under way counted now."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Max, Sum

from messervices.foundations.crous import selectors as crous
from messervices.foundations.treasury.models import Sheet
from messervices.foundations.treasury.selectors.transit import COUNTING
from messervices.kernel.scope import acting_as

MOVEMENTS = """
    select rail, day, coalesce(sum(collected), 0)::bigint as collected_cents, count(collected)::int as collected,
           coalesce(sum(refunded), 0)::bigint as refunded_cents, count(refunded)::int as refunded,
           coalesce(sum(fees), 0)::bigint as fees_cents, coalesce(sum(settled), 0)::bigint as settled_cents,
           coalesce(sum(adjusted), 0)::bigint as adjusted_cents
      from (
        select c.rail, (c.booked_at at time zone %(zone)s)::date as day, c.amount_cents as collected,
               null::bigint as refunded, null::bigint as fees, null::bigint as settled, null::bigint as adjusted
          from payments_capture c
         where c.crous_id = %(crous)s and c.booked_at >= %(from_at)s and c.booked_at < %(to_at)s
        union all
        select c.rail, (r.ended_at at time zone %(zone)s)::date, null, r.amount_cents, null, null, null
          from payments_refund r join payments_capture c on c.id = r.capture_id
         where r.crous_id = %(crous)s and r.status = 'given' and r.ended_at >= %(from_at)s and r.ended_at < %(to_at)s
           and exists (select from ledger_transfer t where t.key = 'refund:' || c.rail || ':' || c.rail_tx_id)
        union all
        select s.rail, (s.loaded_at at time zone %(zone)s)::date, null, null, s.fees_cents, null, null
          from treasury_settlement s
         where s.crous_id = %(crous)s and s.loaded_at >= %(from_at)s and s.loaded_at < %(to_at)s
        union all
        select s.rail, (e.posted_at at time zone %(zone)s)::date, null, null, null, e.amount_cents, null
          from treasury_entry e join treasury_settlement s on s.id = e.match_id
         where e.crous_id = %(crous)s and e.match = 'settlement' and e.posted_at >= %(from_at)s
           and e.posted_at < %(to_at)s
        union all
        select 'eficash', (greatest(e.posted_at, c.booked_at) at time zone %(zone)s)::date, null, null, null,
               c.amount_cents, null
          from payments_capture c join cash_line l on l.event_id = c.event_id
          join treasury_entry e on e.match = 'cash' and e.match_id = l.file_id
         where c.crous_id = %(crous)s and c.rail = 'eficash' and greatest(e.posted_at, c.booked_at) >= %(from_at)s
           and greatest(e.posted_at, c.booked_at) < %(to_at)s
        union all
        select a.rail, (a.at at time zone %(zone)s)::date, null, null, null, null,
               a.captured_cents - a.line_cents + a.credit_cents
          from treasury_adjustment a
         where a.crous_id = %(crous)s and a.rail <> '' and a.at >= %(from_at)s and a.at < %(to_at)s) moved
     group by rail, day
"""
"""What each rail's days moved at a Crous, between two instants; days are those of the Crous's zone."""

Moved = tuple[int, int, int, int, int, int, int]
_NO_MOVEMENT: Moved = (0, 0, 0, 0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Line:
    """One rail's day, closed or under way. Signed cents; ``is_closed`` when it was written for good."""

    crous_id: int
    rail: str
    day: date
    opening_cents: int
    collected_cents: int
    collected: int
    refunded_cents: int
    refunded: int
    fees_cents: int
    settled_cents: int
    adjusted_cents: int
    is_closed: bool

    @property
    def closing_cents(self) -> int:
        """What the rail owes at the end."""
        return (
            self.opening_cents + self.collected_cents - self.refunded_cents - self.fees_cents - self.settled_cents
            - self.adjusted_cents
        )  # fmt: skip


def day_sheet(crous_id: int, day: date, now: datetime) -> list[Line]:
    """Give every rail's day at a Crous (two queries): as it was closed, or counted now for a day not closed yet."""
    rows = Sheet.objects.filter(crous_id=crous_id, day__lte=day).order_by("rail", "-day").distinct("rail")
    closed = {row.rail: row for row in rows}
    last = max((row.day for row in closed.values()), default=date(2000, 1, 1))
    open_ = _moved(crous_id, last + timedelta(days=1), now) if last < day else {}
    rails = sorted(closed.keys() | {rail for rail, on in open_ if on <= day})
    return [_line(crous_id, rail, day, closed.get(rail), open_) for rail in rails]


def _line(crous_id: int, rail: str, day: date, last: Sheet | None, moved: dict[tuple[str, date], Moved]) -> Line:
    if last is not None and last.day == day:
        moved_then = (
            last.collected_cents, last.collected, last.refunded_cents, last.refunded, last.fees_cents,
            last.settled_cents, last.adjusted_cents,
        )  # fmt: skip
        return Line(crous_id, rail, day, last.opening_cents, *moved_then, True)
    opening = last.closing_cents if last else 0
    for (other, on), values in sorted(moved.items(), key=lambda one: one[0][1]):
        if other == rail and on < day:
            collected, _count, refunded, _back, fees, settled, adjusted = values
            opening += collected - refunded - fees - settled - adjusted
    return Line(crous_id, rail, day, opening, *moved.get((rail, day), _NO_MOVEMENT), False)


def _moved(crous_id: int, since: date, now: datetime) -> dict[tuple[str, date], Moved]:
    """What moved since a day, by rail and day (one query)."""
    zone = ZoneInfo(crous.crous_of(crous_id).timezone)
    told: dict[str, Any] = {
        "crous": crous_id, "zone": zone.key, "to_at": now + timedelta(seconds=1),
        "from_at": datetime.combine(since, datetime.min.time(), zone),
    }  # fmt: skip
    with acting_as(COUNTING), connection.cursor() as cursor:
        cursor.execute(MOVEMENTS, told)
        return {(rail, day): tuple(moved) for rail, day, *moved in cursor.fetchall()}


def sheets_between(crous_id: int, first: date, last: date) -> list[Sheet]:
    """Give the closed days of a period, oldest first, by rail (one query)."""
    rows = Sheet.objects.filter(crous_id=crous_id, day__gte=first, day__lte=last)
    return list(rows.order_by("day", "rail"))


def collected_by_day(crous_id: int, first: date, last: date) -> dict[date, dict[str, int]]:
    """Give what was collected on each closed day of a period, by rail, in cents (one query)."""
    found: dict[date, dict[str, int]] = {}
    rows = Sheet.objects.filter(crous_id=crous_id, day__gte=first, day__lte=last, collected__gt=0)
    for day, rail, cents in rows.values_list("day", "rail", "collected_cents"):
        found.setdefault(day, {})[rail] = cents
    return found


def last_collected(crous_id: int) -> date | None:
    """The last closed day on which something was collected; ``None`` when there is none."""
    last: date | None = Sheet.objects.filter(crous_id=crous_id, collected__gt=0).aggregate(day=Max("day"))["day"]
    return last


def summed_between(crous_id: int, first: date, last: date) -> dict[str, dict[str, int]]:
    """Sum the closed days of a period by rail: collected, refunded, fees, settled, with counts (one query)."""
    names = ("collected_cents", "collected", "refunded_cents", "refunded", "fees_cents", "settled_cents")
    rows = Sheet.objects.filter(crous_id=crous_id, day__gte=first, day__lte=last).values("rail").order_by("rail")
    summed = rows.annotate(**{f"sum_{name}": Sum(name) for name in names})
    return {row["rail"]: {name: row[f"sum_{name}"] or 0 for name in names} for row in summed}
