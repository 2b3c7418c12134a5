"""Shapes of the desk's input: what is valid becomes the very value that the action takes."""

from datetime import UTC, datetime

import pytest

from messervices.foundations.catalogue.forms import AnnouncementForm, EntryForm
from messervices.kernel.academic_year import AcademicYear

pytestmark = pytest.mark.django_db

ENTRY = {
    "slug": "theatre", "section": "life", "title_fr": "Théâtre", "title_en": "Drama", "sentence_fr": "Des places.",
    "sentence_en": "Seats.", "address": "https://theatre.example", "icon": "gift", "position": "900",
    "source": "Théâtre", "certainty": "sourced", "reason": "Partenariat",
}  # fmt: skip
ANNOUNCEMENT = {
    "slug": "closed", "kind": "info", "title_fr": "Fermeture", "title_en": "Closed", "body_fr": "Lundi.",
    "body_en": "Monday.", "perimeter": "campaign", "service": "cvec", "year": "2026-2027", "source": "Crous",
    "certainty": "sourced", "reason": "Fermeture",
    "closes_on_day": "31", "closes_on_month": "8", "closes_on_year": "2026",
}  # fmt: skip


def test_a_tile_typed_at_the_desk_becomes_the_text_of_the_action() -> None:
    form = EntryForm(ENTRY)
    assert form.is_valid(), form.errors
    assert (form.text.slug, form.text.position, form.text.opens_at) == ("theatre", 900, None)


@pytest.mark.parametrize("address", ["http://theatre.example", "javascript:alert(1)", "theatre", "ftp://x.example"])
def test_an_address_that_is_not_safe_is_said_to_be_so(address: str) -> None:
    assert "address" in EntryForm(ENTRY | {"address": address}).errors


def test_an_announcement_lasts_until_the_end_of_its_last_day() -> None:
    form = AnnouncementForm(ANNOUNCEMENT)
    assert form.is_valid(), form.errors
    assert form.text.year == AcademicYear(2026)
    assert form.text.crous_id is None
    assert form.text.closes_at == datetime(2026, 8, 31, 22, tzinfo=UTC)
    assert not AnnouncementForm(ANNOUNCEMENT | {"perimeter": "moon"}).is_valid()
