"""An agent corrects what is known of a person: a proof, a reason, and the person is told."""

from datetime import datetime
from typing import Any

from messervices.desk.actions.rights import refuse_unless
from messervices.desk.states import NUMBER, Right
from messervices.foundations.documents import actions as documents
from messervices.foundations.documents.models import Paper
from messervices.foundations.notifications import actions as notifications
from messervices.foundations.students import actions as students
from messervices.foundations.students.models import Person
from messervices.kernel.action import action
from messervices.kernel.actor import Actor


@action
def keep_proof(*, by: Actor, person: Person, name: str, content: bytes, now: datetime) -> Paper:
    """Keep the file that proves a correction, so that the preview need not ask for it again.

    Raises ``Refusal``: ``not_allowed``, or what ``documents.keep_paper`` refuses (too big, unknown type).
    """
    refuse_unless(by, Right.CORRECT_FACT, person)
    return documents.keep_paper(person_id=person.pk, name=name, content=content, by=by, now=now)


@action
def correct_fact(
    *, by: Actor, person: Person, kind: str, value: Any, reason: str, paper_id: int, now: datetime
) -> bool:
    """Correct a part of the identity, or (``kind`` is ``ine``) verify or give the number, and tell the person.

    Twice is once: ``False``, and nobody is told again. Raises ``Refusal``: ``not_allowed``, ``not_correctable``,
    ``reason_missing``, ``own_file``, ``not_an_ine``, ``number_held``.
    """
    refuse_unless(by, Right.CORRECT_FACT, person)
    if kind == NUMBER:
        written = students.correct_number(
            by=by, person_id=person.pk, typed=value, reason=reason, paper_id=paper_id, now=now
        )
    else:
        written = students.correct_fact(
            by=by, person_id=person.pk, kind=kind, value=value, reason=reason, paper_id=paper_id, now=now
        )
    if written:
        notifications.notify(
            person_id=person.pk,
            crous_id=by.office_id or (person.crous_ids or [0])[0],
            kind="desk.fact_corrected",
            params={"kind": kind, "reason": reason},
            link="/me/",
            now=now,
        )
    return written
