"""Announcements and tiles in the situations that tests speak of."""

from datetime import UTC, date, datetime

import factory

from messervices.foundations.catalogue.models import Announcement, CatalogueEntry
from messervices.foundations.catalogue.states import Right
from messervices.kernel.academic_year import AcademicYear
from messervices.kernel.actor import Actor

NOW = datetime(2026, 8, 28, 12, 0, tzinfo=UTC)
LYON, VERSAILLES = 12, 26
CVEC = ("cvec", AcademicYear(2026))

NATIONAL = Actor(kind="agent", user_id=9001, label="Cnous", rights=frozenset(map(str, Right)), national=True)
OF_LYON = Actor(kind="agent", user_id=9002, label="Crous de Lyon", rights=frozenset(map(str, Right)), crous_ids=(LYON,))


class EntryFactory(factory.django.DjangoModelFactory):
    """A tile. Traits: ``over`` (its time has passed), ``superseded``."""

    class Meta:
        model = CatalogueEntry

    class Params:
        over = factory.Trait(closes_at=datetime(2026, 8, 28, 12, 0, tzinfo=UTC))
        superseded = factory.Trait(superseded_at=NOW)

    slug = factory.Sequence(lambda n: f"trial-{n}")
    section = "life"
    title_fr = "Théâtre à l’université"
    title_en = "Drama at university"
    sentence_fr = "Des places à petit prix."
    sentence_en = "Cheap seats."
    address = "https://theatre.example"
    icon = "gift"
    keywords = "spectacle"
    position = 900
    source = "test"
    certainty = "assumed"
    known_on = date(2026, 5, 1)
    set_at = NOW


class AnnouncementFactory(factory.django.DjangoModelFactory):
    """A national announcement. Traits: ``of_lyon``, ``of_cvec``, ``later``, ``over``."""

    class Meta:
        model = Announcement

    class Params:
        of_lyon = factory.Trait(perimeter="crous", crous_id=LYON)
        of_cvec = factory.Trait(perimeter="campaign", service="cvec", year=AcademicYear(2026))
        later = factory.Trait(opens_at=datetime(2026, 8, 28, 12, 1, tzinfo=UTC))
        over = factory.Trait(closes_at=datetime(2026, 8, 28, 12, 0, tzinfo=UTC))

    slug = factory.Sequence(lambda n: f"trial-{n}")
    kind = "info"
    title_fr = "Fermeture"
    title_en = "Closed"
    body_fr = "Le Crous est fermé lundi."
    body_en = "The Crous is closed on Monday."
    perimeter = "national"
    source = "test"
    certainty = "assumed"
    known_on = date(2026, 5, 1)
    set_at = NOW
