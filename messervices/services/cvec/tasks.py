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


@jobs.job(scope=Scope("job:cvec.work_on_file", crous=EVERY))
def work_on_file(*, file_id: int, now: datetime) -> None:
    """Read, check and take a file of a yearly list; run again, it goes on from where it stands."""
    actions.work_on_file(file_id=file_id, now=now)


@jobs.job(scope=Scope("job:cvec.tell_listed", crous=EVERY), priority=-10)
def tell_listed(*, file_id: int, now: datetime) -> None:
    """Tell the students of a list that was taken that their establishment listed them."""
    actions.tell_listed(file_id=file_id, now=now)


@jobs.periodic(cron="40 4 * * *", scope=Scope("job:cvec.propose_refunds", crous=EVERY))
def propose_refunds(*, now: datetime) -> None:
    """Every night, propose their money back to those who became scholars after paying; once to each."""
    for person_id, year in selectors.to_propose(now):
        actions.propose_refund(person_id=person_id, year=year, now=now)


@jobs.job(scope=Scope("job:cvec.count_sharing", crous=EVERY))
def count_sharing(*, sharing_id: int, now: datetime) -> None:
    """Count what a sharing out rests on, then compute it; run again, it goes on from where it stands."""
    actions.count_sharing(sharing_id=sharing_id, now=now)


@jobs.job(scope=Scope("job:cvec.pay_shares", crous=EVERY))
def pay_shares(*, sharing_id: int, now: datetime) -> None:
    """Order the transfers of a sharing out that is final."""
    actions.pay_shares(sharing_id=sharing_id, now=now)


@jobs.periodic(cron="50 4 * * *", scope=Scope("job:cvec.pay_late_shares", crous=EVERY))
def pay_late_shares(*, now: datetime) -> None:
    """Every night, order the shares whose establishment has given its account since."""
    for sharing_id in selectors.unpaid_sharings():
        actions.pay_shares(sharing_id=sharing_id, now=now)
