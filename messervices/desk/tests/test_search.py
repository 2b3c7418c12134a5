"""Finding a student: by everything one may know, among those the agent follows, and nothing in an address."""

import logging
import re

import pytest
from django.test import Client
from django.urls import reverse

from messervices.desk.tests.factories import LYON, VERSAILLES, at_desk, contested
from messervices.foundations.accounts.rules import Rate
from messervices.foundations.students.models import Identifier
from messervices.foundations.students.tests.factories import NOW, PersonFactory, bea, give_fact, user_of
from messervices.kernel.manifest import Manifest
from messervices.kernel.text import search_key

pytestmark = pytest.mark.django_db


def search(client: Client, text: str) -> str:
    answer = client.post(reverse("desk:search"), {"q": text}, follow=True)
    assert answer.redirect_chain == [("/desk/search", 302)]
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.fixture
def lina():
    return PersonFactory(
        birth_name="Bénali", first_names="Lina Marie", search_key=search_key("Bénali Lina Marie"), ine=bea(700),
        usual_name="Roux", usual_key=search_key("Roux Lina Marie"),
    )  # fmt: skip


@pytest.mark.parametrize(
    "typed", ["bena", "BENALI", "Bénali Lina", "lina benali", "lina marie benali", "roux", "Roux Lina", "5000 000 700"]
)
def test_a_person_is_found_by_the_beginning_of_a_name_accent_free_in_any_order(
    client: Client, lina, typed: str
) -> None:
    at_desk(client)
    typed = bea(700) if typed.startswith("5000") else typed
    body = search(client, typed)
    assert reverse("desk:file", args=[lina.uuid]) in body
    assert "14 mars 2008" in body.replace("\xa0", " ")


def test_an_old_number_still_finds_and_the_page_says_so(client: Client, lina) -> None:
    at_desk(client)
    Identifier.objects.create(
        person=lina, scheme="nne", value="ABCDEFGHJK2", status="superseded", source="student", known_at=NOW
    )
    body = search(client, "abcdefghjk2")
    assert reverse("desk:file", args=[lina.uuid]) in body
    assert "remplacé" in body


def test_the_e_mail_of_the_account_finds_the_person(client: Client, lina) -> None:
    at_desk(client)
    assert reverse("desk:file", args=[lina.uuid]) in search(client, user_of(lina).email.upper())


def test_a_services_own_number_finds_through_its_manifest(client: Client, lina, monkeypatch) -> None:
    service = Manifest(
        slug="trial", title="Trial", section="enrol", sentence="", icon="seal", urls="", home_url="",
        search="messervices.desk.tests.factories.ids_by_number",
    )  # fmt: skip
    monkeypatch.setattr("messervices.kernel.manifest.services", lambda: (service,))
    at_desk(client)
    assert reverse("desk:file", args=[lina.uuid]) in search(client, f"trial-{lina.pk}")
    at_desk(client, lyon=True)
    assert reverse("desk:file", args=[lina.uuid]) not in search(client, f"trial-{lina.pk}")


def test_namesakes_are_told_apart_by_birth_and_city(client: Client, lina) -> None:
    give_fact(lina, "study_city", {"code": "78646", "name": "Versailles", "postcode": "78000"})
    at_desk(client)
    body = search(client, "benali")
    assert "Saint-Germain-en-Laye" in body
    assert ">Versailles</td>" in body
    assert bea(700) not in body, "a list shows numbers masked"


def test_another_crous_finds_nobody_and_is_told_nothing(client: Client, lina) -> None:
    at_desk(client, lyon=True)
    mail = user_of(lina).email
    for typed in ("benali", bea(700), mail):
        body = search(client, typed)
        assert str(lina.uuid) not in body
        assert "Personne, parmi celles que vous suivez" in body
        assert _words(body, typed) == _words(search(client, "zzzzzz"), "zzzzzz"), "the same page as for nobody"


def _words(body: str, typed: str) -> str:
    return re.sub(r'(nonce|value)="[^"]*"', "", body).replace(typed, "")


def test_a_student_of_no_crous_yet_is_found_by_the_national_desk_only(client: Client) -> None:
    person = PersonFactory(crous_ids=[0], birth_name="Nemo", search_key="nemo lina")
    at_desk(client)
    assert str(person.uuid) not in search(client, "nemo")
    at_desk(client, cnous=True)
    assert str(person.uuid) in search(client, "nemo")


def test_a_disputed_number_finds_both_persons_for_who_follows_both(client: Client) -> None:
    case, holder = contested()
    at_desk(client)
    body = search(client, case.identifier.value)
    assert str(holder.uuid) in body
    assert str(case.person.uuid) in body
    assert "en cours d’examen" in body


def test_of_two_persons_at_two_crous_each_finds_its_own(client: Client) -> None:
    case, holder = contested(claimant_at=VERSAILLES, holder_at=LYON)
    at_desk(client)
    body = search(client, case.identifier.value)
    assert str(case.person.uuid) in body
    assert str(holder.uuid) not in body
    assert "Titulaire" not in body


def test_one_sign_is_not_searched(client: Client, lina) -> None:
    at_desk(client)
    assert "Tapez au moins deux signes." in search(client, "b")


def test_thirty_are_shown_and_the_page_says_that_there_are_more(client: Client) -> None:
    for serial in range(31):
        PersonFactory(birth_name=f"Martin{serial}", search_key=f"martin{serial:02d} lina")
    at_desk(client)
    body = search(client, "martin")
    assert body.count("/desk/students/") == 30
    assert "Il y en a d’autres" in body


def test_what_was_typed_is_in_no_address_and_no_log(client: Client, lina, caplog) -> None:
    at_desk(client)
    with caplog.at_level(logging.DEBUG):
        search(client, bea(700))
        search(client, "Bénali")
    said = " ".join(
        f"{record.getMessage()} {record.__dict__}" for record in caplog.records if "sql" not in record.__dict__
    )
    assert "request" in said
    assert bea(700) not in said
    assert "nali" not in said


def test_too_many_searches_wait(client: Client, monkeypatch) -> None:
    monkeypatch.setattr("messervices.desk.actions.opening.SEARCHES_AN_HOUR", Rate(2, 3600))
    at_desk(client)
    search(client, "benali")
    client.get(reverse("desk:search"))
    answer = client.get(reverse("desk:search"))
    assert answer.status_code == 429
    assert "attendez 30 minutes" in answer.content.decode()


def test_a_search_asks_few_questions(client: Client, lina, django_assert_max_num_queries) -> None:
    at_desk(client)
    client.post(reverse("desk:search"), {"q": "benali"})
    client.get(reverse("desk:search"))
    with django_assert_max_num_queries(6):
        client.get(reverse("desk:search"))
