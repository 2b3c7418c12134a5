"""Work on messages that nobody waits for. A mail is tried once a job: the sweep gives it its next job, at its hour."""

import contextlib
import mailbox
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from django.conf import settings

from messervices.foundations.notifications import actions
from messervices.kernel import jobs
from messervices.kernel.scope import EVERY, NOBODY, Scope

_SEND = Scope("job:notifications.send", crous=EVERY)
_READ = Scope("job:notifications.reports", crous=EVERY)


@jobs.job(scope=_SEND, attempts=1)
def send_message(*, message_id: int, now: datetime) -> None:
    """Send the mail of a message."""
    actions.send_message(message_id=message_id, now=now)


@jobs.job(scope=NOBODY, attempts=1, priority=10)
def send_mail(*, mail_id: int, now: datetime) -> None:
    """Send a mail to an address: somebody sits before a page that says "look into your mail", so before the others."""
    actions.send_mail(mail_id=mail_id, now=now)


@jobs.job(scope=_SEND, attempts=1, priority=10)
def send_sms(*, sms_id: int, now: datetime) -> None:
    """Send an SMS: what is urgent goes first."""
    actions.send_sms(sms_id=sms_id, now=now)


@jobs.job(scope=_SEND, attempts=1)
def ask_sms(*, sms_id: int, now: datetime) -> None:
    """Ask what became of an SMS whose sending was cut."""
    actions.ask_sms(sms_id=sms_id, now=now)


@jobs.job(scope=_SEND)
def document_sealed(*, document_id: int, now: datetime) -> None:
    """A document has its file: let go the mails that waited for it."""
    actions.queue_waiting(document_id=document_id, now=now)


@jobs.job(scope=_READ)
def read_report(*, report_id: int, now: datetime) -> None:
    """Read what a mail server or a provider told us."""
    actions.read_report(report_id=report_id, now=now)


@jobs.periodic(cron="* * * * *", scope=Scope("job:notifications.sweep", crous=EVERY))
def sweep(*, now: datetime) -> None:
    """Every minute, drive again what was left behind."""
    actions.sweep(now=now)


@jobs.periodic(cron="*/5 * * * *", scope=_READ)
def read_returned(*, now: datetime) -> None:
    """Every five minutes, take in the mails that came back (``MAIL_RETURNED``: a Maildir, or a file of mails).

    A file of mails is left as it is; a mail of a Maildir leaves ``new`` once it is kept. What comes twice is kept once.
    """
    place = Path(settings.MAIL_RETURNED) if settings.MAIL_RETURNED else None
    if place is None or not place.exists():
        return
    for raw, path in _mails_in(place):
        if not actions.receive_returned(raw=raw, now=now):
            return
        if path is not None:
            path.rename(place / "cur" / f"{path.name}:2,S")


def _mails_in(place: Path) -> Iterator[tuple[bytes, Path | None]]:
    """Give each mail of a mailbox, as far as it is kept, and its own file if it has one."""
    if place.is_file():
        with contextlib.closing(mailbox.mbox(place, create=False)) as box:
            yield from ((message.as_bytes()[: actions.LONGEST_REPORT], None) for message in box)
    elif (place / "new").is_dir():
        for path in sorted((place / "new").iterdir()):
            with path.open("rb") as mail:
                yield mail.read(actions.LONGEST_REPORT), path


@jobs.periodic(cron="41 3 * * *", scope=_READ)
def forget(*, now: datetime) -> None:
    """Every night, forget the mails that left a month ago, and what was said of them."""
    actions.forget(now=now)
