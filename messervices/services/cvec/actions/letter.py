"""The letter of a decision."""

from datetime import datetime

from django.utils import translation

from messervices.foundations.crous import selectors as crous
from messervices.foundations.documents import actions as documents
from messervices.foundations.documents.models import Document
from messervices.foundations.students import selectors as students
from messervices.kernel.money import Cents
from messervices.services.cvec import rules
from messervices.services.cvec.models import Request
from messervices.services.cvec.states import Ground


def letter_of(asked: Request, *, granted: bool, now: datetime) -> Document:
    """Issue the letter of a decision; a second one, when a decision is taken back, says so in its number."""
    office, person = crous.crous_of(asked.crous_id), students.person_by_id(asked.person_id)
    assert person is not None  # noqa: S101 - requests keep their person
    number = f"{office.prefix}-D{asked.year.start}-{asked.pk}" + ("-2" if asked.letter_id else "")
    sent_at = asked.submitted_at or asked.opened_at
    return documents.issue(
        kind="cvec.decision", number=number, person_id=asked.person_id, crous_id=asked.crous_id, year=None,
        contents=rules.decision_contents(
            kind=asked.kind, granted=granted, crous=office.name, year=asked.year, number=number, reason=asked.reason,
            names={"civility": person.civility, "birth_name": person.birth_name, "first_names": person.first_names},
            ground=_said(asked.ground), asked_on=rules.local_day(sent_at, office.timezone),
            decided_on=rules.local_day(now, office.timezone), amount_cents=Cents(asked.amount_cents),
        ),
        template="cvec/decision.typ", now=now,
    )  # fmt: skip


def _said(ground: str) -> dict[str, str]:
    said = {}
    for language in ("fr", "en"):
        with translation.override(language):
            said[language] = str(Ground(ground).label)
    return said
