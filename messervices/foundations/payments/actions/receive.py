"""A bank's notice comes in: kept as it came, a job to read it queued, and nothing else."""

import hashlib
import json
from dataclasses import asdict, replace
from datetime import datetime, timedelta

from django.db import connection

from messervices.foundations.payments import rules
from messervices.foundations.payments.models import Attempt, Capture, OutsideEvent
from messervices.foundations.payments.providers import rail_named
from messervices.foundations.payments.providers.rail import Facts, Notice
from messervices.foundations.payments.states import AttemptStatus, Effect, EventKind, EventStatus, Verdict
from messervices.kernel import crash, jobs
from messervices.kernel.action import action, inside_action

REFUSED_A_MINUTE = 60
"""Notices that are not authentic are kept for the record, but not more than this a minute."""

LONGEST_SIGNATURE = 600
"""Signs of the header that are kept as evidence."""

_KEEP = """
    insert into payments_outsideevent (rail, kind, raw, signature, sha256, verdict, facts, status, effect, received_at,
        read_at, crous_id, reason)
    values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 0, '')
    on conflict (rail, sha256) do update set
        verdict = excluded.verdict, facts = excluded.facts, status = excluded.status, signature = excluded.signature,
        effect = excluded.effect, read_at = excluded.read_at
        where payments_outsideevent.status = 'refused' and excluded.status <> 'refused'
    returning id
"""


@action
def receive(*, rail: str, raw: bytes, now: datetime, signature: str = "") -> Verdict:
    """Keep a notice, exactly as it came; queue its reading in the same transaction. The same bytes are kept once.

    ``signature`` is the header that signs the bytes, where the bytes do not. A notice refused under an old key is
    believed when it comes again after the key was put right. A hint is never read: the bank is asked. Two queries.
    """
    notice = _named(rail, rail_named(rail).read(raw, signature, now))
    crash.point("payments.before_store")
    good = notice.verdict == Verdict.GOOD
    event_id = None
    if good or not _too_many_refused(now):
        event_id = keep(
            rail=rail, kind=EventKind.NOTICE, raw=raw, verdict=notice.verdict, facts=notice.facts, now=now,
            signature=signature,
        )  # fmt: skip
    if good and event_id is not None and notice.facts is not None:
        jobs.enqueue("foundations.payments.tasks.read_inbox", event_id=event_id)
    if notice.verdict == Verdict.HINT:
        _ask_about(rail, notice.ref, now, is_news=event_id is not None)
    return notice.verdict


@inside_action
def keep(
    *,
    rail: str,
    kind: EventKind,
    raw: bytes,
    verdict: Verdict,
    facts: Facts | None,
    now: datetime,
    signature: str = "",
) -> int | None:
    """Write an outside event; give its number, or ``None`` when these bytes are known already (one query).

    An authentic one without facts says nothing of a payment: it is kept, and there is nothing to read.
    """
    status = EventStatus.REFUSED if verdict != Verdict.GOOD else EventStatus.NEW if facts else EventStatus.DONE
    told = asdict(facts) if facts is not None else {} if verdict == Verdict.GOOD else None
    effect, read_at = (Effect.NOTED.value, now) if status == EventStatus.DONE else ("", None)
    with connection.cursor() as cursor:
        values = (
            rail, kind.value, raw, signature[:LONGEST_SIGNATURE], hashlib.sha256(raw).digest(), verdict.value,
            json.dumps(told) if told is not None else None, status.value, effect, now, read_at,
        )  # fmt: skip
        cursor.execute(_KEEP, values)
        row = cursor.fetchone()
    return row[0] if row else None


def _named(rail: str, notice: Notice) -> Notice:
    """Find the attempt of money that a bank names by its own number alone (a dispute), when we booked that money."""
    facts = notice.facts
    if facts is None or facts.number or not facts.tx_id:
        return notice
    known = Capture.objects.filter(rail=rail, rail_tx_id=facts.tx_id).values_list("attempt__number", flat=True).first()
    return replace(notice, facts=replace(facts, number=known or facts.tx_id))


def _ask_about(rail: str, ref: str, now: datetime, *, is_news: bool) -> None:
    """Have the bank asked about the attempt that a hint names: at once, or by the next sweep when it says so again.

    The same words within fifteen seconds may mean something new (the person gave up, then paid), and may be anybody's:
    a flood of them is a question a minute. Also about an attempt that had ended. Nobody proves anything by a hint.
    """
    tries = Attempt.objects.filter(rail=rail, rail_ref=ref).exclude(status=AttemptStatus.CAPTURED)
    attempt = tries.select_for_update().first()
    if attempt is None:
        return
    soon = not is_news and attempt.asked_at is not None and attempt.asked_at > now - rules.QUESTION_EVERY
    attempt.ask_at = now + rules.QUESTION_EVERY  # also should the bank be silent now
    if not soon:
        attempt.asked_at = now
        jobs.enqueue("foundations.payments.tasks.ask_bank", attempt_id=attempt.pk)
    attempt.save(update_fields=["asked_at", "ask_at"])


def _too_many_refused(now: datetime) -> bool:
    last_minute = OutsideEvent.objects.filter(status=EventStatus.REFUSED, received_at__gt=now - timedelta(minutes=1))
    return last_minute[:REFUSED_A_MINUTE].count() >= REFUSED_A_MINUTE
