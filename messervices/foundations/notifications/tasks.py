"""Work on mails that nobody waits for. A mail is tried once a job: the sweep gives it its next job, at its hour."""

from datetime import datetime

from messervices.foundations.notifications import actions
from messervices.kernel import jobs
from messervices.kernel.scope import EVERY, NOBODY, Scope

_SEND = Scope("job:notifications.send", crous=EVERY)


@jobs.job(scope=_SEND, attempts=1)
def send_message(*, message_id: int, now: datetime) -> None:
    """Send the mail of a message."""
    actions.send_message(message_id=message_id, now=now)


@jobs.job(scope=NOBODY, attempts=1, priority=10)
def send_mail(*, mail_id: int, now: datetime) -> None:
    """Send a mail to an address: somebody sits before a page that says "look into your mail", so before the others."""
    actions.send_mail(mail_id=mail_id, now=now)


@jobs.job(scope=_SEND)
def document_sealed(*, document_id: int, now: datetime) -> None:
    """A document has its file: let go the mails that waited for it."""
    actions.queue_waiting(document_id=document_id, now=now)


@jobs.periodic(cron="* * * * *", scope=Scope("job:notifications.sweep", crous=EVERY))
def sweep(*, now: datetime) -> None:
    """Every minute, drive again what was left behind."""
    actions.sweep(now=now)


@jobs.periodic(cron="41 3 * * *", scope=NOBODY)
def forget(*, now: datetime) -> None:
    """Every night, forget the mails that left a month ago."""
    actions.forget(now=now)
