"""What the database itself refuses."""

import pytest
from django.db import IntegrityError, transaction
from django.utils import translation

from messervices.foundations.catalogue.tests.factories import NOW, AnnouncementFactory, EntryFactory
from messervices.kernel.academic_year import AcademicYear

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ({"address": "http://theatre.example"}, "entry_https"),
        ({"address": "javascript:alert(1)"}, "entry_https"),
        ({"section": "elsewhere"}, "entry_section"),
        ({"opens_at": NOW, "closes_at": NOW}, "entry_order"),
    ],
)
def test_a_tile_stands_behind_a_known_door_and_leads_to_a_safe_address(change, constraint) -> None:
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        EntryFactory(**change)


def test_one_version_is_in_force() -> None:
    EntryFactory(slug="one", superseded=True)
    EntryFactory(slug="one")
    with pytest.raises(IntegrityError, match="entry_one_in_force"), transaction.atomic():
        EntryFactory(slug="one")
    AnnouncementFactory(slug="one")
    with pytest.raises(IntegrityError, match="announcement_one_in_force"), transaction.atomic():
        AnnouncementFactory(slug="one")


@pytest.mark.parametrize(
    "change",
    [
        {"crous_id": 12},
        {"perimeter": "crous"},
        {"perimeter": "campaign", "service": "cvec"},
        {"perimeter": "campaign", "year": AcademicYear(2026)},
        {"perimeter": "crous", "crous_id": 12, "service": "cvec"},
    ],
)
def test_the_perimeter_and_what_it_names_agree(change) -> None:
    with pytest.raises(IntegrityError, match="announcement_perimeter"), transaction.atomic():
        AnnouncementFactory(**change)


def test_rows_speak_the_language_of_the_page() -> None:
    entry, announcement = EntryFactory(), AnnouncementFactory()
    with translation.override("fr"):
        assert (entry.title, announcement.body) == ("Théâtre à l’université", "Le Crous est fermé lundi.")
    with translation.override("en"):
        assert (entry.sentence, announcement.title) == ("Cheap seats.", "Closed")
    assert (str(entry), str(announcement)) == (entry.slug, announcement.slug)
