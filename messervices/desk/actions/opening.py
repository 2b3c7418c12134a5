"""An agent opens a student's file: written before anything is shown."""

import math
from datetime import datetime

from django.utils.translation import ngettext

from messervices.desk import rules
from messervices.desk.actions.rights import refuse_unless
from messervices.desk.states import Right
from messervices.foundations.accounts import actions as accounts
from messervices.foundations.accounts import selectors as limits
from messervices.foundations.accounts.rules import Rate
from messervices.foundations.audit import actions as audit
from messervices.foundations.students.models import Person
from messervices.kernel.action import action
from messervices.kernel.actor import Actor
from messervices.kernel.errors import Refusal

FILES_AN_HOUR = Rate(60, 3600)
FILES_A_DAY = Rate(150, 24 * 3600)
"""A stolen session is stopped before 200 files; a full day at the desk stays below."""

SEARCHES_AN_HOUR = Rate(240, 3600)


def count_search(*, by: Actor, now: datetime) -> None:
    """Count one more search of this agent. Raises ``Refusal("too_many")``."""
    _count(by, SEARCHES_AN_HOUR, "desk_searches", now)


def count_file(*, by: Actor, now: datetime) -> None:
    """Count one more file opened by this agent. Raises ``Refusal("too_many")``, and rings, once an hour.

    Call it outside any transaction: what was counted must stay counted, and the alarm written.
    """
    try:
        _count(by, FILES_AN_HOUR, "desk_files_an_hour", now)
        _count(by, FILES_A_DAY, "desk_files_a_day", now)
    except Refusal:
        if accounts.take_rate(Rate(1, 3600), now, "desk_alarm", by.user_id):
            _ring(by=by, now=now)
        raise


def _count(by: Actor, rate: Rate, name: str, now: datetime) -> None:
    if accounts.take_rate(rate, now, name, by.user_id):
        return
    seconds = limits.seconds_to_wait(rate, now, name, by.user_id)
    minutes = max(1, math.ceil(seconds / 60))
    raise Refusal(
        "too_many",
        ngettext(
            "C’est beaucoup de dossiers en peu de temps. Par prudence, attendez %(count)d minute. Rien n’est perdu.",
            "C’est beaucoup de dossiers en peu de temps. Par prudence, attendez %(count)d minutes. Rien n’est perdu.",
            minutes,
        )
        % {"count": minutes},
    )


@action
def _ring(*, by: Actor, now: datetime) -> None:
    """Write the alarm, which the national desk reads beside the agent's name."""
    audit.record(by=by, verb="desk.many_files", subject=f"desk.agent:{by.user_id}", now=now)


@action
def open_file(*, by: Actor, person: Person, what: str, reason: str, now: datetime) -> None:
    """Write that the agent opens the file, for which reason: the student reads it as it is.

    Raises ``Refusal("not_allowed")`` for an agent who may not open files, or does not follow the person.
    """
    refuse_unless(by, Right.OPEN_FILE, person)
    audit.record_read(
        by=by, person_id=person.pk, crous_id=rules.office_of_reading(by.crous_ids, person.crous_ids), what=what,
        reason=reason, now=now,
    )  # fmt: skip
