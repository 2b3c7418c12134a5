"""Accounts, dates and amounts in the situations that tests speak of. Places come from the reference data."""

from datetime import UTC, date, datetime

import factory

from messervices.foundations.accounts.models import User
from messervices.foundations.crous.models import Amount, Window
from messervices.foundations.crous.states import Right
from messervices.kernel.academic_year import AcademicYear
from messervices.kernel.actor import Actor

NOW = datetime(2026, 8, 28, 12, 0, tzinfo=UTC)
YEAR = AcademicYear(2026)
LYON, VERSAILLES = 12, 26

NATIONAL = Actor(kind="agent", user_id=9001, label="Cnous", rights=frozenset(map(str, Right)), national=True)
OF_LYON = Actor(kind="agent", user_id=9002, label="Crous de Lyon", rights=frozenset(map(str, Right)), crous_ids=(LYON,))


class UserFactory(factory.django.DjangoModelFactory):
    """An account. Traits: ``agent``, ``establishment``."""

    class Meta:
        model = User

    class Params:
        agent = factory.Trait(kind="agent", label="Mme Roche, bourses")
        establishment = factory.Trait(kind="establishment", label="Scolarité centrale")

    email = factory.Sequence(lambda n: f"compte{n}@places.example")
    password = "!"


class WindowFactory(factory.django.DjangoModelFactory):
    """Dates of a service that no reference file knows. Traits: ``of_lyon``, ``over``."""

    class Meta:
        model = Window

    class Params:
        of_lyon = factory.Trait(crous_id=LYON)
        over = factory.Trait(superseded_at=NOW)

    service = "trial"
    year = YEAR
    opens_at = datetime(2026, 5, 1, tzinfo=UTC)
    closes_at = datetime(2026, 9, 1, tzinfo=UTC)
    source = "test"
    certainty = "assumed"
    known_on = date(2026, 5, 1)
    set_at = NOW


class AmountFactory(factory.django.DjangoModelFactory):
    """An amount of a kind that no reference file knows."""

    class Meta:
        model = Amount

    kind = "trial"
    year = YEAR
    amount_cents = 105_00
    source = "test"
    certainty = "assumed"
    known_on = date(2026, 5, 1)
    set_at = NOW
