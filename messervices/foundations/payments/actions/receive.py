"""A bank's notice comes in: kept as it came, a job to read it queued, and nothing else."""

import hashlib
import json
from dataclasses import asdict
from datetime import datetime, timedelta

from django.db import connection

from messervices.foundations.payments.models import OutsideEvent
from messervices.foundations.payments.providers import rail_named
from messervices.foundations.payments.providers.rail import Facts
from messervices.foundations.payments.states import EventKind, EventStatus, Verdict
from messervices.kernel import crash, jobs
from messervices.kernel.action import action, inside_action

REFUSED_A_MINUTE = 60
"""Notices that are not authentic are kept for the record, but not more than this a minute."""

_KEEP = """
    insert into payments_outsideevent (rail, kind, raw, sha256, verdict, facts, status, effect, received_at, crous_id,
        reason)
    values (%s, %s, %s, %s, %s, %s, %s, '', %s, 0, '')
    on conflict (rail, sha256) do update set
        verdict = excluded.verdict, facts = excluded.facts, status = excluded.status
        where payments_outsideevent.status = 'refused' and excluded.status = 'new'
    returning id
"""


@action
def receive(*, rail: str, raw: bytes, now: datetime) -> Verdict:
    """Keep a notice, exactly as it came; queue its reading in the same transaction. The same bytes are kept once.

    A notice refused under an old key is believed when it comes again after the key was put right. Two queries.
    """
    notice = rail_named(rail).read(raw)
    crash.point("payments.before_store")
    if notice.verdict != Verdict.GOOD and _too_many_refused(now):
        return notice.verdict
    event_id = keep(rail=rail, kind=EventKind.NOTICE, raw=raw, verdict=notice.verdict, facts=notice.facts, now=now)
    if event_id is not None and notice.verdict == Verdict.GOOD:
        jobs.enqueue("foundations.payments.tasks.read_inbox", event_id=event_id)
    return notice.verdict


@inside_action
def keep(*, rail: str, kind: EventKind, raw: bytes, verdict: Verdict, facts: Facts | None, now: datetime) -> int | None:
    """Write an outside event; give its number, or ``None`` when these bytes are known already (one query)."""
    status = EventStatus.NEW if verdict == Verdict.GOOD else EventStatus.REFUSED
    told = json.dumps(asdict(facts)) if facts is not None else None
    with connection.cursor() as cursor:
        values = (rail, kind.value, raw, hashlib.sha256(raw).digest(), verdict.value, told, status.value, now)
        cursor.execute(_KEEP, values)
        row = cursor.fetchone()
    return row[0] if row else None


def _too_many_refused(now: datetime) -> bool:
    last_minute = OutsideEvent.objects.filter(status=EventStatus.REFUSED, received_at__gt=now - timedelta(minutes=1))
    return last_minute[:REFUSED_A_MINUTE].count() >= REFUSED_A_MINUTE
