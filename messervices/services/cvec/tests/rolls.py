"""Establishments, their referents and their lists, in the situations that tests speak of."""

from datetime import UTC, datetime
from typing import Any

from django.db import transaction

from messervices.foundations.accounts.models import User
from messervices.foundations.crous.models import Establishment
from messervices.kernel.academic_year import AcademicYear
from messervices.kernel.actor import Actor
from messervices.kernel.scope import acting_as, of_establishment
from messervices.services.cvec import actions
from messervices.services.cvec.models import Acquittement, Affiliation, RollEntry, RollFile
from messervices.services.cvec.tests.factories import YEAR, AcquittementFactory

UVSQ, LYON_1, INSA = "0781944P", "0691774D", "0690192J"
AUTUMN = datetime(2026, 9, 20, 9, 0, tzinfo=UTC)
"""When the lists of 2026-2027 are taken."""

HEADER = "uai;ine;cvec_number;birth_name;first_name;birth_date"


def school(uai: str = UVSQ) -> Establishment:
    """An establishment of the reference data."""
    return Establishment.objects.select_related("commune__departement").get(pk=uai)


def actor_for(user: User) -> Actor:
    """Who acts when a referent does."""
    return Actor(kind="establishment", user_id=user.pk, label=user.label)


REFERENT = Actor(kind="establishment", user_id=77, label="Sofia Lambert")


def line_of(file: Acquittement, uai: str = UVSQ, **changes: str) -> str:
    """The line of a student, as their establishment writes it."""
    person = file.person
    said = {
        "uai": uai, "ine": person.ine, "cvec_number": file.document.number if file.document else "",
        "birth_name": person.birth_name, "first_name": person.first_names.split(" ")[0],
        "birth_date": f"{person.birth_on:%d/%m/%Y}",
    }  # fmt: skip
    return ";".join((said | changes).values())


def certified(count: int = 1, **fields: Any) -> list[Acquittement]:
    """Students whose certificate is valid."""
    with transaction.atomic():
        return [AcquittementFactory(paid=True, **fields) for _ in range(count)]


def receive(
    *lines: str, uai: str = UVSQ, whole: bool = False, year: AcademicYear = YEAR, header: bool = True,
    encoding: str = "utf-8", now: datetime = AUTUMN, by: Actor = REFERENT,
) -> RollFile:  # fmt: skip
    """A referent deposits a file of these lines."""
    text = "\r\n".join([*([HEADER] if header else []), *lines, ""])
    with acting_as(of_establishment(uai)):
        return actions.receive_file(
            by=by, filer=school(uai), year=year, name="liste.csv", content=text.encode(encoding), whole=whole, now=now
        )


def file_in(*lines: str, now: datetime = AUTUMN, **how: Any) -> RollFile:
    """A referent deposits a file, and the worker works on it; gives the file as it is then."""
    file = receive(*lines, now=now, **how)
    actions.work_on_file(file_id=file.pk, now=now)
    return RollFile.objects.get(pk=file.pk)


def reasons(file: RollFile) -> dict[int, str]:
    """Why which line was refused."""
    return dict(file.rows.exclude(reason="").values_list("line", "reason"))


def listed(uai: str = UVSQ) -> set[int]:
    """Whose certificates an establishment lists now."""
    rows = RollEntry.objects.filter(establishment_id=uai, until=None)
    return set(rows.values_list("acquittement_id", flat=True))


def daughter_of(mother: str, daughter: str) -> Affiliation:
    """A daughter that the Crous has validated."""
    return Affiliation.objects.create(
        mother_id=mother, daughter_id=daughter, crous_id=26, declared_at=AUTUMN, since=AUTUMN
    )
