"""Tiles and announcements: for whom, when, and without a query once they are kept."""

from datetime import UTC, datetime

import pytest

from messervices.foundations.catalogue import selectors
from messervices.foundations.catalogue.tests.factories import (
    CVEC,
    LYON,
    NOW,
    VERSAILLES,
    AnnouncementFactory,
    EntryFactory,
)
from messervices.kernel.academic_year import AcademicYear
from messervices.kernel.manifest import SECTIONS

pytestmark = pytest.mark.django_db


def seen(crous_ids=(), service_years=(), now: datetime = NOW) -> set[str]:
    found = selectors.visible_announcements(crous_ids=crous_ids, service_years=service_years, now=now)
    return {one.slug for one in found}


def test_every_door_of_the_portal_has_its_tiles_in_the_order_of_the_deck() -> None:
    assert {entry.section for entry in selectors.entries(now=NOW)} == set(SECTIONS)
    assert [entry.slug for entry in selectors.entries("enrol", now=NOW)] == ["parcoursup", "mobility-parcoursup"]
    assert all(entry.address.startswith("https://") for entry in selectors.entries(now=NOW))


def test_tiles_and_announcements_are_read_once_then_kept(django_assert_num_queries) -> None:
    with django_assert_num_queries(2):
        selectors.entries("life", now=NOW)
        seen()
    with django_assert_num_queries(0):
        selectors.entries(now=NOW)
        selectors.search("bourse", now=NOW)
        seen((LYON,), (CVEC,))


def test_a_tile_shows_in_its_time_and_in_its_last_version() -> None:
    over, old, shown = EntryFactory(over=True), EntryFactory(superseded=True), EntryFactory()
    slugs = {entry.slug for entry in selectors.entries("life", now=NOW)}
    assert shown.slug in slugs
    assert not {over.slug, old.slug} & slugs


def test_the_announcements_of_the_deck_are_seen_signed_out_in_their_time() -> None:
    assert seen() == {"payment-vigilance", "one-email-one-person", "ine-change"}
    assert seen(now=datetime(2027, 9, 2, tzinfo=UTC)) == set()


def test_an_announcement_is_seen_by_its_crous_or_its_campaign_alone() -> None:
    of_lyon, of_cvec = AnnouncementFactory(of_lyon=True).slug, AnnouncementFactory(of_cvec=True).slug
    assert of_lyon in seen((LYON,))
    assert of_lyon not in seen((VERSAILLES,), (CVEC,))
    assert of_cvec in seen((), (CVEC,))
    assert of_cvec not in seen((LYON,), (("cvec", AcademicYear(2025)),))


def test_an_announcement_is_not_seen_before_its_time_nor_at_its_end() -> None:
    later, over = AnnouncementFactory(later=True).slug, AnnouncementFactory(over=True).slug
    assert not {later, over} & seen()
    assert later in seen(now=datetime(2026, 8, 28, 12, 1, tzinfo=UTC))


def test_warnings_come_first() -> None:
    AnnouncementFactory(kind="ok")
    AnnouncementFactory(kind="warn", opens_at=datetime(2026, 8, 1, tzinfo=UTC))
    kinds = [one.kind for one in selectors.visible_announcements(crous_ids=(), service_years=(), now=NOW)]
    assert kinds == sorted(kinds, key=["warn", "info", "ok"].index)


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("visale", "visale"),
        ("garant", "visale"),
        ("guarantor", "visale"),
        ("PARCOURSUP", "parcoursup"),
        ("resto", "restaurants"),
        ("résto", "restaurants"),
        ("job etud", "jobaviz"),
        ("simuler bourse", "simulator"),
        ("lokaviz", "lokaviz"),
    ],
)
def test_a_service_is_found_by_what_people_call_it_in_both_languages(typed: str, first: str) -> None:
    assert selectors.search(typed, now=NOW)[0].slug == first


@pytest.mark.parametrize("typed", ["", "  ", "zzzz", "visale zzzz", "x" * 5000])
def test_a_search_that_means_nothing_finds_nothing(typed: str) -> None:
    assert selectors.search(typed, now=NOW) == []


def test_the_desk_reads_what_is_in_force_and_every_version() -> None:
    entry, announcement = EntryFactory(slug="one"), AnnouncementFactory(slug="one", of_lyon=True)
    EntryFactory(slug="one", superseded=True)
    assert entry in selectors.entries_in_force()
    assert announcement in selectors.announcements_in_force()
    assert len(selectors.entry_history("one")) == 2
    assert [row.crous.pk for row in selectors.announcement_history("one")] == [LYON]
