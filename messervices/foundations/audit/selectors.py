"""Reads of the audit."""

from collections.abc import Collection, Sequence
from datetime import datetime

from django.db.models import QuerySet

from messervices.foundations.audit.models import Deed, Head, Installation, Read
from messervices.foundations.audit.states import FILE, OPEN_FILE, OPEN_FOR
from messervices.kernel.actor import Actor


def deeds_of(person_id: int, limit: int = 50, crous_ids: Collection[int] | None = None) -> QuerySet[Deed]:
    """What happened on a person's file, newest first; at those Crous only (0: at none) when they are given."""
    deeds = Deed.objects.filter(person_id=person_id)
    if crous_ids is not None:
        deeds = deeds.filter(crous_id__in=crous_ids)
    return deeds.order_by("-at", "-id")[:limit]


def deeds_on(subjects: Sequence[str], limit: int = 200) -> QuerySet[Deed]:
    """What happened to things that are nobody's file (``crous.window:3``), newest first."""
    return Deed.objects.filter(subject__in=subjects, person_id=None).order_by("-at", "-id")[:limit]


def reads_of(person_id: int, limit: int = 200) -> QuerySet[Read]:
    """Who opened a person's file, newest first."""
    return Read.objects.filter(person_id=person_id).order_by("-at", "-id")[:limit]


def reads_by(agent_id: int, limit: int = 50) -> QuerySet[Read]:
    """What an agent opened, newest first, as far as the scope in force sees it."""
    return Read.objects.filter(agent_id=agent_id).order_by("-at", "-id")[:limit]


def has_read(actor: Actor, person_id: int, what: str, now: datetime) -> bool:
    """Whether the agent's reading of that, of this person, was written within the hour (one query)."""
    lately = Read.objects.filter(agent_id=actor.user_id or 0, at__gt=now - OPEN_FOR, at__lte=now)
    return lately.filter(person_id=person_id, what=what).exists()


def has_open(actor: Actor, person_id: int, now: datetime) -> bool:
    """Whether an agent who may open files said why they open this person's, within the hour (one query)."""
    return actor.kind == "agent" and actor.may(OPEN_FILE) and has_read(actor, person_id, FILE, now)


def heads() -> list[tuple[int, int, str]]:
    """Stream, place and hash (hexadecimal) of every chain: what is anchored outside the database."""
    return [(h.stream, h.seq, bytes(h.hash).hex()) for h in Head.objects.order_by("stream")]


def installation() -> str:
    """Which database this is, for the heads written outside."""
    return str(Installation.objects.first() or "")


def broken_anchors(last: list[tuple[int, int, str]]) -> int:
    """Count the heads written outside that the database no longer holds at their place."""
    kept = {
        (d.stream, d.seq): bytes(d.hash).hex()
        for d in Deed.objects.filter(stream__in={stream for stream, _, _ in last}, seq__in={seq for _, seq, _ in last})
    }
    return sum(kept.get((stream, seq)) != digest for stream, seq, digest in last)
