"""Who are you: typed once, kept whatever happens."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from messervices.foundations.accounts.models import User
from messervices.foundations.students.models import IdentifierCase, Person
from messervices.foundations.students.states import IdentifierStatus
from messervices.portal.tests.factories import UserFactory, known_student, signed_in

pytestmark = pytest.mark.django_db

HERE = "/me/identity"
GOOD_INE = "061234567AB"
BAD_BEA_KEY = "0601234567H"


def answers(**changes: str) -> dict[str, str]:
    typed = {
        "birth_name": "Benali",
        "usual_name": "",
        "first_names": "Lina Sarah",
        "civility": "F",
        "birth_on_day": "14",
        "birth_on_month": "3",
        "birth_on_year": "2008",
        "birth_country": "FR",
        "birth_commune": "Saint-Germain-en-Laye",
        "birth_place": "",
        "nationality": "DZ",
        "ine": GOOD_INE,
    }
    return {name.replace("__", "-"): value for name, value in (typed | changes).items()}


def told(client: Client, **changes: str) -> Any:
    return client.post(HERE, answers(**changes))


def person_of(user: User) -> Person:
    user.refresh_from_db()
    return Person.objects.get(pk=user.person_id)


def test_a_student_says_who_they_are_and_goes_home() -> None:
    user = UserFactory.create()
    response = told(signed_in(user))
    assert (response.status_code, response["Location"]) == (302, reverse("portal:home"))
    person = person_of(user)
    assert (person.birth_name, person.birth_commune, person.birth_place) == ("Benali", "78551", "Saint-Germain-en-Laye")
    assert (person.ine, person.ine_status) == (GOOD_INE, IdentifierStatus.DECLARED)


def test_a_student_goes_on_to_the_page_that_asked_and_never_to_another_site() -> None:
    client = signed_in(UserFactory.create())
    page = client.get(HERE, {"next": "/cvec/2026-2027/city"})
    assert 'name="next" value="/cvec/2026-2027/city"' in page.content.decode()
    wrong = told(client, next="/cvec/2026-2027/city", birth_on_day="31", birth_on_month="2")
    assert 'name="next" value="/cvec/2026-2027/city"' in wrong.content.decode()
    assert told(client, next="/cvec/2026-2027/city")["Location"] == "/cvec/2026-2027/city"
    assert told(client, next="https://ailleurs.example/")["Location"] == reverse("portal:home")


def test_the_same_answers_sent_twice_change_nothing() -> None:
    user = UserFactory.create()
    client = signed_in(user)
    told(client)
    told(client)
    assert Person.objects.filter(birth_name="Benali").count() == 1
    assert person_of(user).identifiers.count() == 1


@pytest.mark.parametrize(
    "name",
    ["d’Almeida", "O'Brien-Nguyễn", "Ó Súilleabháin", "محمود", "王", "Ñuñez Øster", "Le  Goff", "N" * 300],
)
def test_a_name_in_any_script_is_kept_as_typed(name: str) -> None:
    user = UserFactory.create()
    assert told(signed_in(user), birth_name=name).status_code == 302
    assert person_of(user).birth_name == " ".join(name.split())


@pytest.mark.parametrize("name", ["N" * 301, "—", "1234", "Lina\u0000", "Li\u0007na"])
def test_what_cannot_be_a_name_is_said_so_and_stays_on_the_page(name: str) -> None:
    response = told(signed_in(UserFactory.create()), birth_name=name)
    assert response.status_code == 200
    assert "id_birth_name_error" in response.content.decode()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"birth_on_day": "31", "birth_on_month": "4"}, "Cette date n’existe pas"),
        ({"birth_on_year": "2025"}, "Cette date n’est pas possible"),
        ({"birth_commune": "Atlantide"}, "Nous ne trouvons pas"),
        ({"birth_commune": ""}, "Tapez le nom ou le code postal"),
        ({"ine": "0AB1C2D34K77"}, "Il y a 12 caractères"),
        ({"ine": "AAAAAAAAAAA"}, "la forme d’aucun INE"),
        ({"ine": ""}, "Tapez votre INE, ou cochez"),
        ({"no_ine": "on"}, "décochez cette case"),
        ({"nationality": ""}, "Ce champ est obligatoire"),
    ],
)
def test_a_wrong_answer_says_why_and_keeps_all_that_was_typed(changes: dict[str, str], sentence: str) -> None:
    client = signed_in(UserFactory.create())
    response = told(client, usual_name="Roux", **changes)
    html = response.content.decode()
    assert response.status_code == 200
    assert sentence in html
    assert 'value="Roux"' in html
    later = client.get(HERE).content.decode()
    assert 'value="Roux"' in later
    assert "Nous avons gardé" in later


def test_several_communes_come_back_as_radio_buttons_and_the_choice_is_taken() -> None:
    user = UserFactory.create()
    client = signed_in(user)
    html = told(client, birth_commune="saint denis").content.decode()
    assert html.count('name="birth_commune-pick"') > 1
    response = told(
        client, birth_commune="saint denis", birth_commune__asked="saint denis", birth_commune__pick="93066"
    )
    assert response.status_code == 302
    assert person_of(user).birth_commune == "93066"


def test_a_birth_in_a_country_that_is_no_more_needs_no_commune() -> None:
    user = UserFactory.create()
    response = told(
        signed_in(user), birth_country="YUCS", birth_commune="nulle part", birth_place="Mostar", birth_on_year="1985"
    )
    assert response.status_code == 302
    person = person_of(user)
    assert (person.birth_country, person.birth_commune, person.birth_place) == ("YUCS", "", "Mostar")


def test_an_ine_with_spaces_and_small_letters_is_read() -> None:
    user = UserFactory.create()
    told(signed_in(user), ine=" 0612 34567 ab ")
    assert person_of(user).ine == GOOD_INE


def test_a_wrong_key_warns_and_is_kept_to_verify() -> None:
    user = UserFactory.create()
    client = signed_in(user)
    assert told(client, ine=BAD_BEA_KEY).status_code == 302
    assert person_of(user).ine_status == IdentifierStatus.TO_VERIFY
    assert "comparez-le à votre relevé" in client.get(reverse("portal:home")).content.decode()


def test_without_an_ine_a_provisional_one_is_given() -> None:
    user = UserFactory.create()
    told(signed_in(user), ine="", no_ine="on")
    assert person_of(user).ine[4] == "D"


def test_a_second_person_with_the_same_ine_meets_a_calm_page_and_learns_nothing() -> None:
    first = known_student(ine=GOOD_INE, birth_name="Okafor", first_names="Chidi")
    user = UserFactory.create()
    client = signed_in(user)
    response = told(client)
    assert response["Location"] == reverse("portal:disputed_ine")
    html = client.get(response["Location"]).content.decode()
    assert "Un agent va vérifier votre INE" in html
    assert "Okafor" not in html
    assert first.email not in html
    assert IdentifierCase.objects.count() == 1
    assert person_of(first).ine == GOOD_INE


def test_answers_posted_after_the_session_ended_wait_behind_the_sign_in() -> None:
    client = Client()
    response = told(client, birth_name="Perdue")
    assert response.status_code == 302
    assert response["Location"].startswith("/account/login")
    client.force_login(UserFactory.create())
    assert 'value="Perdue"' in client.get(HERE).content.decode()


def test_a_form_whose_token_expired_is_offered_again_with_what_was_typed() -> None:
    client = Client(enforce_csrf_checks=True, headers={"origin": "http://testserver"})
    client.force_login(UserFactory.create())
    response = client.post(HERE, answers(birth_name='Zoé "<script>'))
    html = response.content.decode()
    assert response.status_code == 403
    assert 'name="birth_name" value="Zoé &quot;&lt;script&gt;"' in html
    assert "csrfmiddlewaretoken" in html


def test_a_form_of_another_site_is_not_offered_again() -> None:
    client = Client(
        enforce_csrf_checks=True, headers={"origin": "https://evil.example", "sec-fetch-site": "cross-site"}
    )
    client.force_login(UserFactory.create())
    response = client.post(HERE, answers(birth_name="Piège"))
    assert response.status_code == 403
    assert "Piège" not in response.content.decode()


def test_a_password_is_never_written_in_the_page_of_an_expired_form() -> None:
    client = Client(enforce_csrf_checks=True, headers={"origin": "http://testserver"})
    response = client.post("/preferences/../me/identity", {"email": "lina@example.org", "password": "hunter2hunter2"})
    assert "hunter2" not in response.content.decode()


@pytest.mark.parametrize("trait", ["agent", "establishment"])
def test_only_students_say_who_they_are(trait: str) -> None:
    client = signed_in(UserFactory.create(**{trait: True}))
    assert client.get(HERE).status_code in {302, 403}


def test_the_field_of_communes_answers_whatever_the_accents(client: Client) -> None:
    found = client.get("/me/communes", {"q": "st-malo"}).json()["results"]
    assert found[0]["label"].startswith("Saint-Malo")
    assert client.get("/me/communes", {"q": "'; drop table--"}).json() == {"results": []}
