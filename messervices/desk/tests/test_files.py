"""A file is opened for a reason, which is written before anything is shown, and which the student reads."""

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.template import loader
from django.test import Client
from django.urls import reverse

from messervices.desk.tests.factories import LYON, VERSAILLES, at_desk, contested, sign_in
from messervices.desk.views.files import TABS
from messervices.foundations.accounts.rules import Rate
from messervices.foundations.audit.models import Deed, Read
from messervices.foundations.payments.tests.factories import OrderFactory
from messervices.foundations.students.models import Person
from messervices.foundations.students.tests.factories import PersonFactory, bea, give_fact, told, user_of
from messervices.foundations.students.tests.factories import UserFactory as StudentFactory
from messervices.kernel import clock

pytestmark = pytest.mark.django_db


def opened(client: Client, person: Person, reason: str = "asked", words: str = "") -> Any:
    return client.post(reverse("desk:open", args=[person.uuid]), {"reason": reason, "words": words})


def test_outside_the_queue_the_reason_is_asked_and_nothing_of_the_file_is_shown(client: Client) -> None:
    person = PersonFactory(ine=bea(1))
    at_desk(client)
    body = client.get(reverse("desk:file", args=[person.uuid])).content.decode()
    assert "Pourquoi ouvrez-vous ce dossier ?" in body
    assert bea(1) not in body.replace(" ", "")
    assert "Nationalité" not in body
    assert not Read.objects.exists()


def test_the_reason_given_is_written_then_the_file_is_shown(client: Client) -> None:
    person = PersonFactory()
    agent = at_desk(client)
    answer = opened(client, person, "payment")
    assert answer["Location"] == reverse("desk:file", args=[person.uuid])
    read = Read.objects.get()
    assert (read.person_id, read.agent_id, read.crous_id, read.what) == (person.pk, agent.pk, VERSAILLES, "file")
    assert (read.reason, read.agent_label) == ("Question sur un paiement", "M. Duval, Crous de Versailles")
    assert "Ce que l’on sait" in client.get(answer["Location"]).content.decode()


def test_the_reason_is_kept_in_french_whatever_the_agent_speaks(client: Client) -> None:
    client.cookies["language"] = "en"
    at_desk(client)
    opened(client, PersonFactory(), "paper")
    assert Read.objects.get().reason == "Vérification d’une pièce"


def test_the_reading_is_written_before_the_page_is_drawn(client: Client, monkeypatch) -> None:
    case, _holder = contested()
    at_desk(client)
    seen: list[int] = []
    draw = loader.render_to_string

    def watch(name, *args, **kwargs):
        if "desk/file/" in str(name):
            seen.append(Read.objects.filter(person_id=case.person_id).count())
        return draw(name, *args, **kwargs)

    monkeypatch.setattr("django.shortcuts.loader.render_to_string", watch)
    client.get(reverse("desk:case", args=[case.pk]))
    assert seen == [1]


def test_the_student_reads_it_on_their_own_page(client: Client) -> None:
    person = PersonFactory()
    at_desk(client)
    opened(client, person, "other", "Contrôle de la bourse de votre frère")
    sign_in(client, user_of(person))
    body = client.get(reverse("portal:reads")).content.decode()
    assert "Contrôle de la bourse de votre frère" in body
    assert "M. Duval" in body


def test_another_reason_has_to_be_said_and_what_was_typed_stays(client: Client) -> None:
    person = PersonFactory()
    at_desk(client)
    answer = opened(client, person, "other")
    assert answer.status_code == 422
    assert "Écrivez ce motif" in answer.content.decode()
    answer = opened(client, person, "other", "abc")
    assert answer.status_code == 422
    assert ">abc</textarea>" in re.sub(r"\s+", "", answer.content.decode())
    assert opened(client, person, "").status_code == 422
    assert not Read.objects.exists()


def test_a_second_click_writes_one_reading(client: Client) -> None:
    person = PersonFactory()
    at_desk(client)
    for _ in range(2):
        assert opened(client, person).status_code == 302
    assert Read.objects.count() == 1


