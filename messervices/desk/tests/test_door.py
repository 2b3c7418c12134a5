"""Who enters the desk, for how long, and with which right."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from messervices.desk import rules, selectors
from messervices.desk.states import CLOSE_EVENT, Right
from messervices.desk.tests.factories import AgentFactory, at_desk, sign_in
from messervices.foundations.accounts.models import Session
from messervices.foundations.audit.states import OPEN_FILE, OPEN_FOR
from messervices.foundations.students.tests.factories import PersonFactory, user_of
from messervices.kernel import clock

pytestmark = pytest.mark.django_db


def test_somebody_not_signed_in_goes_to_sign_in_and_comes_back(client: Client) -> None:
    answer = client.get(reverse("desk:home"))
    assert answer.status_code == 302
    assert answer["Location"] == "/account/login/?next=/desk/"


def test_a_student_finds_nothing_at_the_desk(client: Client) -> None:
    sign_in(client, user_of(PersonFactory()))
    assert client.get(reverse("desk:home")).status_code == 404
    assert client.post(reverse("desk:search"), {"q": "benali"}).status_code == 404


def test_the_second_factor_is_compulsory_for_an_agent(client: Client) -> None:
    sign_in(client, AgentFactory(), second_factor=False)
    for name in ("desk:home", "desk:search", "desk:network", "desk:bank"):
        answer = client.get(reverse(name))
        assert (answer.status_code, answer["Location"]) == (302, reverse("mfa_activate_totp"))


def test_fifteen_idle_minutes_end_an_agents_session(client: Client) -> None:
    at_desk(client)
    began = clock.now()
    with time_machine.travel(began, tick=False) as travel:
        assert client.get(reverse("desk:home")).status_code == 200
        travel.shift(timedelta(minutes=14))
        assert client.get(reverse("desk:home")).status_code == 200
        travel.shift(timedelta(minutes=16))
        answer = client.get(reverse("desk:home"))
        assert answer.status_code == 302
        assert answer["Location"].startswith("/account/login/")
        assert client.get(reverse("desk:home")).status_code == 302
    assert not Session.objects.exclude(user=None).exists()


def test_an_agent_without_the_right_reads_that_it_is_missing(client: Client) -> None:
    at_desk(client, newcomer=True)
    person = PersonFactory()
    assert client.get(reverse("desk:home")).status_code == 200
    for url in (reverse("desk:search"), reverse("desk:file", args=[person.uuid]), reverse("desk:bank")):
        assert client.get(url).status_code == 403


def test_a_right_taken_back_ends_at_the_next_page(client: Client) -> None:
    agent = at_desk(client)
    assert client.get(reverse("desk:search")).status_code == 200
    agent.rights = []
    agent.save()
    assert client.get(reverse("desk:search")).status_code == 403


def test_pages_of_the_desk_are_never_kept_by_a_browser(client: Client) -> None:
    at_desk(client)
    assert "no-store" in client.get(reverse("desk:home"))["Cache-Control"]


def test_a_reason_holds_as_long_here_as_in_the_other_rooms() -> None:
    assert timedelta(minutes=rules.OPENING_MINUTES) == OPEN_FOR
    assert OPEN_FILE == Right.OPEN_FILE


def test_the_rights_named_here_are_rights_that_some_room_declares() -> None:
    assert CLOSE_EVENT in selectors.known_rights()
    assert {"crous:window:set", "catalogue:entry:edit", "desk:file:open", "cvec:acquittement:see"} <= set(
        selectors.known_rights()
    )


def test_the_page_of_oneself_lists_rights_in_words_and_readings(client: Client) -> None:
    at_desk(client)
    body = client.get(reverse("desk:me")).content.decode()
    assert "Chercher et ouvrir les dossiers de son Crous" in body
    assert "Vous n’avez encore ouvert aucun dossier." in body
