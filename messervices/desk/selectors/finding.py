"""Finding a person among those the agent follows."""

from dataclasses import dataclass
from typing import Any

from messervices.desk import rules
from messervices.desk.selectors.words import offices_of, value_in_words
from messervices.foundations.accounts import selectors as accounts
from messervices.foundations.audit import selectors as audit
from messervices.foundations.audit.models import Read
from messervices.foundations.students import selectors as students
from messervices.foundations.students.models import Fact, Identifier, Person
from messervices.foundations.students.rules import normal_ine
from messervices.foundations.students.states import HOLDING, FactKind
from messervices.kernel import manifest
from messervices.kernel.actor import Actor
from messervices.kernel.text import search_key

MOST_FOUND = 30


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
