"""Background work: read files, settle what they say, take files from the folder, let notices pass."""

import logging
from datetime import datetime
from pathlib import Path

from django.conf import settings

from messervices.foundations.cash import actions, selectors
from messervices.foundations.cash.states import Origin
from messervices.foundations.payments import actions as payments
from messervices.kernel import crash, jobs
from messervices.kernel.actor import Actor
from messervices.kernel.errors import Refusal
from messervices.kernel.scope import EVERY, Scope

log = logging.getLogger(__name__)
_POST = Scope("job:cash", crous=EVERY)
_QUIET_SECONDS = 60
"""A file of the folder is taken when nothing has been written to it for that long."""


@jobs.job(scope=_POST, queue="cash")
def read_file(*, now: datetime, file_id: int) -> None:
    """Read a return file, or go on with it. Run twice, it is read once."""
    actions.read_file(file_id=file_id, now=now)


@jobs.job(scope=_POST, queue="cash", priority=-5)
def settle_lines(*, now: datetime, file_id: int, first: int, last: int) -> None:
    """Settle a stretch of lines, each in a transaction of its own. What breaks is read again by the sweep of payments.

    Behind the cards: somebody who pays by card waits in front of a screen.
    """
    for event_id in selectors.unread_events(file_id, first, last):
        crash.point("cash.before_settle")
        try:
            payments.settle(event_id=event_id, now=now)
        except Exception:
            log.exception("a line of a return file could not be settled")


@jobs.periodic(cron="* * * * *", scope=_POST, queue="cash")
def sweep_files(*, now: datetime) -> None:
    """Go on with the files whose job was lost."""
    for file_id in selectors.files_left(now):
        try:
            actions.read_file(file_id=file_id, now=now)
        except Exception:
            log.exception("a return file could not be read")


@jobs.periodic(cron="*/10 * * * *", scope=_POST, queue="cash")
def sweep_notices(*, now: datetime) -> None:
    """Let the notices pass that nobody has paid, once what was paid on their last day must be known."""
    for notice_id in selectors.notices_over(now):
        actions.expire_notice(notice_id=notice_id, now=now)


@jobs.periodic(cron="*/5 * * * *", scope=_POST, queue="cash")
def sweep_folder(*, now: datetime) -> None:
    """Take the files of the watched folder, when there is one."""
    if settings.EFICASH_FOLDER:
        take_folder(Path(settings.EFICASH_FOLDER), now)


def take_folder(folder: Path, now: datetime) -> list[tuple[str, str]]:
    """Take every ``*.csv`` of a folder that is written to its end; give each name and what became of it.

    What was taken goes to ``taken/``, what is too long to be a return file to ``refused/``. Killed between the two, a
    file is taken again, and is known.
    """
    told = []
    for path in sorted(folder.glob("*.csv")):
        if now.timestamp() - path.stat().st_mtime < _QUIET_SECONDS:
            continue
        try:
            received = actions.receive_file(
                raw=path.read_bytes(), name=path.name, origin=Origin.FOLDER, by=Actor.system("cash"), now=now
            )
        except Refusal as refusal:
            place, word = "refused", str(refusal.code)
        else:
            place, word = "taken", "known" if received.known else "received"
        crash.point("cash.before_move")
        (folder / place).mkdir(exist_ok=True)
        path.replace(folder / place / path.name)
        told.append((path.name, word))
    return told
