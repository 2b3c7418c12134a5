"""What does not fit, as the desk lists and counts it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, QuerySet, Sum

from messervices.foundations.treasury.models import Mismatch
from messervices.foundations.treasury.states import NEXT, WAITING, MismatchKind
from messervices.kernel.actor import Actor
from messervices.kernel.manifest import Text


@dataclass(frozen=True, slots=True)
class Pile:
    """How many mismatches of a kind wait, what they amount to, and since when."""

    kind: str
    label: Text
    next: Text
    count: int
    cents: int


def _waiting(actor: Actor) -> QuerySet[Mismatch]:
    return Mismatch.objects.filter(crous_id__in=actor.scope.crous, status__in=WAITING)


def count_mismatches(actor: Actor) -> int:
    """Count what waits, for the desk's queue (one query)."""
    return _waiting(actor).count()


def piles_of(actor: Actor, crous_id: int) -> list[Pile]:
    """Count what waits at a Crous by kind, all twelve kinds (one query)."""
    rows = _waiting(actor).filter(crous_id=crous_id).values("kind").order_by("kind")
    found = {row["kind"]: row for row in rows.annotate(count=Count("pk"), cents=Sum("amount_cents"))}
    return [
        Pile(kind, kind.label, NEXT[kind], found.get(kind, {}).get("count", 0), found.get(kind, {}).get("cents") or 0)
        for kind in MismatchKind
    ]


def mismatches_of(
    actor: Actor, crous_id: int, *, kind: str = "", status: str = "", after: tuple[date, int] | None = None, limit: int
) -> list[Mismatch]:
    """List mismatches of a Crous, the oldest first; what waits unless a status is given (one query)."""
    rows = Mismatch.objects.filter(crous_id=crous_id, crous_id__in=actor.scope.crous)
    rows = rows.filter(status=status) if status else rows.filter(status__in=WAITING)
    if kind:
        rows = rows.filter(kind=kind)
    if after is not None:
        rows = rows.filter(since__gte=after[0]).exclude(since=after[0], pk__lte=after[1])
    return list(rows.order_by("since", "pk")[:limit])


def mismatch_of(actor: Actor, pk: int) -> Mismatch | None:
    """Give a mismatch of the agent's Crous with what it is about (one query)."""
    rows = Mismatch.objects.filter(pk=pk, crous_id__in=actor.scope.crous)
    related = ("capture__attempt", "refund", "line", "settlement", "entry__statement", "statement__account")
    return rows.select_related(*related).first()


def every_mismatch(actor: Actor, crous_id: int) -> Iterator[Mismatch]:
    """Give every mismatch of a Crous, the oldest first, a thousand at a time: for an export."""
    rows = Mismatch.objects.filter(crous_id=crous_id, crous_id__in=actor.scope.crous)
    return rows.order_by("since", "pk").iterator(chunk_size=1000)
