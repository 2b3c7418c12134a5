"""People who meet the portal."""

import datetime as dt
from typing import Any

import factory
from django.test import Client

from messervices.foundations.accounts.models import User
from messervices.foundations.students import actions as students
from messervices.foundations.students.rules import Identity
from messervices.kernel.actor import Actor

NOW = dt.datetime(2026, 8, 28, 9, 0, tzinfo=dt.UTC)


class UserFactory(factory.django.DjangoModelFactory[User]):
    """An account whose holder has said nothing yet."""

    class Meta:
        """A student's."""

        model = User

    email = factory.Sequence(lambda number: f"student{number}@example.org")
    password = factory.django.Password("correct horse battery")

    class Params:
        """Situations."""

        agent = factory.Trait(kind="agent", label="M. Duval")
        establishment = factory.Trait(kind="establishment", label="UVSQ")


def identity(**changes: Any) -> Identity:
    """Lina, born in Saint-Germain-en-Laye."""
    lina: dict[str, Any] = {
        "birth_name": "Benali",
        "first_names": "Lina Sarah",
        "birth_on": dt.date(2008, 3, 14),
        "birth_country": "FR",
        "nationality": "DZ",
        "civility": "F",
        "birth_commune": "78551",
        "birth_place": "Saint-Germain-en-Laye",
    }
    return Identity(**lina | changes)


def known_student(**changes: Any) -> User:
    """A student who has said who they are."""
    user = UserFactory.create()
    by = Actor(kind="student", user_id=user.pk)
    students.tell_identity(by=by, user=user, identity=identity(**changes), now=NOW)
    return User.objects.get(pk=user.pk)


def signed_in(user: User) -> Client:
    """A browser where this person has signed in."""
    client = Client()
    client.force_login(user)
    return client
