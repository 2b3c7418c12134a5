"""The two homes, the services and the search."""

import datetime as dt
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from messervices.foundations.catalogue import selectors as catalogue
from messervices.foundations.catalogue.models import Announcement
from messervices.foundations.crous.selectors import Kept
from messervices.kernel import manifest
from messervices.portal import selectors
from messervices.portal.tests.factories import NOW, UserFactory, known_student, signed_in

pytestmark = pytest.mark.django_db

Count = Callable[[int], AbstractContextManager[Any]]


def a_tile(urgency: int) -> manifest.Tile:
    return manifest.Tile(
        title=f"Tuile {urgency}",
        sentence="Une phrase.",
        url="/somewhere",
        action_label="Continuer",
        fam="enrol",
        icon="seal",
        urgency=urgency,
        badge="Fait",
        badge_kind="ok",
        over="CVEC",
    )


def test_the_signed_out_home_shows_the_five_doors_with_their_services(client: Client) -> None:
    html = client.get("/").content.decode()
    for section in selectors.SECTIONS:
        assert f'id="{section.slug}"' in html
        assert f'href="#{section.slug}"' in html
    for one in manifest.services():
        assert reverse(one.home_url) in html
    assert "https://" in html
    assert "Se connecter" in html


def test_the_signed_out_home_asks_the_database_nothing_once_reference_data_are_kept(
    client: Client, django_assert_num_queries: Count
) -> None:
    client.get("/")
    with django_assert_num_queries(0):
        client.get("/")


def test_the_signed_in_home_makes_three_queries_at_most(django_assert_max_num_queries: Count) -> None:
    client = signed_in(known_student(ine="061234567AB"))
    client.get("/")
    with django_assert_max_num_queries(2 + len([one for one in manifest.services() if one.tile])):
        response = client.get("/")
    assert response.status_code == 200


def test_somebody_who_has_not_said_who_they_are_is_asked_first(django_assert_max_num_queries: Count) -> None:
    client = signed_in(UserFactory.create())
    client.get("/")
    with django_assert_max_num_queries(1):
        html = client.get("/").content.decode()
    assert "Dites-nous qui vous êtes" in html
    assert reverse("portal:identity") in html


def test_the_most_urgent_tile_is_the_next_step_and_all_show_their_state(monkeypatch: pytest.MonkeyPatch) -> None:
    tiles = [a_tile(9), a_tile(0)]
    monkeypatch.setattr(selectors, "tiles_of", lambda _person, _now: tiles)
    html = signed_in(known_student()).get("/").content.decode()
    assert html.count("btn sun") == 1
    assert html.index("next deep") < html.index("Tuile 9") < html.index("En ce moment") < html.index("Tuile 0")


def test_nothing_to_do_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selectors, "tiles_of", lambda _person, _now: [a_tile(0)])
    html = signed_in(known_student()).get("/").content.decode()
    assert "Rien à faire aujourd’hui" in html
    assert "btn sun" not in html


def test_the_home_shows_what_happened_and_what_is_known_with_its_source() -> None:
    html = signed_in(known_student(ine="061234567AB")).get("/").content.decode()
    assert "Bonjour Lina" in html
    assert "Vous avez dit qui vous êtes" in html
    assert "0612 •••• 7AB" in html
    assert "Algérie" in html
    assert "Vous, 28" in html


def test_a_number_never_stands_whole_on_the_home() -> None:
    html = signed_in(known_student(ine="061234567AB")).get("/").content.decode()
    assert "061234567AB" not in html


def test_at_most_two_announcements_are_shown_and_only_in_their_time(client: Client) -> None:
    common = {"perimeter": "national", "source": "test", "certainty": "official", "known_on": NOW.date(), "set_at": NOW}
    for number in range(4):
        Announcement.objects.create(
            slug=f"said-{number}",
            kind="warn",
            title_fr=f"Dit {number}",
            title_en="Said",
            body_fr="x",
            body_en="x",
            **common,
        )
    Announcement.objects.create(
        slug="past", kind="warn", title_fr="Passé", title_en="Past", body_fr="x", body_en="x",
        closes_at=NOW - dt.timedelta(days=9), **common,
    )  # fmt: skip
    Kept.forget_all()
    try:
        html = client.get("/").content.decode()
        assert html.count('class="alert warn"') == selectors.MOST_ANNOUNCEMENTS
        assert "Passé" not in html
    finally:
        Announcement.objects.filter(source="test").delete()
        Kept.forget_all()


def test_an_agent_is_led_to_the_desk_and_an_establishment_sees_the_doors() -> None:
    assert signed_in(UserFactory.create(establishment=True)).get("/").status_code == 200
    assert signed_in(UserFactory.create(agent=True)).get("/").status_code == 302


@pytest.mark.parametrize("word", ["bourse", "BOURSE", "bours", "aide sociale étudiant", "logement"])
def test_the_search_finds_whatever_the_accents_and_capitals(client: Client, word: str) -> None:
    html = client.get("/search", {"q": word}).content.decode()
    assert 'class="op"' in html or "Rien ne répond" in html
    if word != "aide sociale étudiant":
        assert 'class="op"' in html


def test_the_search_finds_our_own_pages(client: Client) -> None:
    assert reverse("portal:reads") in client.get("/search", {"q": "qui a regarde"}).content.decode()
    assert reverse("portal:data") in client.get("/search", {"q": "rgpd"}).content.decode()


def test_a_search_without_answer_says_so_and_offers_the_doors(client: Client) -> None:
    html = client.get("/search", {"q": "zzz <script>"}).content.decode()
    assert "Rien ne répond" in html
    assert "<script>alert" not in html
    assert "zzz &lt;script&gt;" in html
    assert "/services#aid" in html


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize(
    "path", ["/", "/services", "/search", "/help", "/help/fraud", "/accessibility", "/your-data", "/legal", "/status"]
)
def test_every_open_page_is_drawn_in_both_languages(client: Client, path: str, language: str) -> None:
    client.cookies["language"] = language
    response = client.get(path)
    assert response.status_code == 200
    assert f'<html lang="{language}"' in response.content.decode()


def test_every_entry_of_the_catalogue_is_on_the_page_of_services(client: Client) -> None:
    html = client.get("/services").content.decode().replace("&amp;", "&")
    for entry in catalogue.entries(now=NOW):
        assert entry.address in html
