"""Reads of the room: a student's notice, the files and what does not fit for the desk, what the jobs go on with."""

import csv
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum

from messervices.foundations.cash import rules
from messervices.foundations.cash.models import Line, Notice, ReturnFile
from messervices.foundations.cash.states import BELIEVED, UNFINISHED, WAITING, LineStatus, NoticeStatus
from messervices.foundations.crous import selectors as crous
from messervices.foundations.crous.rules import paris_day
from messervices.foundations.payments.states import EventStatus
from messervices.kernel.actor import Actor

_CALENDARS = Path(__file__).parent / "data" / "calendars.csv"
UNREAD_FOR = timedelta(minutes=2)


def is_offered() -> bool:
    """Tell whether this installation takes cash at post offices."""
    return bool(settings.EFICASH_CREDITOR)


@cache
def _zones() -> dict[int, str]:
    with _CALENDARS.open(encoding="utf-8", newline="") as source:
        return {int(row["crous_id"]): row["zone"] for row in csv.DictReader(source)}


def zone_of(crous_id: int) -> str:
    """Give the calendar of public holidays that a Crous keeps: "" for that of most of France."""
    return _zones().get(crous_id, "")


def due_on(paid_on: date, crous_id: int) -> date:
    """Say on which day at the latest the certificate of a payment must be there, by the calendar of the Crous."""
    return rules.due_on(paid_on, zone_of(crous_id))


def notice_of(uuid: UUID, person_id: int) -> Notice:
    """Give a person's notice with its order and Crous (one query). Raises ``Notice.DoesNotExist`` for others'."""
    return Notice.objects.select_related("order", "crous", "person").get(uuid=uuid, person_id=person_id)


def open_notice(order_id: int) -> Notice | None:
    """Give the live notice of an order (one query)."""
    return Notice.objects.filter(order_id=order_id, status=NoticeStatus.OPEN).first()


def notices_over(now: datetime, limit: int = 2_000) -> list[int]:
    """Give the open notices whose last day has passed, and the days in which its money may still be told (one query).

    What was paid on the last day comes the day after, in that day's file: nobody is told that a notice has passed
    while their money may be on its way.
    """
    rows = Notice.objects.filter(status=NoticeStatus.OPEN, valid_until__lt=now).order_by("valid_until")
    found = rows.values_list("pk", "crous_id", "valid_until")[:limit]
    return [pk for pk, crous_id, until in found if _today(now, crous_id) > due_on(_today(until, crous_id), crous_id)]


def _files(actor: Actor) -> QuerySet[ReturnFile]:
    """The files that an agent follows, without their bytes: those they brought, those that speak of their Crous.

    The national desk follows them all.
    """
    rows = ReturnFile.objects.defer("raw")
    if actor.national:
        return rows
    own = Line.objects.filter(file_id=OuterRef("pk"), crous_id__in=actor.crous_ids)
    return rows.filter(Q(by_id=actor.user_id) | Exists(own))


def files(actor: Actor, limit: int = 60) -> list[ReturnFile]:
    """List the return files that an agent follows, the latest first (one query)."""
    return list(_files(actor).order_by("-received_at", "-pk")[:limit])


def file_for(pk: int, actor: Actor) -> ReturnFile | None:
    """Give a file that an agent follows (one query)."""
    return _files(actor).filter(pk=pk).first()


def missing_numbers(limit: int = 20) -> list[int]:
    """List the numbers that are missing among the files that are believed: a file that never came (one query)."""
    there = ReturnFile.objects.filter(status__in=BELIEVED, creditor=settings.EFICASH_CREDITOR)
    numbers = sorted({number for number in there.values_list("number", flat=True) if number is not None})
    if not numbers:
        return []
    known = set(numbers)
    return [number for number in range(numbers[0], numbers[-1]) if number not in known][:limit]


@dataclass(frozen=True, slots=True)
class Tally:
    """How many lines of a file are of one kind, and their sum in cents."""

    status: str
    label: str
    count: int
    amount_cents: int


def tallies(file_id: int, actor: Actor) -> list[Tally]:
    """Count the lines of a file by kind, those that the agent may see (one query)."""
    rows = Line.objects.filter(file_id=file_id, crous_id__in=actor.scope.crous).values("status")
    counted = {row["status"]: row for row in rows.annotate(count=Count("pk"), total=Sum("amount_cents"))}
    return [
        Tally(status.value, str(status.label), row["count"], row["total"])
        for status in LineStatus
        if (row := counted.get(status.value))
    ]


def count_settled(file_id: int, actor: Actor) -> tuple[int, int]:
    """Count the matched lines of a file whose payment is settled, and all the matched ones (one query)."""
    rows = Line.objects.filter(file_id=file_id, crous_id__in=actor.scope.crous, status=LineStatus.FITS)
    counted = rows.aggregate(settled=Count("pk", filter=~Q(event__status=EventStatus.NEW)), every=Count("pk"))
    return counted["settled"], counted["every"]


def _waiting(actor: Actor) -> QuerySet[Line]:
    return Line.objects.filter(status__in=WAITING, crous_id__in=actor.scope.crous)


def lines_waiting(actor: Actor, limit: int = 100) -> list[Line]:
    """List the lines that an agent must look at, the most urgent first (one query)."""
    rows = _waiting(actor).select_related("file", "notice__order").defer("file__raw")
    return list(rows.order_by("due_on", "pk")[:limit])


def count_waiting(actor: Actor) -> int:
    """Count them, for the desk's queue."""
    return _waiting(actor).count()


def line_for(pk: int, actor: Actor) -> Line | None:
    """Give a line that the agent may see, with what it belongs to (one query)."""
    rows = Line.objects.filter(pk=pk, crous_id__in=actor.scope.crous).defer("file__raw", "event__raw")
    return rows.select_related("file", "event", "notice__order").first()


def lines_late(actor: Actor, now: datetime, limit: int = 100) -> list[Line]:
    """List the lines matched and not settled on their last day: something is broken (one query)."""
    rows = Line.objects.filter(
        crous_id__in=actor.scope.crous, status=LineStatus.FITS, event__status=EventStatus.NEW,
        due_on__lt=paris_day(now),
    )  # fmt: skip
    return list(rows.select_related("notice__order").order_by("due_on", "pk")[:limit])


def _today(at: datetime, crous_id: int) -> date:
    """Say which day it is at a Crous."""
    return at.astimezone(ZoneInfo(crous.crous_of(crous_id).timezone)).date()


def unread_events(file_id: int, first: int, last: int) -> list[int]:
    """Give the events to settle of a stretch of lines, in their order (one query)."""
    rows = Line.objects.filter(file_id=file_id, number__range=(first, last), event__status=EventStatus.NEW)
    return list(rows.order_by("number").values_list("event_id", flat=True))


def files_left(now: datetime) -> list[int]:
    """Give the files whose reading has not moved for two minutes: their job was lost (one query)."""
    rows = ReturnFile.objects.filter(status__in=UNFINISHED, moved_at__lt=now - UNREAD_FOR)
    return list(rows.order_by("pk").values_list("pk", flat=True))
