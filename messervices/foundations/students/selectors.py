"""Reads of persons and of what is known of them."""

from django.db.models import QuerySet

from messervices.foundations.students.models import Fact, IdentifierCase, Person
from messervices.foundations.students.rules import INE_LENGTH, normal_ine
from messervices.foundations.students.states import CaseStatus
from messervices.kernel.academic_year import AcademicYear
from messervices.kernel.actor import Actor
from messervices.kernel.text import search_key


def person_by_id(person_id: int) -> Person | None:
    """A person, if the scope in force may see them."""
    return Person.objects.filter(pk=person_id).first()


def person_by_uuid(uuid: str) -> Person | None:
    """A person by the number given to other systems and written in addresses."""
    return Person.objects.filter(uuid=uuid).first()


def facts_of(person_id: int) -> QuerySet[Fact]:
    """Everything known of a person today, in the order of the kinds."""
    return Fact.objects.filter(person_id=person_id, superseded_at=None).order_by("year", "kind")


def fact_history(person_id: int, kind: str) -> QuerySet[Fact]:
    """All values a fact has had, newest first."""
    return Fact.objects.filter(person_id=person_id, kind=kind).order_by("-known_at", "-pk")


def fact(person_id: int, kind: str, year: AcademicYear | None) -> Fact | None:
    """One fact of a year (``None``: of no year in particular)."""
    return Fact.objects.filter(person_id=person_id, kind=kind, year=year, superseded_at=None).first()


def facts_of_year(person_id: int, kinds: tuple[str, ...], year: AcademicYear) -> dict[str, Fact]:
    """The facts of those kinds for a year, by kind (one query)."""
    rows = Fact.objects.filter(person_id=person_id, kind__in=kinds, year=year, superseded_at=None)
    return {row.kind: row for row in rows}


def open_case_of(person_id: int) -> IdentifierCase | None:
    """The case of a disputed number that waits for this person, if there is one."""
    waiting = [CaseStatus.OPEN, CaseStatus.ASKED]
    return IdentifierCase.objects.filter(person_id=person_id, status__in=waiting).select_related("identifier").first()


def cases_waiting(actor: Actor) -> QuerySet[IdentifierCase]:
    """Cases of the agent's own Crous, oldest first; the national desk sees all."""
    cases = IdentifierCase.objects.filter(status__in=[CaseStatus.OPEN, CaseStatus.ASKED])
    return (
        _seen_by(cases, actor, "person__crous_ids__overlap")
        .select_related("person", "identifier")
        .order_by("opened_at")
    )


def search_persons(text: str, actor: Actor, limit: int = 30) -> list[Person]:
    """Find persons of the agent's Crous by the beginning of their names or by any INE, current or old.

    "benali lina" finds a birth name or a usual name; an e-mail is looked up by the desk, which knows accounts.
    """
    seen = _seen_by(Person.objects.all(), actor, "crous_ids__overlap")
    number = normal_ine(text)
    by_number = seen.filter(identifiers__value=number) if len(number) == INE_LENGTH else seen.none()
    found = list(by_number[:limit])
    if found:
        return found
    key = search_key(text)
    if not key:
        return []
    by_birth = list(seen.filter(search_key__prefix=key).order_by("search_key")[:limit])
    by_usual = seen.filter(usual_key__prefix=key).exclude(usual_key="").order_by("usual_key")[:limit]
    return list({person.pk: person for person in [*by_birth, *by_usual]}.values())[:limit]


def persons_by_ids(ids: list[int], actor: Actor) -> list[Person]:
    """The persons among ``ids`` that the agent may see."""
    return list(_seen_by(Person.objects.filter(pk__in=ids), actor, "crous_ids__overlap").order_by("search_key"))


def _seen_by(rows: QuerySet, actor: Actor, lookup: str) -> QuerySet:  # type: ignore[type-arg]  # of any model
    """Keep what the agent's Crous follow; an agent of none sees nothing."""
    return rows if actor.national else rows.filter(**{lookup: list(actor.crous_ids)})
