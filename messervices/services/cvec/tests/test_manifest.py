"""What the portal learns of the CVEC: the tile, the next step, the card of the signed-out home."""

from datetime import UTC, datetime

import pytest
from django.db import connection
from django.template.loader import render_to_string
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from messervices.foundations.students.tests.factories import give_fact
from messervices.kernel.manifest import Tile
from messervices.kernel.manifest import call as manifest_call
from messervices.services.cvec import manifest, selectors
from messervices.services.cvec.models import Acquittement
from messervices.services.cvec.tests.factories import NOW, YEAR, acknowledge, acting, paid_student, student

pytestmark = [pytest.mark.django_db]


def tile_of(person_id: int, now: datetime = NOW) -> Tile:
    found = manifest.tile(person_id, now)
    assert found is not None
    return found


def test_who_owes_is_told_what_to_do_and_it_comes_first() -> None:
    tile = tile_of(student(city="").pk)
    assert (tile.badge, tile.badge_kind, tile.url) == (
        "À faire avant votre inscription",
        "warn",
        "/cvec/2026-2027/situation",
    )
    assert tile.title == "CVEC 2026-2027"
    assert tile.urgency == manifest.URGENT


def test_who_has_said_their_city_goes_on_from_there() -> None:
    person = student()
    assert tile_of(person.pk).url == "/cvec/2026-2027/summary"
    acknowledge(person)
    assert tile_of(person.pk).action_label == "Reprendre"


def test_who_is_exempt_is_told_that_it_is_free() -> None:
    tile = tile_of(student(boursier=True).pk)
    assert "exonéré" in str(tile.sentence)
    assert tile.urgency == manifest.URGENT


def test_who_has_paid_or_is_exempt_downloads_and_has_nothing_to_do() -> None:
    for person in (paid_student().person, student(boursier=True)):
        acknowledge(person)
        tile = tile_of(person.pk)
        assert (tile.urgency, tile.badge_kind, tile.url) == (0, "ok", "/cvec/2026-2027/attestation")


def test_outside_the_window_nothing_is_urgent() -> None:
    after = datetime(2027, 9, 10, tzinfo=UTC)
    assert tile_of(student().pk, after).urgency == 0
    assert manifest.tile(student().pk, datetime(2010, 1, 1, tzinfo=UTC)) is None


def test_the_tile_takes_one_query() -> None:
    person = student(boursier=True)
    manifest.tile(person.pk, NOW)
    with acting(person), CaptureQueriesContext(connection) as queries:
        manifest.tile(person.pk, NOW)
    assert len(queries) == 1


def test_the_tile_knows_the_same_law_as_the_action() -> None:
    for person in (student(boursier=True), student()):
        assert selectors.standing_of(person.pk, YEAR).motive == selectors.knowledge_of(person.pk, YEAR).motive


def test_the_card_of_the_home_is_there_while_the_campaign_is_open() -> None:
    manifest.front(NOW)
    with CaptureQueriesContext(connection) as queries:
        panel = manifest.front(NOW)
    assert len(queries) == 0
    assert panel is not None
    for language, said in (("fr", "Obtenir mon attestation"), ("en", "Get my certificate")):
        with translation.override(language):
            assert said in render_to_string(panel.template, dict(panel.context))
    assert manifest.front(datetime(2027, 9, 10, tzinfo=UTC)) is None


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_tile_speaks_the_language_of_the_page(language: str) -> None:
    with translation.override(language):
        assert ("Get my" in str(tile_of(student(city="").pk).action_label)) == (language == "en")


def test_an_accountant_is_told_how_many_paid_and_how_many_owe_nothing_and_why(django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    paid_student()
    exempt = student()
    give_fact(exempt, "boursier", {"echelon": "3"})
    acknowledge(exempt)
    crous_id = Acquittement.objects.get(person=exempt).crous_id
    with django_assert_num_queries(1):
        how, why = manifest_call(manifest.MANIFEST.figures)(crous_id, YEAR)
    assert dict(how.rows)["payée"] == 1
    assert dict(how.rows)["exonérée"] == 1
    assert why.rows == (("Bourse sur critères sociaux", 1),)
    assert all(count == 0 for _label, count in manifest_call(manifest.MANIFEST.figures)(3, YEAR)[0].rows)
