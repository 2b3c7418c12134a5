"""Mails to an address, for who has no inbox here, or not yet."""

from datetime import datetime
from typing import Any

from django.db import transaction

from messervices.foundations.notifications.models import OutgoingMail
from messervices.foundations.notifications.states import MailStatus
from messervices.kernel import clock, jobs
from messervices.kernel.action import inside_action


@inside_action
def queue_mail(*, to: str, language: str, template: str, params: dict[str, Any], now: datetime) -> OutgoingMail:
    """Queue the mail ``<template>.subject`` and ``<template>.txt`` to an address, in ``fr`` or ``en`` (two queries).

    It is rendered as it leaves; ``params`` are emptied then.
    """
    mail = OutgoingMail.objects.create(
        to=to,
        language=language,
        template=template,
        params=params,
        created_at=now,
        mail_status=MailStatus.QUEUED,
        due_at=now,
    )
    jobs.enqueue("foundations.notifications.tasks.send_mail", mail_id=mail.pk)
    return mail


def queue_written(*, to: str, subject: str, text: str, html: str) -> None:
    """Queue a mail that is written already (``MAIL_QUEUE``): of rooms that stand below this one.

    They are called by libraries that know no instant, so the clock is read here, at that edge; a transaction is opened
    unless one is.
    """
    with transaction.atomic():
        queue_mail(
            to=to, language="", template="", params={"subject": subject, "text": text, "html": html}, now=clock.now()
        )
