"""Telling a person something: a row in their inbox, in the transaction of what is told."""

from datetime import datetime
from typing import Any

from messervices.foundations.notifications import rules
from messervices.foundations.notifications.models import Message
from messervices.foundations.notifications.states import MAIL_STEPS, MailStatus
from messervices.kernel import jobs
from messervices.kernel.action import action, inside_action


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

    ``kind`` is ``room.name`` and has templates in that room (see the README); ``params`` is what they need, and never
    holds an INE or an IBAN: it is kept. ``link`` is a path of ours. With ``document_id`` the mail waits for the sealed
    PDF and carries it. ``crous_id`` is the Crous that writes, 0 for none.
    """
    rules.template_of(kind, "mail")
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
        created_at=now,
        mail_status=status,
        due_at=now if status == MailStatus.QUEUED else None,
    )
    if status == MailStatus.QUEUED:
        jobs.enqueue("foundations.notifications.tasks.send_message", message_id=message.pk)
    return message


@action
def queue_waiting(*, document_id: int, now: datetime) -> int:
    """Let go the mails that waited for a document's file; give how many. Twice is once."""
    sources, target = MAIL_STEPS.steps["queue"]
    waiting = Message.objects.select_for_update(of=("self",)).filter(document_id=document_id, mail_status__in=sources)
    found = list(waiting.values_list("pk", flat=True))
    if found:
        Message.objects.filter(pk__in=found).update(mail_status=target, due_at=now)
    for message_id in found:
        jobs.enqueue("foundations.notifications.tasks.send_message", message_id=message_id)
    return len(found)
