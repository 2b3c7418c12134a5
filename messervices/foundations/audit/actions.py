"""Writes of the audit: one deed, one reading."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from messervices.kernel.action import inside_action
from messervices.kernel.actor import Actor

_RECORD = "select audit_record(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
_RECORD_EACH = (
    "select audit_record(%s, %s, %s, %s, %s, subject, person_id, crous_id, '', '{}')"
    " from unnest(%s::text[], %s::bigint[], %s::int[]) as told (subject, person_id, crous_id)"
)
_READ = (
    "insert into audit_read (at, agent_id, agent_label, crous_id, person_id, what, reason)"
    " values (%s, %s, %s, %s, %s, %s, %s)"
)


@inside_action
def record(
    *,
    by: Actor,
    verb: str,
    subject: str,
    now: datetime,
    person_id: int | None = None,
    crous_id: int | None = None,
    reason: str = "",
    details: dict[str, Any] | None = None,
) -> None:
    """Write a deed in the transaction that does it (one query).

    ``verb`` is ``room.verb_noun`` and has a sentence for people in the room's ``VERBS``; ``subject`` is a path such as
    ``cvec.acquittement:12``; ``details`` never holds an INE, an IBAN or a name. Plain SQL, because Django would read
    the row back, and the actor may write deeds that they may not see.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _RECORD,
            (now, by.kind, by.user_id, by.label, verb, subject, person_id, crous_id or by.office_id or 0, reason,
             json.dumps(details or {}, default=str)),
        )  # fmt: skip


@inside_action
def record_each(*, by: Actor, verb: str, rows: Sequence[tuple[str, int, int]], now: datetime) -> None:
    """Write the same deed on many files (one query): ``rows`` are (subject, person, Crous).

    A deed holds its stream until the end of the transaction: a few hundred at a time, no more.
    """
    subjects, persons, offices = (list(column) for column in zip(*rows, strict=True)) if rows else ([], [], [])
    with connection.cursor() as cursor:
        cursor.execute(_RECORD_EACH, (now, by.kind, by.user_id, by.label, verb, subjects, persons, offices))


def record_read(*, by: Actor, person_id: int, crous_id: int, what: str, reason: str, now: datetime) -> None:
    """Write that an agent opened a file, before it is shown. ``reason`` is what the student will read."""
    with connection.cursor() as cursor:
        cursor.execute(_READ, (now, by.user_id, by.label, crous_id, person_id, what, reason))
