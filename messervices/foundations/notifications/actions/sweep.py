"""Mails left behind: by a job that was lost, a sender that was killed, a mail server that did not answer."""

from datetime import datetime
from typing import Any

from django.db.models import Q

from messervices.foundations.notifications import rules
from messervices.foundations.notifications.models import Message, Outgoing, OutgoingMail
from messervices.foundations.notifications.states import MAIL_STEPS, MailStatus
from messervices.kernel import jobs
from messervices.kernel.action import action

_AT_ONCE = 500
_JOBS: dict[type[Outgoing], tuple[str, str]] = {
    Message: ("foundations.notifications.tasks.send_message", "message_id"),
    OutgoingMail: ("foundations.notifications.tasks.send_mail", "mail_id"),
}


@action
def sweep(*, now: datetime) -> int:
    """Queue again what is due, give up what was tried too often, free what waits for nothing; give how many."""
    _free_waiting(now)
    return sum(_drive(table, now) for table in _JOBS)


def _drive(table: type[Outgoing], now: datetime) -> int:
    """Give a job to every mail whose hour, or whose sender's lease, has passed; the oldest first."""
    rows = table.objects.select_for_update(skip_locked=True)  # type: ignore[attr-defined]  # abstract: its tables have it
    on_the_way = rows.filter(mail_status__in=[MailStatus.QUEUED, MailStatus.SENDING], due_at__lt=now - rules.LATE)
    keys = list(on_the_way.order_by("due_at").values_list("pk", flat=True)[:_AT_ONCE])
    found = table.objects.filter(pk__in=keys)  # type: ignore[attr-defined]  # the same
    emptied: dict[str, Any] = {"params": {}} if table is OutgoingMail else {}
    found.filter(mail_attempts__gte=rules.MAX_ATTEMPTS).update(mail_status=MAIL_STEPS.steps["give_up"][1], **emptied)
    sources, target = MAIL_STEPS.steps["put_back"]
    found.filter(mail_status__in=sources).update(mail_status=target)
    again = list(found.filter(mail_status=target).values_list("pk", flat=True))
    found.filter(pk__in=again).update(due_at=now)
    name, argument = _JOBS[table]
    for key in again:
        jobs.enqueue(name, **{argument: key})
    return len(again)


def _free_waiting(now: datetime) -> None:
    """Let go the mails whose document was sealed without anybody telling, or was cancelled."""
    waiting = Message.objects.filter(mail_status=MailStatus.WAITING, created_at__lt=now - rules.LEASE)
    waiting.filter(document__cancelled_at__isnull=False).update(mail_status=MAIL_STEPS.steps["drop"][1])
    sealed = waiting.filter(document__cancelled_at=None, document__file__isnull=False)
    sealed.update(mail_status=MAIL_STEPS.steps["queue"][1], due_at=now - 2 * rules.LATE)


@action
def try_again(*, message_id: int, now: datetime) -> bool:
    """Queue once more a mail that was given up, for an agent who was asked for it; ``False`` when it was not."""
    sources, target = MAIL_STEPS.steps["try_again"]
    failed = Message.objects.filter(pk=message_id, mail_status__in=sources)
    if not failed.update(mail_status=target, mail_attempts=0, due_at=now):
        return False
    jobs.enqueue("foundations.notifications.tasks.send_message", message_id=message_id)
    return True


@action
def forget(*, now: datetime) -> int:
    """Delete the mails to addresses that left, or were given up, 30 days ago; give how many."""
    over = Q(mail_status__in=[MailStatus.SENT, MailStatus.FAILED], created_at__lt=now - rules.KEPT)
    deleted, _tables = OutgoingMail.objects.filter(over).delete()
    return deleted
