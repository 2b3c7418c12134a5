"""Acquittements in the situations that tests speak of."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from importlib import import_module
from itertools import count
from typing import Any

import factory
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.test import Client

from messervices.foundations.accounts.models import User
from messervices.foundations.crous.models import Establishment, Referent
from messervices.foundations.documents.tests.factories import issue
from messervices.foundations.payments.tests.factories import OrderFactory, begin, notice, tell
from messervices.foundations.students.models import Person
from messervices.foundations.students.tests.factories import PersonFactory, UserFactory, give_fact, user_of
from messervices.kernel.academic_year import AcademicYear
from messervices.kernel.actor import Actor
from messervices.kernel.scope import acting_as
from messervices.services.cvec import actions
from messervices.services.cvec.models import Acquittement
from messervices.services.cvec.states import Status

NOW = datetime(2026, 8, 28, 12, 0, tzinfo=UTC)
YEAR = AcademicYear(2026)
VERSAILLES, LYON = 26, 12
VERSAILLES_CITY, LYON_CITY, SAINT_GERMAIN = "78646", "69123", "78551"
NOUMEA = "98818"
SEE = "cvec:acquittement:see"
_serials = count(10_000_000)


class AcquittementFactory(factory.django.DjangoModelFactory):
    """An acquittement of Versailles, to be paid. Traits: ``paid``, ``exempt``, ``last_year``, ``of_lyon``."""

    class Meta:
        model = Acquittement

    class Params:
        last_year = factory.Trait(year=YEAR.previous)
        of_lyon = factory.Trait(
            crous_id=LYON, commune_id=LYON_CITY, person=factory.SubFactory(PersonFactory, crous_ids=[LYON])
        )
        paid = factory.Trait(
            status=Status.PAID,
            settled_at=NOW,
            document=factory.LazyAttribute(lambda o: issue(o.person, next(_serials), year=o.year, crous_id=o.crous_id)),
            order=factory.SubFactory(
                OrderFactory,
                kind="cvec",
                status="paid",
                captured_cents=105_00,
                paid_at=NOW,
                person=factory.SelfAttribute("..person"),
                crous_id=factory.SelfAttribute("..crous_id"),
            ),
        )
        exempt = factory.Trait(
            status=Status.EXEMPT,
            settled_at=NOW,
            amount_cents=0,
            motive="BCS",
            document=factory.LazyAttribute(
                lambda o: issue(
                    o.person,
                    next(_serials),
                    year=o.year,
                    crous_id=o.crous_id,
                    contents={"ground": "exempt", "amount_cents": 0},
                )
            ),
        )

    person = factory.SubFactory(PersonFactory)
    year = YEAR
    crous_id = VERSAILLES
    commune_id = VERSAILLES_CITY
    status = Status.AWAITING_PAYMENT
    amount_cents = 105_00
    opened_at = NOW


def actor_of(person: Person) -> Actor:
    """The student's actor."""
    user = user_of(person)
    return Actor(kind="student", user_id=user.pk, person_id=person.pk, label=user.label)


def student(*, city: str = VERSAILLES_CITY, boursier: bool = False, **fields: Any) -> Person:
    """Somebody who has said who they are and, unless ``city`` is empty, where they study this year."""
    person = PersonFactory(boursier=boursier, **fields)
    if city:
        give_fact(person, "study_city", {"commune": city, "name": "Versailles"}, source="student", certainty="declared")
    return person


@contextmanager
def acting(person: Person) -> Iterator[Actor]:
    """Act as the student, in their own scope, as a request does."""
    actor = actor_of(person)
    with acting_as(actor.scope):
        yield actor


def acknowledge(person: Person, now: datetime = NOW, year: AcademicYear = YEAR) -> Acquittement:
    """The student presses the button of the summary."""
    with acting(person) as actor:
        return actions.open_acquittement(by=actor, person_id=person.pk, year=year, now=now)


def pay(acquittement: Acquittement, now: datetime = NOW) -> str:
    """The student goes to the bank, which then tells us that it was paid; gives the effect."""
    assert acquittement.order is not None
    attempt = begin(acquittement.order, now)
    return tell(notice(attempt.number), now + timedelta(minutes=6))


def paid_student(**fields: Any) -> Acquittement:
    """A student whose CVEC went all the way through the bank."""
    acquittement = acknowledge(student(**fields))
    assert pay(acquittement) == "captured"
    acquittement.refresh_from_db()
    return acquittement


def referent(uai: str = "0781944P") -> User:
    """Somebody who answers for an establishment (UVSQ)."""
    user = UserFactory(kind="establishment", label="Scolarité centrale")
    Referent.objects.create(user=user, establishment=Establishment.objects.get(pk=uai), slot=1, since=NOW)
    return user


def signed_in(user: User, *, language: str = "fr") -> Client:
    """A browser in which somebody is signed in; an agent with a second factor."""
    client = Client()
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session["account_authentication_methods_user"] = str(user.pk)
    session["account_authentication_methods"] = [{"method": method, "at": 0} for method in ("password", "mfa")]
    session.create()
    client.cookies[settings.SESSION_COOKIE_NAME] = session.session_key
    client.cookies["language"] = language
    return client


def agent_user(*crous_ids: int, rights: tuple[str, ...] = (SEE,)) -> User:
    """An agent of those Crous; national when none is named."""
    return UserFactory(
        kind="agent", label="Mme Roche", crous_ids=list(crous_ids), national=not crous_ids, rights=list(rights)
    )
