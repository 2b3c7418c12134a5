"""Matching: what goes together is found by set, written in the books by batches, and what is left over is named."""

from datetime import datetime

from django.db import connection

from messervices.foundations.treasury.actions.match.find import find_mismatches
from messervices.foundations.treasury.actions.match.pair import pair
from messervices.foundations.treasury.actions.match.post import post_batch, post_lines
from messervices.foundations.treasury.actions.match.transfers import tell_transfers
from messervices.kernel import crash
from messervices.kernel.action import action, inside_action

__all__ = ["match"]

_LOCK = "select pg_advisory_xact_lock(hashtext('treasury.match'), %s)"
_PATIENCE = "set local statement_timeout = '5min'"


def match(*, crous_id: int, now: datetime) -> int:
    """Match all that came for a Crous; gives how many things do not fit now. The order of the files does not matter.

    Not an action: pairs are found in one transaction, written in the books by batches, and what does not fit is found
    in the last one. Cut anywhere, the next call goes on. Two at once for one Crous wait for each other.
    """
    _pair(crous_id=crous_id, now=now)
    crash.point("treasury.after_pair")
    last = 0
    while last := _tell(crous_id=crous_id, after=last, now=now):
        crash.point("treasury.after_tell")
    while _post(crous_id=crous_id, now=now):
        crash.point("treasury.after_post")
    return _find(crous_id=crous_id, now=now)


@action
def _pair(*, crous_id: int, now: datetime) -> None:
    """Find what goes together."""
    _alone(crous_id)
    pair(crous_id=crous_id, now=now)
    crash.point("treasury.before_pair_commit")


@action
def _tell(*, crous_id: int, after: int, now: datetime) -> int:
    """Tell a batch of entries that name our transfers to the room that made them; gives the last one, 0 at the end."""
    _alone(crous_id)
    last = tell_transfers(crous_id=crous_id, after=after, now=now)
    crash.point("treasury.before_tell_commit")
    return last


@action
def _post(*, crous_id: int, now: datetime) -> int:
    """Write a batch of matched lines and of explained entries in the books; gives how many settlements and entries."""
    _alone(crous_id)
    return post_lines(crous_id=crous_id, now=now) + post_batch(crous_id=crous_id, now=now)


@action
def _find(*, crous_id: int, now: datetime) -> int:
    """Undo by its mirror what was explained by hand and came after all; then name what does not fit."""
    _alone(crous_id)
    found = find_mismatches(crous_id=crous_id, now=now)
    crash.point("treasury.before_find_commit")
    return found


@inside_action
def _alone(crous_id: int) -> None:
    """Wait for whoever matches this Crous now. A set of a whole campaign may take longer than what a page waits for."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, (crous_id,))
        cursor.execute(_PATIENCE)
