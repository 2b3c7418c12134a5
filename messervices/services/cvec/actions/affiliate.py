"""A mother establishment declares a daughter later on; the Crous validates it, or not."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from messervices.foundations.audit import actions as audit
from messervices.foundations.crous.models import Establishment
from messervices.kernel.action import action
from messervices.kernel.actor import Actor
from messervices.kernel.errors import Refusal
from messervices.services.cvec import selectors
from messervices.services.cvec.actions.admit import put_in_force, refuse_unless_admitting
from messervices.services.cvec.models import Affiliation


@action
def declare_daughter(*, by: Actor, mother: Establishment, daughter: Establishment, now: datetime) -> Affiliation:
    """A referent says that their establishment files for another; twice says it once.

    Raises ``Refusal("own_daughter")`` for the establishment itself.
    """
    if mother.pk == daughter.pk:
        raise Refusal("own_daughter", _("C’est votre propre établissement : il n’a pas à être rattaché."))
    crous_id = selectors.crous_id_of(mother)
    try:
        with transaction.atomic():
            row = Affiliation.objects.create(mother=mother, daughter=daughter, crous_id=crous_id, declared_at=now)
    except IntegrityError:
        return Affiliation.objects.get(mother=mother, daughter=daughter, until=None)
    _record(row, "cvec.declare_daughter", by=by, now=now)
    return row


@action
def decide_affiliation(*, by: Actor, affiliation_id: int, accepted: bool, reason: str, now: datetime) -> Affiliation:
    """The Crous validates a daughter, or ends what was declared, with the reason. Twice decides once.

    Raises ``Refusal``: ``not_allowed``, ``daughter_taken``.
    """
    row = Affiliation.objects.select_for_update().get(pk=affiliation_id)
    refuse_unless_admitting(by, row.crous_id)
    if row.until is not None or (accepted and row.since is not None):
        return row
    if accepted:
        put_in_force(row, by=by, now=now)
    else:
        row.until, row.reason, row.decided_by_label = now, reason, by.label
        row.save(update_fields=["until", "reason", "decided_by_label"])
    _record(row, "cvec.decide_affiliation", by=by, now=now, accepted=accepted)
    return row


def _record(row: Affiliation, verb: str, *, by: Actor, now: datetime, **details: object) -> None:
    audit.record(
        by=by, verb=verb, subject=f"crous.establishment:{row.mother_id}", now=now, crous_id=row.crous_id,
        reason=row.reason, details={"daughter": row.daughter_id, **details},
    )  # fmt: skip
