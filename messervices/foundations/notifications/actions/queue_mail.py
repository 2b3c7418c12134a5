"""Mails to an address, for who has no inbox here, or not yet."""

from datetime import datetime
from typing import Any

from messervices.foundations.notifications.models import OutgoingMail
from messervices.foundations.notifications.states import MailStatus
from messervices.kernel import jobs
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
