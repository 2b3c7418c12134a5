"""Background work: read files, match, close days, and re-drive what was left behind."""

import logging
from datetime import datetime

from messervices.foundations.treasury import actions, selectors
from messervices.kernel import jobs
from messervices.kernel.scope import EVERY, Scope

log = logging.getLogger(__name__)
_BANK = Scope("job:treasury", crous=EVERY)


@jobs.job(scope=_BANK, queue="treasury")
def read_file(*, now: datetime, file_id: int) -> None:
    """Read a file to its end. Run twice, it is read once."""
    actions.read_file(file_id=file_id, now=now)


@jobs.job(scope=_BANK, queue="treasury")
def match(*, now: datetime, crous_id: int) -> None:
    """Match what came for a Crous. Run twice, it is matched once."""
    actions.match(crous_id=crous_id, now=now)


@jobs.periodic(cron="*/5 * * * *", scope=_BANK, queue="treasury")
def sweep_files(*, now: datetime) -> None:
    """Go on with the files whose reading stopped: a killed worker's, or one that failed too often."""
    for file_id in selectors.files_to_drive(now):
        try:
            actions.read_file(file_id=file_id, now=now)
        except Exception:
            log.exception("sweep of one file failed")


@jobs.periodic(cron="20 * * * *", scope=_BANK, queue="treasury")
def close_days(*, now: datetime) -> None:
    """Close the days that are over, each Crous by its own calendar."""
    actions.close_days(now=now)


@jobs.periodic(cron="40 5 * * *", scope=_BANK, queue="treasury")
def match_all(*, now: datetime) -> None:
    """Look again at every Crous that follows its money: what was in time yesterday may be late today."""
    for crous_id in selectors.crous_followed():
        try:
            actions.match(crous_id=crous_id, now=now)
        except Exception:
            log.exception("matching of one Crous failed")
