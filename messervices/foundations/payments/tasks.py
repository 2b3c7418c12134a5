"""Background work: read the inbox, ask the bank, give back, and re-drive whatever was left behind."""

import logging
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from django.conf import settings

from messervices.foundations.payments import actions, selectors
from messervices.kernel import crash, jobs
from messervices.kernel.errors import ProviderUnavailable
from messervices.kernel.scope import EVERY, Scope

log = logging.getLogger(__name__)
_BANK = Scope("job:payments", crous=EVERY)


@jobs.job(scope=_BANK, queue="payments", priority=10)
def read_inbox(*, now: datetime, event_id: int) -> None:
    """Read one outside event. Run twice, it is read once."""
    actions.settle(event_id=event_id, now=now)
    crash.point("payments.after_commit")


@jobs.job(scope=_BANK, queue="payments", attempts=1)
def ask_bank(*, now: datetime, attempt_id: int) -> None:
    """Ask the bank about one attempt. A silent bank is asked again by the sweep, not by a retry."""
    try:
        actions.ask_bank(attempt_id=attempt_id, now=now)
    except ProviderUnavailable as silence:
        log.warning("the bank does not answer: %s", silence)


@jobs.job(scope=_BANK, queue="payments", attempts=1)
def give_back(*, now: datetime, refund_id: int) -> None:
    """Give one surplus back. A silent bank is asked again by the sweep."""
    try:
        actions.give_back(refund_id=refund_id, now=now)
    except ProviderUnavailable as silence:
        log.warning("the bank does not answer: %s", silence)


@jobs.periodic(cron="* * * * *", scope=_BANK, queue="payments")
def sweep_inbox(*, now: datetime) -> None:
    """Read the notices that no job has read: their job was lost, or failed too often."""
    _each("event", selectors.unread_events(now), lambda pk: actions.settle(event_id=pk, now=now))


@jobs.periodic(cron="* * * * *", scope=_BANK, queue="payments")
def sweep_attempts(*, now: datetime) -> None:
    """Ask the bank about the attempts it has said nothing of. None is given up without having asked."""
    _each("attempt", selectors.attempts_to_ask(now), lambda pk: actions.ask_bank(attempt_id=pk, now=now))


@jobs.periodic(cron="* * * * *", scope=_BANK, queue="payments")
def sweep_links(*, now: datetime) -> None:
    """End the payers' links whose time has passed. None ends before the bank was asked about who began in time."""
    _each("link", selectors.links_to_end(), lambda pk: actions.expire_link(link_id=pk, now=now))


@jobs.periodic(cron="*/5 * * * *", scope=_BANK, queue="payments")
def sweep_refunds(*, now: datetime) -> None:
    """Go on with the refunds whose job was lost, or whose outcome is unknown."""
    _each("refund", selectors.refunds_to_drive(now), lambda pk: actions.give_back(refund_id=pk, now=now))


@jobs.periodic(cron="* * * * *", scope=_BANK, queue="payments")
def try_banks(*, now: datetime) -> None:
    """Ask the banks that are out whether they answer again, and those to which we lead without a word if they still do.

    Neither waits for a student: a bank comes back by itself, and one whose page is not asked for is missed in time.
    """
    for rail in [*selectors.rails_to_try(now), *selectors.rails_to_watch()]:
        if not any(actions.try_again(rail=rail, now=now) for _turn in range(settings.RAIL_FAILURES)):
            log.warning("no answer: %s", rail)


def _each(what: str, numbers: Iterable[int], deed: Callable[[int], Any]) -> None:
    """Do a deed for each number: a silent bank (soon out, and not called again) or a broken row stops no other."""
    for number in numbers:
        try:
            deed(number)
        except ProviderUnavailable as silence:
            log.warning("the bank does not answer: %s", silence)
        except Exception:
            log.exception("sweep of one %s failed", what)
