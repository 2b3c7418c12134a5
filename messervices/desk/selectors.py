"""What the desk shows: found persons, a person's whole picture, what waits."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.apps import apps
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from messervices.desk import rules, states
from messervices.foundations.accounts import selectors as accounts
from messervices.foundations.audit import selectors as audit
from messervices.foundations.audit.models import Read
from messervices.foundations.crous import selectors as crous
from messervices.foundations.students import selectors as students
from messervices.foundations.students.models import Fact, Identifier, IdentifierCase, Person
from messervices.foundations.students.rules import normal_ine
from messervices.foundations.students.states import (
    HOLDING,
    IDENTITY_KINDS,
    Certainty,
    Civility,
    FactKind,
    IdentifierStatus,
    Scheme,
)
from messervices.kernel import manifest
from messervices.kernel.actor import Actor
from messervices.kernel.scope import Scope, acting_as
from messervices.kernel.text import search_key
from messervices.look.templatetags.look import day

MOST_FOUND = 30


# Who works here -------------------------------------------------------------------------------------------------


def office_of(actor: Actor) -> str:
    """Name the agent's office: their Crous, or the national desk."""
    if actor.national:
        return _("Réseau national")
    names = [crous.crous_of(one).name for one in actor.crous_ids]
    return ", ".join(names) or _("Sans affectation")


def known_rights() -> dict[str, manifest.Text]:
    """Every right an agent may hold, with what it lets one do: the desk's, each foundation's, each service's."""
    found: dict[str, manifest.Text] = {str(right): label for right, label in states.RIGHTS.items()}
    for config in apps.get_app_configs():
        if config.name.startswith("messervices.foundations.") and find_spec(f"{config.name}.states"):
            rights = getattr(import_module(f"{config.name}.states"), "RIGHTS", {})
            found |= {str(right): label for right, label in rights.items()}
    for service in manifest.services():
        found |= {right.code: right.label for right in service.rights}
    return found


# What waits -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Queue:
    """One pile of work: how many files wait, and where they are."""

    name: manifest.Text
    count: int
    url_name: str
    icon: str = "list"


def queues_of(actor: Actor) -> list[Queue]:
    """Give the piles of the services that the agent has a right on (one query each)."""
    return [
        Queue(queue.name, int(manifest.call(queue.count)(actor)), queue.url_name, service.icon)
        for service in manifest.services()
        for queue in service.desk_queues
        if actor.may(queue.right)
    ]


def cases_of(actor: Actor, limit: int) -> list[IdentifierCase]:
    """The numbers to decide, oldest first, one more than ``limit`` when there are more (one query)."""
    if not actor.may(states.Right.DECIDE_CASE):
        return []
    return list(students.cases_waiting(actor)[: limit + 1])


def case_for(number: int, actor: Actor) -> IdentifierCase | None:
    """A case, open or decided, of a person that the agent follows (one query)."""
    case = IdentifierCase.objects.filter(pk=number).select_related("person", "identifier").first()
    if case is None or not rules.may_see(actor.crous_ids, case.person.crous_ids, national=actor.national):
        return None
    return case


def other_holder(case: IdentifierCase, actor: Actor) -> Person | None:
    """Whoever holds the number, when the agent follows them too; ``None`` tells nothing of who they are."""
    held = Identifier.objects.filter(value=case.identifier.value, status__in=HOLDING).exclude(person=case.person_id)
    ids = list(held.values_list("person_id", flat=True))
    found = students.persons_by_ids(ids, actor) if ids else []
    return found[0] if found else None


# Finding --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Found:
    """A person found, with what tells them apart from a namesake."""

    person: Person
    study_city: str
    offices: str
    by_old_number: str = ""


def persons_like(text: str, actor: Actor) -> list[Found]:
    """Find persons the agent may see by e-mail, INE (current or old), certificate number or name.

    A name is tried as typed, then with each of its words first: people say "Lina Benali", files begin with the name.
    Gives one more than ``MOST_FOUND`` when there are more; says nothing of persons the agent does not follow.
    """
    if "@" in text:
        user = accounts.user_by_email(text)
        persons = students.persons_by_ids([user.person_id], actor) if user and user.person_id else []
    else:
        persons = _by_certificate(text, actor) or _by_name_or_number(text, actor)
    return _told_apart(persons, normal_ine(text))


def _by_certificate(text: str, actor: Actor) -> list[Person]:
    """Ask each service whether the text is a number of its own (a certificate, a file)."""
    ids: list[int] = []
    for service in manifest.services():
        if service.search:
            ids += manifest.call(service.search)(text, actor)
    return students.persons_by_ids(ids, actor) if ids else []


def _by_name_or_number(text: str, actor: Actor) -> list[Person]:
    key = search_key(text)
    for order in [text, *rules.word_orders(key)[1:]]:
        found = students.search_persons(order, actor, MOST_FOUND + 1)
        if found:
            return found
    return []


