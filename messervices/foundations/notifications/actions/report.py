"""What a mail server or a provider tells us of a mail: kept as it came, then read, once."""

import hashlib
from datetime import datetime

from django.conf import settings
from django.db import IntegrityError, connection, transaction

from messervices.foundations.accounts import actions as accounts
from messervices.foundations.accounts.rules import Rate
from messervices.foundations.notifications import rules
from messervices.foundations.notifications.actions.dead import mark_dead
from messervices.foundations.notifications.actions.moves import move, move_sms
from messervices.foundations.notifications.models import Contact, Message, OutgoingMail, Report, Sms
from messervices.foundations.notifications.providers import returned
from messervices.foundations.notifications.providers.returned import Told
from messervices.foundations.notifications.states import Outcome, ReportKind, ReportSource, ReportStatus
from messervices.kernel import crash, jobs
from messervices.kernel.action import action
from messervices.kernel.messages import message_kind

LONGEST_REPORT = 256 * 1024
"""Bytes kept of one report: what it says stands at its beginning, what follows quotes our own mail."""

RETURNED_AN_HOUR = Rate(20_000, 3600)
"""Mails that come back to us in an hour, at most: anybody can write to that mailbox."""

_KEEP = """
    insert into notifications_report (source, raw, sha256, kind, status, code, mail_id, received_at, crous_id)
    values (%s, %s, %s, '', 'new', '', '', %s, 0) on conflict (sha256) do nothing returning id
"""


def receive_notice(*, raw: bytes, signature: str, now: datetime) -> bool:
    """Keep a provider's notice, whatever it says; ``False``, and nothing kept, when no key of ours signed it."""
    keys = (settings.MAIL_REPORT_KEY, settings.MAIL_REPORT_KEY_PREVIOUS)
    if not returned.signed(raw, signature, keys, now):
        return False
    _keep(source=ReportSource.WEBHOOK, raw=raw, now=now)
    return True


def receive_returned(*, raw: bytes, now: datetime) -> bool:
    """Keep a mail that came back; ``False`` when too many came in an hour: it waits in the mailbox for the next one."""
    if Report.objects.filter(sha256=hashlib.sha256(raw).digest()).exists():
        return True
    if not accounts.take_rate(RETURNED_AN_HOUR, now, "mail_returned"):
        return False
    _keep(source=ReportSource.RETURNED, raw=raw, now=now)
    return True


@action
def _keep(*, source: ReportSource, raw: bytes, now: datetime) -> None:
    """Write it down and queue its reading, in one transaction. The same bytes are kept once."""
    with connection.cursor() as cursor:
        cursor.execute(_KEEP, (source.value, raw[:LONGEST_REPORT], hashlib.sha256(raw).digest(), now))
        row = cursor.fetchone()
    if row:
        jobs.enqueue("foundations.notifications.tasks.read_report", report_id=row[0])


@action
def read_report(*, report_id: int, now: datetime) -> str:
    """Read a report and do what it asks for, in one transaction; give its ``ReportStatus``, "" when it was read."""
    report = Report.objects.select_for_update().filter(pk=report_id, status=ReportStatus.NEW).first()
    if report is None:
        return ""
    raw = bytes(report.raw)
    told = returned.read_notice(raw) if report.source == ReportSource.WEBHOOK else returned.read_mail(raw)
    report.kind, report.code, report.mail_id = told.kind, told.code[:16], told.mail_id
    report.status = _apply(report, told, now)
    report.read_at = now
    crash.point("notifications.report_applied")
    report.save()
    return report.status


def _apply(report: Report, told: Told, now: datetime) -> ReportStatus:
    """Do what a report asks for, to the mail that it names."""
    if told.kind == ReportKind.NONSENSE:
        return ReportStatus.IDLE
    if told.key is not None:
        try:
            with transaction.atomic():
                Report.objects.filter(pk=report.pk).update(event_key=told.key[:250])
        except IntegrityError:
            return ReportStatus.REPEATED
        report.event_key = told.key[:250]
    if not told.mail_id:
        return ReportStatus.UNKNOWN
    messages = list(Message.objects.filter(mail_id=told.mail_id).order_by("pk"))
    if messages:
        report.person_id, report.crous_id = messages[0].person_id, messages[0].crous_id
        return _done(_apply_to_messages(messages, told, now))
    mail = OutgoingMail.objects.filter(mail_id=told.mail_id).first()
    if mail is not None:
        return _done(_apply_to_mail(mail, told, now))
    sms = Sms.objects.filter(reference=told.mail_id).first()
    if sms is not None:
        report.person_id = sms.person_id
        return _done(_apply_to_sms(sms, told, now))
    return ReportStatus.UNKNOWN


