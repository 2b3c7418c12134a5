"""What was left behind: by a job that was lost, a sender that was killed, a server that did not answer."""

from datetime import datetime
from typing import Any

from django.db.models import Q

from messervices.foundations.notifications import rules
from messervices.foundations.notifications.actions.moves import enqueue_sending, move
from messervices.foundations.notifications.models import Message, Outgoing, OutgoingMail, Report, Sms
from messervices.foundations.notifications.providers import post
from messervices.foundations.notifications.states import (
    MAIL_STEPS,
    SMS_STEPS,
    MailStatus,
    Outcome,
    ReportStatus,
    SmsStatus,
)
from messervices.kernel import jobs
from messervices.kernel.action import action

_AT_ONCE = 500
_ON_THE_WAY = [MailStatus.QUEUED, MailStatus.SENDING, MailStatus.HANDING]


@action
def sweep(*, now: datetime) -> int:
    """Queue again what is due, give up what was tried too often, free what waits for nothing; give how many."""
    _free_waiting(now)
    return sum(_drive(table, now) for table in (Message, OutgoingMail)) + _drive_sms(now) + _drive_reports(now)


def _drive(table: type[Outgoing], now: datetime) -> int:
    """Give a job to every mail whose hour, or whose sender's lease, has passed; the oldest first.

    Its sender may have been killed while handing it over: then it may have left. Only a backend that would know it
    again gets it again.
    """
    late = Q(mail_status__in=_ON_THE_WAY, due_at__lt=now - rules.LATE)
    rows: Any = table.objects  # type: ignore[attr-defined]  # abstract: its tables have it
    picked = list(rows.filter(late).order_by("due_at").values_list("pk", "mail_id")[:_AT_ONCE])
    whole = Q(pk__in=[key for key, _name in picked]) | Q(mail_id__in={name for _key, name in picked} - {""})
    keys = list(rows.select_for_update(skip_locked=True).filter(late & whole).values_list("pk", flat=True))
    if not keys:
        return 0
    cut = list(rows.filter(pk__in=keys, mail_status=MailStatus.HANDING).values_list("pk", flat=True))
    if cut and not post.knows_again():
        move(table, cut, "lose", outcome=Outcome.UNSURE)
    tired = list(rows.filter(pk__in=keys, mail_attempts__gte=rules.MAX_ATTEMPTS).values_list("pk", flat=True))
    move(table, tired, "give_up", outcome=Outcome.NO_ANSWER)
    move(table, keys, "put_back")
    again = list(
        rows.filter(pk__in=keys, mail_status=MailStatus.QUEUED).order_by("due_at").values_list("pk", flat=True)
    )
    rows.filter(pk__in=again).update(due_at=now)
    for key in again:
        enqueue_sending(table, key)
    return len(again)


def _drive_sms(now: datetime) -> int:
    """The same for SMS; one that may have left is asked about."""
    late = Sms.objects.select_for_update(skip_locked=True).filter(due_at__lt=now - rules.LATE)
    found = list(late.order_by("due_at").values_list("pk", "status", "attempts")[:_AT_ONCE])
    for key, status, attempts in found:
        step = {SmsStatus.HANDING: "lose", SmsStatus.SENDING: "put_back"}.get(SmsStatus(status))
        changes: dict[str, Any] = {"due_at": now}
        if step == "lose":
            changes["outcome"] = Outcome.UNSURE
        elif status != SmsStatus.UNKNOWN and attempts >= rules.MAX_ATTEMPTS:
            step, changes = "give_up", {"due_at": None, "outcome": Outcome.NO_ANSWER}
        if step:
            changes["status"] = SMS_STEPS.target(step, status)
        Sms.objects.filter(pk=key).update(**changes)
        if changes.get("status", status) == SmsStatus.UNKNOWN:
            jobs.enqueue("foundations.notifications.tasks.ask_sms", sms_id=key)
        elif step != "give_up":
            enqueue_sending(Sms, key)
    return len(found)


def _drive_reports(now: datetime) -> int:
    """Have the reports read that nobody read."""
    late = Report.objects.filter(status=ReportStatus.NEW, received_at__lt=now - rules.LATE)
    keys = list(late.order_by("received_at").values_list("pk", flat=True)[:_AT_ONCE])
    for key in keys:
        jobs.enqueue("foundations.notifications.tasks.read_report", report_id=key)
    return len(keys)


def _free_waiting(now: datetime) -> None:
    """Let go the mails whose document was sealed without anybody telling, or was cancelled."""
    waiting = Message.objects.filter(mail_status=MailStatus.WAITING, created_at__lt=now - rules.LEASE)
    waiting.filter(document__cancelled_at__isnull=False).update(mail_status=MAIL_STEPS.steps["drop"][1])
    sealed = waiting.filter(document__cancelled_at=None, document__file__isnull=False)
    sealed.update(mail_status=MAIL_STEPS.steps["queue"][1], due_at=now - 2 * rules.LATE)


@action
def forget(*, now: datetime) -> int:
    """Delete the mails to addresses that left, or were given up, 30 days ago, and old reports; give how many."""
    over = Q(mail_status__in=[MailStatus.SENT, MailStatus.UNKNOWN, MailStatus.FAILED], created_at__lt=now - rules.KEPT)
    mails, _tables = OutgoingMail.objects.filter(over).delete()
    old = Report.objects.exclude(status=ReportStatus.NEW).filter(received_at__lt=now - rules.REPORTS_KEPT)
    reports, _tables = old.delete()
    return mails + reports
