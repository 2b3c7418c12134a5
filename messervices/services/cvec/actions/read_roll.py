"""An establishment looks at who of its list is in order: written once in a while, so that its students can be told."""

from datetime import datetime, timedelta

from messervices.foundations.audit import actions as audit
from messervices.foundations.crous.models import Establishment
from messervices.kernel.academic_year import AcademicYear
from messervices.kernel.action import action
from messervices.kernel.actor import Actor
from messervices.services.cvec.models import Roll

_STALE = timedelta(minutes=10)


@action
def note_reading(
    *, by: Actor, establishment: Establishment, year: AcademicYear, what: str, now: datetime, always: bool = False
) -> None:
    """Note that the list of a year was read: ``page``, ``file`` or ``api``. A page turned is not a reading of its own.

    ``always``: even when the last one was minutes ago, because a copy leaves the platform.
    """
    roll = Roll.objects.filter(filer=establishment, year=year).first()
    fresh = roll is not None and roll.read_at is not None and now - roll.read_at < _STALE
    if fresh and not always:
        return
    Roll.objects.filter(filer=establishment, year=year).update(read_at=now)
    audit.record(
        by=by, verb="cvec.read_roll", subject=f"crous.establishment:{establishment.pk}", now=now,
        crous_id=roll.crous_id if roll else 0, details={"year": year.start, "what": what},
    )  # fmt: skip
