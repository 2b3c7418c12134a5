"""The rows of an acquittement and of a request: locked in the order that avoids deadlocks, their deeds recorded."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.urls import reverse

from messervices.foundations.audit import actions as audit
from messervices.foundations.notifications import actions as notifications
from messervices.foundations.payments.models import Order
from messervices.kernel.academic_year import AcademicYear
from messervices.kernel.actor import Actor
from messervices.services.cvec.models import Acquittement, Request
from messervices.services.cvec.states import Status


def held(person_id: int, year: AcademicYear) -> Acquittement:
    """Give the acquittement of a year, locked: its order first, as the bank's confirmation does, against deadlocks."""
    rows = Acquittement.objects.exclude(status=Status.CANCELLED).filter(person_id=person_id, year=year)
    order_id = rows.values_list("order_id", flat=True).get()
    if order_id is not None:
        Order.objects.select_for_update().filter(pk=order_id).exists()
    return rows.select_for_update(of=("self",)).select_related("order", "person").get()


def record(acquittement: Acquittement, verb: str, *, by: Actor, now: datetime, **details: Any) -> None:
    """Record a deed on an acquittement, under its year."""
    audit.record(
        by=by, verb=verb, subject=f"cvec.acquittement:{acquittement.pk}", now=now, person_id=acquittement.person_id,
        crous_id=acquittement.crous_id, details={"year": acquittement.year.start, **details},
    )  # fmt: skip


def note(asked: Request, verb: str, *, by: Actor, now: datetime, reason: str = "") -> None:
    """Record a deed on a request."""
    audit.record(
        by=by, verb=verb, subject=f"cvec.request:{asked.pk}", now=now, person_id=asked.person_id,
        crous_id=asked.crous_id, reason=reason, details={"year": asked.year.start, "kind": asked.kind},
    )  # fmt: skip


def tell_of(
    asked: Request, kind: str, params: Mapping[str, object], *, now: datetime, document_id: int | None = None
) -> None:
    """Write to the student about their request."""
    notifications.notify(
        person_id=asked.person_id, crous_id=asked.crous_id, kind=kind, params={"year": asked.year.label, **params},
        link=reverse(f"cvec:{asked.kind}", args=[asked.year]), document_id=document_id, now=now,
    )  # fmt: skip