def test_after_an_hour_the_reason_is_asked_again(client: Client) -> None:
    person = PersonFactory()
    with time_machine.travel(clock.now(), tick=False) as travel:
        at_desk(client)
        opened(client, person)
        for _ in range(5):
            assert "Ce que l’on sait" in client.get(reverse("desk:file", args=[person.uuid])).content.decode()
            travel.shift(timedelta(minutes=12))
        assert "Pourquoi ouvrez-vous" in client.get(reverse("desk:file", args=[person.uuid])).content.decode()


def test_a_file_of_ones_own_queue_carries_its_reason(client: Client) -> None:
    case, _holder = contested()
    at_desk(client)
    body = client.get(reverse("desk:file", args=[case.person.uuid])).content.decode()
    assert "Ce que l’on sait" in body
    assert Read.objects.get().reason == "Numéro INE demandé par deux personnes"


def test_the_national_desk_gives_a_reason_too_and_the_persons_crous_sees_it(client: Client) -> None:
    person = PersonFactory()
    at_desk(client, cnous=True)
    assert "Pourquoi ouvrez-vous" in client.get(reverse("desk:file", args=[person.uuid])).content.decode()
    opened(client, person)
    assert Read.objects.get().crous_id == VERSAILLES


def test_every_part_of_a_file_is_shown_in_both_languages(client: Client) -> None:
    person = OrderFactory().person
    give_fact(person, "boursier", True)
    at_desk(client)
    opened(client, person)
    for language in ("fr", "en"):
        client.cookies["language"] = language
        for part, _label in TABS:
            answer = client.get(reverse(f"desk:file_{part}" if part else "desk:file", args=[person.uuid]))
            assert answer.status_code == 200, part
            assert 'aria-current="page"' in answer.content.decode()


def test_the_whole_picture_names_sources_dates_services_and_readings(client: Client) -> None:
    person = told(StudentFactory(), ine=bea(5))
    Person.objects.filter(pk=person.pk).update(crous_ids=[VERSAILLES])
    give_fact(person, "boursier", True)
    at_desk(client)
    opened(client, person)
    body = client.get(reverse("desk:file", args=[person.uuid])).content.decode().replace("\xa0", " ")
    for words in ("La personne", "Bourse sur critères sociaux 2026-2027", "Saint-Germain-en-Laye", "CVEC", "vérifié"):
        assert words in body, words
    assert "Vous avez dit qui vous êtes" in body, "what the student did before a Crous followed them is told too"
    assert "Vous nous avez contactés" in body


def test_the_deeds_of_another_crous_stay_its_own(client: Client) -> None:
    person = PersonFactory(crous_ids=[LYON, VERSAILLES])
    at_desk(client, lyon=True)
    opened(client, person, "other", "Une question posée à Lyon")
    at_desk(client)
    opened(client, person)
    body = client.get(reverse("desk:file_reads", args=[person.uuid])).content.decode()
    assert "Une question posée à Lyon" not in body


def test_too_many_files_are_stopped_and_ring_once(client: Client, monkeypatch) -> None:
    monkeypatch.setattr("messervices.desk.actions.opening.FILES_AN_HOUR", Rate(3, 3600))
    agent = at_desk(client)
    answers = [opened(client, PersonFactory()).status_code for _ in range(5)]
    assert answers == [302, 302, 302, 429, 429]
    assert Read.objects.count() == 3
    assert [deed.subject for deed in Deed.objects.filter(verb="desk.many_files")] == [f"desk.agent:{agent.pk}"]
    case, _holder = contested()
    assert client.get(reverse("desk:case", args=[case.pk])).status_code == 429


def test_a_whole_file_asks_a_known_number_of_questions(client: Client, django_assert_max_num_queries) -> None:
    person = OrderFactory().person
    at_desk(client)
    opened(client, person)
    url = reverse("desk:file", args=[person.uuid])
    client.get(url)
    with django_assert_max_num_queries(20):
        client.get(url)


def test_the_landing_page_asks_few_questions(client: Client, django_assert_max_num_queries) -> None:
    contested()
    at_desk(client, cnous=True)
    client.get(reverse("desk:home"))
    with django_assert_max_num_queries(11):  # the session, the numbers, the last files; then one count a queue
        client.get(reverse("desk:home"))
