"""Handing a mail to Django's mail backend, and telling apart what certainly did not leave from what may have."""

import smtplib
import socket

from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend

from messervices.foundations.notifications import rules
from messervices.foundations.notifications.providers.answer import Answer, Said

_NEVER_REACHED = (
    ConnectionRefusedError, socket.gaierror, smtplib.SMTPConnectError, smtplib.SMTPHeloError,
    smtplib.SMTPAuthenticationError, smtplib.SMTPNotSupportedError,
)  # fmt: skip


def knows_again() -> bool:
    """Whether the backend knows a mail by its Message-ID, so that handing it over twice leaves one.

    No SMTP server promises that; a backend that does (the demonstration's) says so by ``idempotent = True``.
    """
    return bool(getattr(get_connection(), "idempotent", False))


def hand_over(mail: EmailMessage) -> Answer:
    """Hand a mail to the backend, within its time-out. Bugs are not caught."""
    server = get_connection()
    try:
        server.open()
    except (OSError, smtplib.SMTPException):
        return Answer(Said.LATER)
    try:
        return _send(server, mail)
    finally:
        _close(server)


def _send(server: BaseEmailBackend, mail: EmailMessage) -> Answer:
    try:
        server.send_messages([mail])
    except smtplib.SMTPRecipientsRefused as refused:
        code, said = next(iter(refused.recipients.values()))
        return _refusal(code, said)
    except _NEVER_REACHED:
        return Answer(Said.LATER)
    except smtplib.SMTPResponseException as refused:  # of the sender or of the words: an answer, so it was not taken
        answer = _refusal(refused.smtp_code, refused.smtp_error)
        return Answer(answer.said, meaning="refused" if answer.meaning else "", code=answer.code)
    except (OSError, smtplib.SMTPException):
        return Answer(Said.UNSURE)
    return Answer(Said.TAKEN)


def _refusal(code: int, said: bytes | str) -> Answer:
    """What a server's refusal means: later, or never and why."""
    status = rules.status_in(said.decode(errors="replace") if isinstance(said, bytes) else said)
    meaning = rules.meaning_of(status, code)
    if meaning == "soft":
        return Answer(Said.LATER)
    return Answer(Said.NEVER, meaning=meaning, code=status or str(code))


def _close(server: BaseEmailBackend) -> None:
    """Say good-bye; a server that hangs up first has taken the mail all the same."""
    try:
        server.close()
    except (OSError, smtplib.SMTPException):
        return
