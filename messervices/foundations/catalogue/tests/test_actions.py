"""Publish, edit, withdraw: each deed once, audited, versions kept."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from messervices.foundations.audit.models import Deed
from messervices.foundations.catalogue import actions, selectors
from messervices.foundations.catalogue.actions import AnnouncementText, EntryText
from messervices.foundations.catalogue.invariants import invariants
from messervices.foundations.catalogue.tests.factories import LYON, NATIONAL, NOW, OF_LYON, VERSAILLES
from messervices.kernel.academic_year import AcademicYear
from messervices.kernel.actor import Actor
from messervices.kernel.errors import Refusal

pytestmark = pytest.mark.django_db

ENTRY = EntryText(
    slug="theatre", section="life", title_fr="Théâtre", title_en="Drama", sentence_fr="Des places à petit prix.",
    sentence_en="Cheap seats.", address="https://theatre.example", icon="gift", position=900,
)  # fmt: skip
CLOSED = AnnouncementText(
    slug="closed", kind="info", title_fr="Fermeture", title_en="Closed", body_fr="Lundi.", body_en="Monday.",
)  # fmt: skip
LYON_CLOSED = replace(CLOSED, perimeter="crous", crous_id=LYON)
WHY = {"reason": "Demande du service", "now": NOW}


def refused(code: str):
    return pytest.raises(Refusal, check=lambda refusal: refusal.code == code)


def verbs() -> list[str]:
    """List what was done, but for the loading of the reference data before the tests."""
    done = Deed.objects.exclude(verb="crous.load_reference").order_by("id")
    return list(done.values_list("verb", flat=True))


def shown() -> set[str]:
    return {one.slug for one in selectors.visible_announcements(crous_ids=(LYON,), service_years=(), now=NOW)}


def test_a_tile_published_twice_is_published_once_and_an_edit_keeps_the_version_before() -> None:
    first = actions.publish_entry(by=NATIONAL, text=ENTRY, **WHY)
    assert actions.publish_entry(by=NATIONAL, text=ENTRY, **WHY).pk == first.pk
    assert selectors.search("théâtre", now=NOW)[0].pk == first.pk
    edited = actions.publish_entry(by=NATIONAL, text=replace(ENTRY, title_fr="Scènes"), **WHY)
    assert [row.pk for row in selectors.entry_history("theatre")] == [edited.pk, first.pk]
    assert selectors.search("scenes", now=NOW)[0].set_by_label == "Cnous"
    assert verbs() == ["catalogue.publish_entry", "catalogue.edit_entry"]
    assert Deed.objects.latest("id").details == {"slug": "theatre", "changed": ["title_fr"]}


def test_a_tile_withdrawn_twice_is_withdrawn_once_and_may_come_back() -> None:
    actions.publish_entry(by=NATIONAL, text=ENTRY, **WHY)
    assert actions.withdraw_entry(by=NATIONAL, slug="theatre", **WHY)
    assert not actions.withdraw_entry(by=NATIONAL, slug="theatre", **WHY)
    assert "theatre" not in {entry.slug for entry in selectors.entries(now=NOW)}
    actions.publish_entry(by=NATIONAL, text=ENTRY, **WHY)
    assert verbs() == ["catalogue.publish_entry", "catalogue.withdraw_entry", "catalogue.publish_entry"]


def test_a_shipped_tile_withdrawn_at_the_desk_does_not_come_back_with_the_files() -> None:
    actions.withdraw_entry(by=NATIONAL, slug="mytroc", **WHY)
    actions.publish_entry(by=NATIONAL, text=replace(ENTRY, slug="visale"), **WHY)
    done = next(step for step in actions.reference_steps() if step.name == "catalogue entries").run(NOW)
    assert (done.added, done.changed, done.kept) == (0, 0, 2)
    assert selectors.search("troc", now=NOW) == []


def test_an_announcement_published_twice_is_published_once_then_edited_then_withdrawn() -> None:
    first = actions.publish_announcement(by=NATIONAL, text=CLOSED, **WHY)
    assert actions.publish_announcement(by=NATIONAL, text=CLOSED, **WHY).pk == first.pk
    assert "closed" in shown()
    actions.publish_announcement(by=NATIONAL, text=replace(CLOSED, kind="warn"), **WHY)
    for expected in (True, False):
        assert actions.withdraw_announcement(by=NATIONAL, slug="closed", **WHY) is expected
    assert "closed" not in shown()
    assert verbs() == [
        "catalogue.publish_announcement", "catalogue.edit_announcement", "catalogue.withdraw_announcement",
    ]  # fmt: skip


def test_a_desk_speaks_to_its_own_crous_and_touches_no_other() -> None:
    actions.publish_announcement(by=OF_LYON, text=LYON_CLOSED, **WHY)
    assert "closed" in shown()
    for text in (CLOSED, replace(LYON_CLOSED, crous_id=VERSAILLES), replace(LYON_CLOSED, slug="payment-vigilance")):
        with refused("not_allowed"):
            actions.publish_announcement(by=OF_LYON, text=text, **WHY)
    with refused("not_allowed"):
        actions.withdraw_announcement(by=OF_LYON, slug="payment-vigilance", **WHY)
    with refused("not_allowed"):
        actions.publish_entry(by=OF_LYON, text=ENTRY, **WHY)
    with refused("not_allowed"):
        actions.withdraw_entry(by=OF_LYON, slug="visale", **WHY)
    assert actions.withdraw_announcement(by=OF_LYON, slug="closed", **WHY)


@pytest.mark.parametrize("by", [Actor.anonymous(), Actor(kind="agent", user_id=3, national=True)])
def test_nobody_else_writes_here(by: Actor) -> None:
    with refused("not_allowed"):
        actions.publish_announcement(by=by, text=CLOSED, **WHY)
    with refused("not_allowed"):
        actions.publish_entry(by=by, text=ENTRY, **WHY)
    assert verbs() == []


@pytest.mark.parametrize(
    "unclear",
    [
        {"crous_id": LYON},
        {"perimeter": "crous"},
        {"perimeter": "campaign", "service": "cvec"},
        {"perimeter": "campaign", "crous_id": LYON, "service": "cvec", "year": AcademicYear(2026)},
    ],
)
def test_an_announcement_says_to_whom_it_speaks(unclear) -> None:
    with refused("perimeter_unclear"):
        actions.publish_announcement(by=NATIONAL, text=replace(CLOSED, **unclear), **WHY)


def test_an_announcement_of_a_campaign_keeps_its_year() -> None:
    text = replace(CLOSED, perimeter="campaign", service="cvec", year=AcademicYear(2026))
    first = actions.publish_announcement(by=NATIONAL, text=text, **WHY)
    assert actions.publish_announcement(by=NATIONAL, text=text, **WHY).pk == first.pk
    assert first.year == AcademicYear(2026)


def test_dates_backwards_and_changes_without_a_reason_are_refused() -> None:
    backwards = {"opens_at": NOW, "closes_at": datetime(2026, 1, 1, tzinfo=UTC)}
    with refused("dates_reversed"):
        actions.publish_entry(by=NATIONAL, text=replace(ENTRY, **backwards), **WHY)
    with refused("reason_missing"):
        actions.publish_announcement(by=NATIONAL, text=CLOSED, **WHY | {"reason": " "})


def test_a_publication_takes_few_queries(django_assert_max_num_queries) -> None:
    with django_assert_max_num_queries(7):
        actions.publish_announcement(by=NATIONAL, text=CLOSED, **WHY)


def test_what_must_hold_holds(django_assert_num_queries) -> None:
    from django.db import connection

    with django_assert_num_queries(2):
        for invariant in invariants():
            with connection.cursor() as cursor:
                cursor.execute(invariant.sql)
                assert cursor.fetchone()[0] == 0, invariant.name
