"""Background work: write files, send them, fetch and read answers, have payouts follow, end the cooling-off."""

import logging
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from messervices.foundations.payouts import actions, selectors
from messervices.foundations.payouts.providers import bank
from messervices.kernel import jobs
from messervices.kernel.errors import ProviderUnavailable, Refusal
from messervices.kernel.scope import EVERY, Scope

log = logging.getLogger(__name__)
_BANK = Scope("job:payouts", crous=EVERY)
_MOST_ROUNDS = 5000
"""Parts of 200 lines: a million payouts."""


@jobs.job(scope=_BANK, queue="payouts")
def write_files(*, now: datetime, run_id: int) -> None:
    """Write the files of a run. Run twice, they are written once."""
    actions.write_files(run_id=run_id, now=now)


@jobs.job(scope=_BANK, queue="payouts", attempts=1)
def send_files(*, now: datetime, run_id: int) -> None:
    """Send the files of a released run. A silent bank is called again by the sweep."""
    _send(run_id, now)


def _send(run_id: int, now: datetime) -> None:
    try:
        actions.send_files(run_id=run_id, now=now)
    except ProviderUnavailable as silence:
        log.warning("the bank does not answer: %s", silence)
    except Refusal as refusal:  # a blocked account, altered bytes: the desk sees it on the run's page
        log.warning("run %s does not leave: %s", run_id, refusal.code)


@jobs.job(scope=_BANK, queue="payouts", priority=10)
def read_answer(*, now: datetime, answer_id: str) -> None:
    """Read one answer of the bank. Run twice, it is read once."""
    actions.read_answer(answer_id=answer_id, now=now)


@jobs.job(scope=_BANK, queue="payouts")
def follow_lines(*, now: datetime) -> None:
    """Have payouts follow their lines until none is behind."""
    _follow(now)


def _follow(now: datetime) -> None:
    for _round in range(_MOST_ROUNDS):
        if not actions.follow_lines(now=now):
            return


@jobs.periodic(cron="* * * * *", scope=_BANK, queue="payouts")
def sweep_runs(*, now: datetime) -> None:
    """Write and send what no job has: it was lost, or the bank was silent."""
    _each("run to write", selectors.runs_to_write(now), lambda pk: actions.write_files(run_id=pk, now=now))
    if bank.is_given():
        _each("run to send", actions.files_to_send(now), lambda pk: _send(pk, now))


@jobs.periodic(cron="* * * * *", scope=_BANK, queue="payouts")
def sweep_answers(*, now: datetime) -> None:
    """Fetch what the bank has ready, read what no job has read, have payouts follow."""
    if bank.is_given():
        try:
            actions.fetch_answers(now=now)
        except ProviderUnavailable as silence:
            log.warning("the bank does not answer: %s", silence)
    _each("answer", selectors.answers_to_read(now), lambda pk: actions.read_answer(answer_id=pk, now=now))
    if selectors.lines_to_follow():
        _follow(now)


@jobs.periodic(cron="*/5 * * * *", scope=_BANK, queue="payouts")
def sweep_cooling(*, now: datetime) -> None:
    """Let go what has cooled off."""
    while actions.end_cooling(now=now):
        pass


def _each(what: str, keys: Iterable[Any], deed: Callable[[Any], Any]) -> None:
    """Do a deed for each: a broken row does not stop the others."""
    for key in keys:
        try:
            deed(key)
        except Exception:
            log.exception("sweep of one %s failed", what)
