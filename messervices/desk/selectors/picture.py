"""A person's whole picture: what is known, what happened, what each service says."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from messervices.desk import rules, states
from messervices.desk.selectors.words import Happened, offices_of, source_in_words, value_in_words
from messervices.foundations.audit import selectors as audit
from messervices.foundations.documents import selectors as documents
from messervices.foundations.documents.models import Document
from messervices.foundations.notifications import selectors as notifications
from messervices.foundations.notifications.selectors import Written
from messervices.foundations.payments import selectors as payments
from messervices.foundations.payments.models import Order
from messervices.foundations.students import selectors as students
from messervices.foundations.students.models import Fact, IdentifierCase, Person
from messervices.foundations.students.states import (
    HOLDING,
    IDENTITY_KINDS,
    Certainty,
    FactKind,
    IdentifierStatus,
    Scheme,
)
from messervices.kernel import manifest
from messervices.kernel.actor import Actor
from messervices.kernel.scope import Scope, acting_as


@dataclass(frozen=True, slots=True)
class KnownFact:
    """One thing known of a person, in words: value, source, date, certainty."""

    kind: str
    label: str
    value: str
    source: str
    known_at: datetime
    certainty: str
    verified: bool
    correctable: bool
    reason: str = ""
    year: str = ""
    current: bool = True
    paper_id: int | None = None


def facts_in_words(facts: Iterable[Fact]) -> list[KnownFact]:
    """Say facts as people read them, the identity first, then year by year."""
    order = {kind: rank for rank, kind in enumerate(FactKind.values)}
    rows = sorted(facts, key=lambda fact: (order.get(fact.kind, 99), -(fact.year.start if fact.year else 0), -fact.pk))
    return [_in_words(fact) for fact in rows]


def _in_words(fact: Fact) -> KnownFact:
    return KnownFact(
        kind=fact.kind,
        label=str(FactKind(fact.kind).label),
        value=value_in_words(fact.kind, fact.value),
        source=source_in_words(fact.source),
        known_at=fact.known_at,
        certainty=str(Certainty(fact.certainty).label),
        verified=fact.certainty == Certainty.VERIFIED,
        correctable=fact.kind in IDENTITY_KINDS,
        reason=fact.reason,
        year=str(fact.year or ""),
        current=fact.superseded_at is None,
        paper_id=fact.paper_id,
    )


def timeline_of(person: Person, actor: Actor, limit: int = 50) -> list[Happened]:
    """What happened on a file, newest first: deeds of the agent's Crous, and those of no Crous in particular.

    A student's own deeds, and those written before a Crous followed them, carry no Crous: the agents who follow the
    person read them too. The deeds of another Crous stay its own. Hence the scope of the one person, and not that of
    "no Crous": there everybody's own deeds stand, and a filter forgotten would show them.
    """
    sentences = {**manifest.verbs(), **states.VERBS}
    seen = {0, *actor.scope.crous}
    with acting_as(Scope(actor.scope.name, person=person.pk)):
        deeds = [deed for deed in audit.deeds_of(person.pk, limit, seen) if deed.crous_id in seen]
    return [
        Happened(deed.at, str(sentences.get(deed.verb, deed.verb)), " — ".join(filter(None, (_who(deed), deed.reason))))
        for deed in deeds
    ]


def _who(deed: Any) -> str:
    if deed.actor_kind == "agent":
        return str(deed.actor_label)
    return "" if deed.actor_kind == "student" else _("Automatique")


@dataclass(frozen=True, slots=True)
class Number:
    """One number a person is, was or would be known by."""

    title: str
    current: bool
    value: str
    scheme: str
    status: str
    kind: str
    source: str
    known_at: datetime
    ended_at: datetime | None


_KINDS = {
    IdentifierStatus.VERIFIED: "ok",
    IdentifierStatus.TO_VERIFY: "warn",
    IdentifierStatus.DISPUTED: "warn",
    IdentifierStatus.REFUSED: "bad",
}


def numbers_of(person: Person) -> list[Number]:
    """Every number of a person: the current one, the one being examined, then the old ones (one query)."""
    rows = sorted(person.identifiers.all(), key=lambda row: (_rank(row.status), -row.pk))
    return [
        Number(
            (_("INE"), _("Numéro demandé"), _("Ancien numéro"))[_rank(row.status)], row.status in HOLDING,
            row.value, str(Scheme(row.scheme).label), str(IdentifierStatus(row.status).label),
            _KINDS.get(IdentifierStatus(row.status), ""), source_in_words(row.source), row.known_at, row.ended_at,
        )
        for row in rows
    ]  # fmt: skip


def _rank(status: str) -> int:
    return 0 if status in HOLDING else 1 if status == IdentifierStatus.DISPUTED else 2


@dataclass(frozen=True, slots=True)
class Picture:
    """What every page of a file shows at its top."""

    person: Person
    age: int
    offices: str
    case: IdentifierCase | None
    badges: list[tuple[str, str]] = field(default_factory=list)


def picture_of(person: Person, now: datetime) -> Picture:
    """The top of a file: age, Crous, the open case, and what each service says in a word (one query each)."""
    badges = []
    for service in manifest.services():
        tile = manifest.call(service.tile)(person.pk, now) if service.tile else None
        if tile is not None and tile.badge:
            standing = str(tile.badge).partition(":")[0].strip()  # what follows is for the student: "…: download"
            badges.append((f"{service.title} · {standing}", tile.badge_kind))
    return Picture(
        person=person,
        age=rules.age_on(person.birth_on, now.date()),
        offices=offices_of(person.crous_ids),
        case=students.open_case_of(person.pk),
        badges=badges,
    )


def panels_of(person_id: int, actor: Actor, now: datetime) -> list[manifest.Panel]:
    """Each service's part of a person's whole picture."""
    return [
        panel
        for service in manifest.services()
        if service.desk_panel
        for panel in manifest.call(service.desk_panel)(person_id, actor, now)
    ]


def orders_of(person: Person, actor: Actor, limit: int) -> list[Order]:
    """The person's last payments at the agent's Crous, newest first (one query)."""
    orders = Order.objects.filter(person_id=person.pk)
    mine = orders if actor.national else orders.filter(crous_id__in=actor.crous_ids)
    return list(mine.order_by("-created_at", "-pk")[:limit])


def payments_in_full(person: Person, actor: Actor) -> list[Order]:
    """The person's payments at the agent's Crous, each with its tries and its money (four queries)."""
    return payments.payments_of(person.pk, actor)


def documents_of(person: Person, actor: Actor, limit: int) -> list[Document]:
    """The papers issued to the person by the agent's Crous, newest first (one query)."""
    issued = documents.of_person(person.pk)
    return list((issued if actor.national else issued.filter(crous_id__in=actor.crous_ids))[:limit])


def messages_of(person: Person, limit: int) -> list[Written]:
    """What was written to the person, newest first, with the words and what came of each (one query)."""
    return notifications.written_to(person.pk, limit)
