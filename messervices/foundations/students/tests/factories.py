"""Persons in the situations that tests speak of."""

from datetime import UTC, date, datetime
from typing import Any

import factory

from messervices.foundations.accounts.models import User
from messervices.foundations.students import actions
from messervices.foundations.students.models import Fact, Identifier, Person
from messervices.foundations.students.rules import ALPHABET_23, Identity
from messervices.kernel.academic_year import AcademicYear
from messervices.kernel.actor import Actor
from messervices.kernel.text import search_key

NOW = datetime(2026, 8, 28, 12, 0, tzinfo=UTC)
YEAR = AcademicYear(2026)


def bea(serial: int) -> str:
    """Give a well-formed BEA number with its right key."""
    digits = f"{5_000_000_000 + serial:010d}"
    return digits + ALPHABET_23[int(digits) % 23]


def identity(**changes: Any) -> Identity:
    """Who Lina Benali says she is, with what a test changes."""
    said: dict[str, Any] = {
        "birth_name": "Benali",
        "usual_name": "",
        "first_names": "Lina Marie",
        "birth_on": date(2008, 3, 14),
        "birth_commune": "78551",
        "birth_place": "Saint-Germain-en-Laye",
        "birth_country": "FR",
        "civility": "F",
        "nationality": "FR",
        "ine": "",
    }
    return Identity(**said | changes)


class UserFactory(factory.django.DjangoModelFactory):
    """A student's account."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    class Params:
        agent = factory.Trait(kind="agent", label="Agent du Crous", crous_ids=[26])
        cnous = factory.Trait(kind="agent", label="Cnous", crous_ids=[], national=True)

    email = factory.Sequence(lambda n: f"etudiant{n}@etudiant.example")
    password = factory.django.Password("une phrase de passe")


class PersonFactory(factory.django.DjangoModelFactory):
    """A person with their number and account. Traits: ``at`` a Crous, ``boursier``, ``without_ine``."""

    class Meta:
        model = Person
        skip_postgeneration_save = True

    class Params:
        without_ine = factory.Trait(ine=factory.Sequence(lambda n: f"2026D{n % 100_000:05d}A"))

    crous_ids = factory.LazyFunction(lambda: [26])
    birth_name = factory.Sequence(lambda n: f"Benali{n}")
    first_names = "Lina"
    birth_on = date(2008, 3, 14)
    birth_commune = "78551"
    birth_place = "Saint-Germain-en-Laye"
    birth_country = "FR"
    civility = "F"
    nationality = "FR"
    ine = factory.Sequence(bea)
    ine_status = "declared"
    search_key = factory.LazyAttribute(lambda o: search_key(f"{o.birth_name} {o.first_names}"))
    created_at = NOW

    @factory.post_generation
    def number(self: Person, create: bool, _given: Any, **_kwargs: Any) -> None:
        """Write the number the person shows."""
        if create:
            scheme = "provisional" if self.ine[4] == "D" else "bea"
            Identifier.objects.create(
                person=self, scheme=scheme, value=self.ine, status="declared", source="student", known_at=NOW
            )

    @factory.post_generation
    def account(self: Person, create: bool, _given: Any, **_kwargs: Any) -> None:
        """Give the person an account that points to them."""
        if create:
            UserFactory(person_id=self.pk, label=self.display_name)

    @factory.post_generation
    def boursier(self: Person, create: bool, given: Any, **_kwargs: Any) -> None:
        """Make them a scholar of the current year: ``PersonFactory(boursier=True)``."""
        if create and given:
            give_fact(self, "boursier", True)


def give_fact(person: Person, kind: str, value: Any, year: AcademicYear | None = YEAR, **fields: Any) -> Fact:
    """Write a fact of a person."""
    given = {"source": "scholarships", "certainty": "verified", "known_at": NOW} | fields
    return Fact.objects.create(person=person, kind=kind, year=year, value=value, **given)


def user_of(person: Person) -> User:
    """Give a person's account."""
    return User.objects.get(person_id=person.pk)


def student(user: User) -> Actor:
    """Give the actor an account stands for."""
    return Actor(kind="student", user_id=user.pk, person_id=user.person_id, label=user.label)


def agent(*crous_ids: int, rights: tuple[str, ...] = (), user_id: int = 900) -> Actor:
    """Give an agent of those Crous; of all of them when none is named."""
    return Actor(
        kind="agent", user_id=user_id, label="Agent du Crous", crous_ids=crous_ids, rights=frozenset(rights),
        national=not crous_ids,
    )  # fmt: skip


def told(user: User, **changes: Any) -> Person:
    """Let an account say who it is."""
    return actions.tell_identity(by=student(user), user=user, identity=identity(**changes), now=NOW)
