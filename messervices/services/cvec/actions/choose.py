"""Say where one will study."""

from datetime import datetime

from messervices.foundations.audit import actions as audit
from messervices.foundations.crous import selectors as crous
from messervices.foundations.students import actions as students
from messervices.foundations.students.states import Certainty, FactKind
from messervices.kernel.academic_year import AcademicYear
from messervices.kernel.action import action
from messervices.kernel.actor import Actor


@action
def choose_city(*, by: Actor, person_id: int, year: AcademicYear, code: str, now: datetime) -> None:
    """A student says where they will study. Saying it twice changes nothing.

    Raises ``Refusal``: ``commune_unknown``, or ``commune_without_crous`` overseas.
    """
    crous.crous_of_commune(code)
    commune = crous.commune_of(code)
    written = students.record_fact(
        person_id=person_id, kind=FactKind.STUDY_CITY, year=year, value={"commune": code, "name": str(commune)},
        source="student", certainty=Certainty.DECLARED, now=now,
    )  # fmt: skip
    if written:
        audit.record(
            by=by, verb="cvec.choose_city", subject=f"students.person:{person_id}", now=now, person_id=person_id,
            details={"year": year.start},
        )  # fmt: skip
