"""Taking what one mail will carry: one sender a person at a time, and a minute between two mails."""

import secrets
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection
from django.db.models import F, Q, QuerySet

from messervices.foundations.notifications import rules
from messervices.foundations.notifications.models import Contact, Message, Outgoing, OutgoingMail
from messervices.foundations.notifications.states import MAIL_STEPS, MailStatus
from messervices.kernel import jobs
from messervices.kernel.action import action

_LOCK = """
    insert into notifications_contact (person_id, phone, sms, mail_off) values (%s, '', true, '{}')
    on conflict (person_id) do update set person_id = excluded.person_id returning mailed_at
"""
"""Makes the row or finds it, and holds it until the transaction ends: senders of one person go one after the other."""

_A_MOMENT = timedelta(seconds=1)
"""Added to the wait of a job, so that it does not begin just before its mail is due."""


@action
def take(*, message_id: int, now: datetime) -> str:
    """Take a message, with all that waits for the same person; give the Message-ID of their mail, "" for none.

    An urgent one goes alone and at once. The others leave a minute after the last mail to that person at the earliest:
    until then they are put off, and whatever comes meanwhile leaves with them. A mail once made keeps its messages.
    """
    found = _due(now).filter(pk=message_id).values("person_id", "urgent", "mail_id").first()
    if found is None:
        return ""
    person_id = found["person_id"]
    mailed_at = _lock(person_id)
    too_soon = mailed_at is not None and now < mailed_at + rules.APART
    if too_soon and mailed_at is not None and not found["urgent"]:
        _put_off(person_id, mailed_at + rules.APART, now)
        return ""
    if found["mail_id"]:
        wanted = Q(mail_id=found["mail_id"])
    elif found["urgent"]:
        wanted = Q(pk=message_id)
    else:
        wanted = Q(person_id=person_id, urgent=False, mail_id="")
    rows = _due(now).filter(wanted).order_by("created_at", "pk")
    keys = list(rows.values_list("pk", flat=True)[: rules.MOST_TOGETHER])
    mail_id = found["mail_id"] or (mail_id_of(Message, keys[0], now) if keys else "")
    if not mail_id or not _claim(Message, keys, mail_id, now):
        return ""
    Contact.objects.filter(person_id=person_id).update(mailed_at=now)
    if len(keys) == rules.MOST_TOGETHER:
        _put_off(person_id, now + rules.APART, now)
    return mail_id


@action
def take_mail(*, mail_id: int, now: datetime) -> str:
    """Take a mail to an address; give its Message-ID, "" when there is none to send, or not now."""
    row = OutgoingMail.objects.filter(pk=mail_id).only("mail_id").first()
    if row is None:
        return ""
    name = row.mail_id or mail_id_of(OutgoingMail, mail_id, now)
    return name if _claim(OutgoingMail, [mail_id], name, now) else ""


def _claim(table: type[Outgoing], keys: list[int], mail_id: str, now: datetime) -> int:
    """Take mails for ourselves, until our lease ends: one statement, so of two who claim one does."""
    sources, target = MAIL_STEPS.steps["claim"]
    rows = table.objects.filter(  # type: ignore[attr-defined]  # abstract: its tables have it
        pk__in=keys, mail_status__in=sources, due_at__lte=now, mail_attempts__lt=rules.MAX_ATTEMPTS
    )
    due_at = now + rules.LEASE
    return int(rows.update(mail_status=target, mail_attempts=F("mail_attempts") + 1, due_at=due_at, mail_id=mail_id))


def mail_id_of(table: type[Outgoing], key: int, now: datetime) -> str:
    """Make a mail's Message-ID, which nobody can guess."""
    host = urlsplit(settings.SITE_URL).hostname or "localhost"
    name = table._meta.model_name or ""  # noqa: SLF001 - the documented door to a model's name
    return rules.message_id(name, key, int(now.timestamp()), secrets.token_hex(8), host)


def _due(now: datetime) -> QuerySet[Message]:
    return Message.objects.filter(mail_status=MailStatus.QUEUED, due_at__lte=now, mail_attempts__lt=rules.MAX_ATTEMPTS)


def _lock(person_id: int) -> datetime | None:
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, (person_id,))
        row = cursor.fetchone()
    return row[0] if row else None


def _put_off(person_id: int, due_at: datetime, now: datetime) -> None:
    """Let all that is due to a person wait for the minute to pass. One job for all: it takes them together."""
    waiting = _due(now).filter(person_id=person_id, urgent=False).order_by("created_at", "pk")
    keys = list(waiting.values_list("pk", flat=True))
    if keys:
        Message.objects.filter(pk__in=keys, mail_status=MailStatus.QUEUED).update(due_at=due_at)
        wait = due_at - now + _A_MOMENT
        jobs.enqueue_after("foundations.notifications.tasks.send_message", wait, message_id=keys[0])