def _done(changed: bool) -> ReportStatus:  # noqa: FBT001 - the one thing it is told
    return ReportStatus.APPLIED if changed else ReportStatus.IDLE


def _apply_to_messages(messages: list[Message], told: Told, now: datetime) -> bool:
    keys = [one.pk for one in messages]
    if told.kind == ReportKind.DELIVERED:
        return bool(move(Message, keys, "confirm", sent_at=now, outcome=""))
    if told.kind == ReportKind.HARD:
        moved = move(Message, keys, "bounce", outcome=Outcome.BOUNCED)
        marked = mark_dead(digest=messages[0].address_digest, code=told.code, keys=keys, now=now)
        return bool(moved) or marked
    if told.kind == ReportKind.REFUSED:
        return bool(move(Message, keys, "bounce", outcome=Outcome.REFUSED))
    if told.kind == ReportKind.SOFT:
        return _try_later(messages, keys, now)
    return _stop(messages) if told.kind == ReportKind.COMPLAINT else False


def _try_later(messages: list[Message], keys: list[int], now: datetime) -> bool:
    """A mailbox that is full or out of reach is left alone for longer and longer, then given up."""
    bounces = max(one.bounces for one in messages) + 1
    if bounces > rules.MAX_BOUNCES:
        return bool(move(Message, keys, "bounce", outcome=Outcome.FULL))
    due_at = now + rules.wait_after_bounce(bounces)
    changes = {"due_at": due_at, "bounces": bounces, "mail_attempts": 0, "sent_at": None, "outcome": ""}
    return bool(move(Message, keys, "wait_and_retry", **changes))


def _stop(messages: list[Message]) -> bool:
    """Who calls a mail unwanted has no more of its kind, where that may be; the rest is the law's, and goes on."""
    topics = {message_kind(one.kind).topic for one in messages if message_kind(one.kind).may_stop}
    if not topics:
        return False
    contact, _made = Contact.objects.select_for_update().get_or_create(person_id=messages[0].person_id)
    more = topics - set(contact.mail_off)
    contact.mail_off = sorted({*contact.mail_off, *topics})
    contact.save(update_fields=["mail_off"])
    return bool(more)


def _apply_to_mail(mail: OutgoingMail, told: Told, now: datetime) -> bool:
    """A mail to an address has lost its words: it is not sent again, whatever came of it."""
    if told.kind == ReportKind.DELIVERED:
        return bool(move(OutgoingMail, [mail.pk], "confirm", sent_at=now, outcome=""))
    outcomes = {ReportKind.HARD: Outcome.BOUNCED, ReportKind.SOFT: Outcome.FULL, ReportKind.REFUSED: Outcome.REFUSED}
    outcome = outcomes.get(ReportKind(told.kind))
    if outcome is None:
        return False
    moved = bool(move(OutgoingMail, [mail.pk], "bounce", outcome=outcome))
    marked = outcome == Outcome.BOUNCED and mark_dead(digest=mail.address_digest, code=told.code, keys=[], now=now)
    return moved or marked


def _apply_to_sms(sms: Sms, told: Told, now: datetime) -> bool:
    """A number that takes no SMS is not written to again, until its owner gives it anew."""
    if told.kind == ReportKind.DELIVERED:
        return bool(move_sms(sms.pk, "confirm", sent_at=now, due_at=None, outcome=""))
    if told.kind not in {ReportKind.HARD, ReportKind.SOFT, ReportKind.REFUSED}:
        return False
    moved = bool(move_sms(sms.pk, "bounce", outcome=Outcome.BOUNCED, due_at=None))
    if moved and told.kind == ReportKind.HARD:
        Contact.objects.filter(person_id=sms.person_id).update(phone_failed_at=now)
    return moved
