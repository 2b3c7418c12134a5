"""Work of the CVEC that nobody waits for."""

from datetime import datetime

from messervices.kernel import jobs
from messervices.kernel.actor import Actor
from messervices.kernel.scope import EVERY, Scope
from messervices.services.cvec import actions, selectors


@jobs.periodic(cron="20 3 * * *", scope=Scope("job:cvec.close_unpaid", crous=EVERY))
def close_unpaid(*, now: datetime) -> None:
    """Every night, close what was begun and never paid before its campaign ended."""
    by = Actor.system("job:cvec.close_unpaid")
    for person_id, year in selectors.unpaid_after_close(now):
        actions.close_unpaid(by=by, person_id=person_id, year=year, now=now)
