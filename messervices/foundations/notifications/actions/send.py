"""Handing a mail over to the mail server: claimed by one statement, sent outside any transaction, then marked.

A kill between sending and marking may send a mail twice. It then has the same Message-ID, so mail programs show one.
"""

import smtplib
from collections.abc import Callable
from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db.models import F

from messervices.foundations.accounts.models import User
from messervices.foundations.crous import selectors as crous
from messervices.foundations.documents import actions as documents
from messervices.foundations.notifications import rules
from messervices.foundations.notifications.models import Message, Outgoing, OutgoingMail
from messervices.foundations.notifications.providers.letter import Letter, compose, compose_template
from messervices.foundations.notifications.states import MAIL_STEPS
from messervices.kernel import crash
from messervices.kernel.errors import Refusal


def send_message(*, message_id: int, now: datetime) -> bool:
    """Send the mail of a message, with its sealed document. ``False`` when there is nothing to send, or not now."""
    if not _claim(Message, message_id, now):
        return False
    crash.point("notifications.claimed")
    message = Message.objects.select_related("person", "document").get(pk=message_id)
    reader = User.objects.filter(person_id=message.person_id, is_active=True).only("email", "language").first()
    if reader is None:
        return _move(Message, message_id, "drop")
    try:
        pdf = documents.sealed_pdf(message.document_id, now) if message.document_id else None
    except Refusal:  # cancelled meanwhile: the inbox says so, a mail would say the contrary
        return _move(Message, message_id, "drop")
    letter = compose(
        kind=message.kind,
        params=message.params,
        language=reader.language,
        first_name=message.person.first_names.split(" ")[0].strip(","),
        link=message.link,
        crous=crous.crous_of(message.crous_id).name if message.crous_id else "",
    )
    mail = _mail(letter, reader.email, message, reader.language)
    if pdf is not None and message.document is not None:
        mail.attach(f"{message.document.number}.pdf", pdf, "application/pdf")
    return _hand_over(Message, message_id, message.mail_attempts, mail.send, now)


def send_mail(*, mail_id: int, now: datetime) -> bool:
    """Send a mail to an address, forgetting its words as it leaves. ``False`` when there is none, or not now."""
    if not _claim(OutgoingMail, mail_id, now):
        return False
    crash.point("notifications.claimed")
    row = OutgoingMail.objects.get(pk=mail_id)
    letter = compose_template(template=row.template, params=row.params, language=row.language)
    mail = _mail(letter, row.to, row, row.language)
    return _hand_over(OutgoingMail, mail_id, row.mail_attempts, mail.send, now)


def _claim(table: type[Outgoing], key: int, now: datetime) -> bool:
    """Take a mail for ourselves: one statement, so of two who claim one does."""
    sources, target = MAIL_STEPS.steps["claim"]
    rows = table.objects.filter(pk=key, mail_status__in=sources, due_at__lte=now, mail_attempts__lt=rules.MAX_ATTEMPTS)  # type: ignore[attr-defined]  # abstract: its tables have it
    return bool(rows.update(mail_status=target, mail_attempts=F("mail_attempts") + 1, due_at=now + rules.LEASE))


def _mail(letter: Letter, to: str, row: Outgoing, language: str) -> EmailMultiAlternatives:
    host = urlsplit(settings.SITE_URL).hostname or "localhost"
    created = int(row.created_at.timestamp())  # type: ignore[attr-defined]  # every table of mails has it
    headers = {
        "Message-ID": rules.message_id(row._meta.model_name or "", row.pk, created, host),  # noqa: SLF001 - documented
        "Content-Language": language,
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
    }
    mail = EmailMultiAlternatives(letter.subject, letter.text, settings.DEFAULT_FROM_EMAIL, [to], headers=headers)
    mail.attach_alternative(letter.html, "text/html")
    return mail


def _hand_over(table: type[Outgoing], key: int, attempts: int, send: Callable[[], int], now: datetime) -> bool:
    """Send, and mark what came of it: sent, to be tried again later, or given up."""
    try:
        send()
    except smtplib.SMTPRecipientsRefused:
        return _move(table, key, "give_up")  # the address does not exist: trying again would not make it
    except (OSError, smtplib.SMTPException):
        if attempts >= rules.MAX_ATTEMPTS:
            return _move(table, key, "give_up")
        return _move(table, key, "put_back", due_at=now + rules.wait_after(attempts))
    crash.point("notifications.handed_over")
    _move(table, key, "hand_over", sent_at=now)
    return True


def _move(table: type[Outgoing], key: int, step: str, **changes: object) -> bool:
    """Move a mail one step, if it is where the step begins. What leaves or is given up holds no words of ours."""
    sources, target = MAIL_STEPS.steps[step]
    if table is OutgoingMail and step in ("hand_over", "give_up"):
        changes["params"] = {}
    table.objects.filter(pk=key, mail_status__in=sources).update(mail_status=target, **changes)  # type: ignore[attr-defined]  # abstract: its tables have it
    return False
