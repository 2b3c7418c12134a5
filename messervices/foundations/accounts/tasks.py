"""Work of this room that nobody waits for."""

from datetime import datetime

from messervices.foundations.accounts.actions.tidy import tidy
from messervices.kernel import jobs
from messervices.kernel.scope import NOBODY


@jobs.periodic(cron="17 * * * *", scope=NOBODY)
def forget(*, now: datetime) -> None:
    """Once an hour, forget what has had its time."""
    tidy(now)