def _told_apart(persons: list[Person], number: str) -> list[Found]:
    """Add the city of study of each, their Crous, and the old number they were found by (two queries)."""
    ids = [person.pk for person in persons]
    cities: dict[int, str] = {}
    for fact in Fact.objects.filter(person_id__in=ids, kind=FactKind.STUDY_CITY, superseded_at=None).order_by("year"):
        cities[fact.person_id] = value_in_words(fact.kind, fact.value)
    old = {
        row.person_id: row.get_status_display()
        for row in Identifier.objects.filter(person_id__in=ids, value=number).exclude(status__in=HOLDING)
    }
    return [
        Found(person, cities.get(person.pk, ""), offices_of(person.crous_ids), old.get(person.pk, ""))
        for person in persons
    ]


def offices_of(crous_ids: Iterable[int]) -> str:
    """Name the Crous that follow a person."""
    return ", ".join(crous.crous_of(one).name for one in crous_ids if one) or _("Aucun Crous pour le moment")


def person_for(uuid: Any, actor: Actor) -> Person | None:
    """The person of a file's address, if the agent follows them; ``None`` tells nothing more."""
    person = students.person_by_uuid(uuid)
    if person is None or not rules.may_see(actor.crous_ids, person.crous_ids, national=actor.national):
        return None
    return person


def persons_read_by(actor: Actor, limit: int) -> list[tuple[Read, Person | None]]:
    """The agent's own last readings, newest first, with the person when they still follow them (two queries)."""
    reads = list(audit.reads_by(actor.user_id or 0, limit))
    persons = {person.pk: person for person in students.persons_by_ids([read.person_id for read in reads], actor)}
    return [(read, persons.get(read.person_id)) for read in reads]


def persons_lately(actor: Actor, limit: int) -> list[tuple[Read, Person]]:
    """The persons whose files the agent opened last, each once, as long as they follow them."""
    latest: dict[int, tuple[Read, Person]] = {}
    for read, person in persons_read_by(actor, 5 * limit):
        if person is not None:
            latest.setdefault(person.pk, (read, person))
    return list(latest.values())[:limit]


# The whole picture ----------------------------------------------------------------------------------------------


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


def value_in_words(kind: str, value: Any) -> str:
    """Say the value of a fact: a date as a date, a country by its name, yes or no."""
    language = (get_language() or "fr")[:2]
    if value in ("", None):
        return _("non renseigné")
    if isinstance(value, bool):
        return _("Oui") if value else _("Non")
    if kind == FactKind.BIRTH_ON:
        return str(day(value))
    if kind == FactKind.CIVILITY:
        return str(Civility(value).label)
    if kind == FactKind.NATIONALITY:
        return crous.country_name(value, language)
    if isinstance(value, dict):
        return _parts_in_words(kind, value, language)
    return str(value)


def _parts_in_words(kind: str, value: dict[str, Any], language: str) -> str:
    """A place: its name, its postcode or code, its country when it is abroad."""
    if kind == FactKind.BIRTH_PLACE:
        country = value.get("country", "")
        abroad = crous.country_name(country, language) if country not in ("", "FR") else ""
        return ", ".join(part for part in (value.get("place", ""), abroad) if part) or _("non renseigné")
    return str(value.get("label") or value.get("name") or value.get("place") or ", ".join(map(str, value.values())))


def source_in_words(source: str) -> str:
    """Say where a fact comes from: the person, an agent of a Crous, a service of the platform, a registry."""
    room, _sep, rest = source.partition(":")
    if room == "student":
        return _("La personne")
    if room == "agent":
        office = crous.crous_of(int(rest)).name if rest.isdigit() and int(rest) else _("réseau national")
        return _("Agent, %(office)s") % {"office": office}
    titles = {service.slug: str(service.title) for service in manifest.services()}
    return titles.get(room, source)


@dataclass(frozen=True, slots=True)
class Happened:
    """One deed of a person's timeline, in words."""

    at: datetime
    title: str
    text: str
    state: str = "done"
    fam: str = "help"


def timeline_of(person: Person, actor: Actor, limit: int = 50) -> list[Happened]:
    """What happened on a file, newest first: deeds of the agent's Crous, and those of no Crous in particular.

    A student's own deeds, and those written before a Crous followed them, carry no Crous: the agents who follow the
    person read them too. The deeds of another Crous stay its own.
    """
    sentences = {**manifest.verbs(), **states.VERBS}
    scope = actor.scope
    with acting_as(Scope(scope.name, crous=tuple({*scope.crous, 0}))):
        deeds = list(audit.deeds_of(person.pk, limit))
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
    """One number a person is or was known by."""

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
    """Every number of a person, the current one first, then the latest (one query)."""
    rows = sorted(person.identifiers.all(), key=lambda row: (row.status not in HOLDING, -row.pk))
    return [
        Number(
            row.value, str(Scheme(row.scheme).label), str(IdentifierStatus(row.status).label),
            _KINDS.get(IdentifierStatus(row.status), ""), source_in_words(row.source), row.known_at, row.ended_at,
        )
        for row in rows
    ]  # fmt: skip


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
            badges.append((f"{service.title} : {tile.badge}", tile.badge_kind))
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
