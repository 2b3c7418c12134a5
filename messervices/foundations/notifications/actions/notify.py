"""Telling a person something: a row in their inbox, in the transaction of what is told."""

import secrets
from datetime import datetime
from typing import Any

from django.conf import settings

from messervices.foundations.notifications import rules
from messervices.foundations.notifications.actions.moves import enqueue_sending
from messervices.foundations.notifications.models import Contact, Message, Sms
from messervices.foundations.notifications.states import MAIL_STEPS, MailStatus, SmsStatus
from messervices.kernel.action import action, inside_action
from messervices.kernel.messages import message_kind


@inside_action
def notify(
    *,
    person_id: int,
    crous_id: int,
    kind: str,
    params: dict[str, Any],
    link: str,
    now: datetime,
    document_id: int | None = None,
    mail: bool = True,
) -> Message:
    """Write to a person; one query, two when a mail leaves without waiting for a document.

    ``kind`` is ``room.name``, is told in that room's ``MESSAGES`` and has templates there (see the README); ``params``
    is what they need, and never holds an INE or an IBAN: it is kept. ``link`` is a path of ours. With ``document_id``
    the mail waits for the sealed PDF and carries it. ``crous_id`` is the Crous that writes, 0 for none. A kind that is
    urgent asks whether the person has a number (one query), and writes an SMS if they do (two).
    """
    rules.template_of(kind, "mail")
    urgent = message_kind(kind).urgent
    status = MailStatus.NONE
    if mail:
        status = MailStatus.QUEUED if document_id is None else MailStatus.WAITING
    message = Message.objects.create(
        person_id=person_id,
        crous_id=crous_id,
        kind=kind,
        params=params,
        link=link,
        document_id=document_id,
        urgent=urgent,
        created_at=now,
        mail_status=status,
        due_at=now if status == MailStatus.QUEUED else None,
    )
    if status == MailStatus.QUEUED:
        enqueue_sending(Message, message.pk)
    if urgent:
        _text(message, now)
    return message


def _text(message: Message, now: datetime) -> None:
    """Write the SMS of an urgent message, to who gave a number and wants SMS, where there is somebody to carry it."""
    if not settings.SMS_CARRIER:
        return
    reachable = Contact.objects.filter(person_id=message.person_id, sms=True, phone_failed_at=None).exclude(phone="")
    if not reachable.exists():
        return
    sms = Sms.objects.create(
        message=message,
        person_id=message.person_id,
        status=SmsStatus.QUEUED,
        due_at=now,
        reference=f"sms-{message.pk}-{secrets.token_hex(6)}",
        created_at=now,
    )
    enqueue_sending(Sms, sms.pk)


@action
def queue_waiting(*, document_id: int, now: datetime) -> int:
    """Let go the mails that waited for a document's file; give how many. Twice is once."""
    sources, target = MAIL_STEPS.steps["queue"]
    waiting = Message.objects.select_for_update(of=("self",)).filter(document_id=document_id, mail_status__in=sources)
    found = list(waiting.values_list("pk", flat=True))
    if found:
        Message.objects.filter(pk__in=found).update(mail_status=target, due_at=now)
    for message_id in found:
        enqueue_sending(Message, message_id)
    return len(found)
