"""What an agent sees: the acquittements of their own Crous."""

from django.db.models import QuerySet

from messervices.kernel.academic_year import AcademicYear
from messervices.kernel.actor import Actor
from messervices.services.cvec.models import Acquittement
from messervices.services.cvec.selectors.verification import asked


def _seen_by(actor: Actor) -> QuerySet[Acquittement]:
    """What the agent's Crous collected; an agent of none sees nothing."""
    rows = Acquittement.objects.select_related("crous", "commune", "document", "person")
    if actor.national:
        return rows
    if len(actor.crous_ids) == 1:  # an array of one would lose the order of the index
        return rows.filter(crous_id=actor.crous_ids[0])
    return rows.filter(crous_id__in=actor.crous_ids)


def acquittement_at_desk(actor: Actor, pk: int) -> Acquittement | None:
    """An acquittement of the agent's Crous, by its number inside."""
    return _seen_by(actor).filter(pk=pk).first()


def acquittements_seen(actor: Actor, person_id: int) -> list[Acquittement]:
    """What a person acknowledged or began at the agent's Crous, latest year first."""
    return list(_seen_by(actor).filter(person_id=person_id).order_by("-year", "-pk"))


def acquittements_at_desk(
    actor: Actor, year: AcademicYear, status: str = "", *, before: int | None = None, limit: int = 50
) -> list[Acquittement]:
    """The latest acquittements of a year at the agent's Crous; ``before`` goes on from the last one shown."""
    rows = _seen_by(actor).filter(year=year)
    if status:
        rows = rows.filter(status=status)
    if before is not None:
        rows = rows.filter(pk__lt=before)
    return list(rows.order_by("-pk")[:limit])


def person_ids_by_number(text: str, actor: Actor) -> list[int]:
    """Whose certificate has this number, among the persons an agent may see (nobody, or one)."""
    number = asked(text).number
    if not number:
        return []
    return list(_seen_by(actor).filter(document__number=number).values_list("person_id", flat=True))
