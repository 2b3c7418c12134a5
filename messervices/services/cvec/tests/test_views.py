"""The student's pages, in both languages: what they say, where they lead, whose they are, how many queries."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from messervices.foundations.crous.models import Window
from messervices.foundations.crous.selectors import Kept
from messervices.foundations.documents.models import Document
from messervices.foundations.payments.models import Order
from messervices.foundations.payments.tests.factories import begin
from messervices.foundations.students.selectors import fact
from messervices.foundations.students.tests.factories import UserFactory, user_of
from messervices.services.cvec.models import Acquittement
from messervices.services.cvec.states import Status
from messervices.services.cvec.tests.factories import (
    LYON_CITY,
    NOUMEA,
    NOW,
    VERSAILLES_CITY,
    YEAR,
    AcquittementFactory,
    acknowledge,
    agent_user,
    paid_student,
    referent,
    signed_in,
    student,
)

pytestmark = [pytest.mark.django_db]

AT = "/cvec/2026-2027"
FRENCH = re.compile(r"\b(vous|votre|année|attestation|établissement)\b", re.IGNORECASE)


def text_of(response: Any) -> str:
    return response.content.decode()


def queries_of(client: Client, address: str) -> int:
    client.get(address)
    with CaptureQueriesContext(connection) as queries:
        client.get(address)
    return len(queries)


@pytest.fixture
def boursier() -> Any:
    return student(boursier=True)


@pytest.mark.parametrize(("language", "said"), [("fr", "Suis-je concerné"), ("en", "Am I concerned")])
def test_the_home_of_the_service_is_open_to_all(client: Client, language: str, said: str) -> None:
    client.cookies["language"] = language
    response = client.get("/cvec/")
    assert response.status_code == 200
    assert said in text_of(response)
    assert "105" in text_of(response)


def test_the_home_tells_a_scholar_that_nothing_is_due(boursier: Any) -> None:
    page = text_of(signed_in(user_of(boursier)).get("/cvec/"))
    assert "Vous êtes exonéré" in page
    assert f'href="{AT}/summary"' in page


def test_the_home_shows_the_number_once_acknowledged() -> None:
    acquittement = paid_student()
    page = text_of(signed_in(user_of(acquittement.person)).get("/cvec/"))
    number = acquittement.document.number
    assert f"{number[:4]} {number[4:10]} {number[10:]}" in page


@pytest.mark.parametrize(
    ("opens", "closes", "said"), [(30, 60, "n’est pas encore ouverte"), (-60, -30, "est terminée")]
)
def test_the_home_says_the_dates_outside_the_window(client: Client, opens: int, closes: int, said: str) -> None:
    from datetime import timedelta

    Window.objects.filter(service="cvec").exclude(year=YEAR).update(superseded_at=NOW)
    Window.objects.filter(service="cvec", year=YEAR).update(
        opens_at=NOW + timedelta(days=opens), closes_at=NOW + timedelta(days=closes)
    )
    Kept.forget_all()
    page = text_of(client.get(f"{AT}/situation"))
    assert "Suis-je concerné" in page
    me = signed_in(user_of(student()))
    assert said in text_of(me.get(f"{AT}/city"))
    assert "ne s’acquitte pas en ce moment" in text_of(me.get(f"{AT}/summary"))
    answer = me.post(f"{AT}/pay")
    assert answer.status_code == 409
    assert not Acquittement.objects.exists()


def ask(client: Client, place: str, route: str, mobility: str) -> str:
    return text_of(client.get(f"{AT}/situation", {"place": place, "route": route, "mobility": mobility}))


def test_three_questions_give_an_answer_with_its_reason(client: Client) -> None:
    assert "Oui, vous êtes concerné" in ask(client, "higher", "initial", "none")
    assert "classe préparatoire" in ask(client, "cpge", "initial", "none")
    page = ask(client, "lycee", "initial", "none")
    assert "Non, vous n’avez rien à faire" in page
    assert "Rien à payer" in page


def test_the_gap_year_is_answered_with_prudence(client: Client) -> None:
    page = ask(client, "higher", "cesure", "none")
    assert "À confirmer avec votre établissement" in page
    assert "Nous n’avons pas trouvé de texte" in page


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_answer_is_explained_in_both_languages(client: Client, language: str) -> None:
    client.cookies["language"] = language
    said = set()
    for place in ("higher", "cpge", "lycee", "abroad"):
        for route in ("initial", "cesure", "continuing", "hdr"):
            for mobility in ("none", "double", "incoming"):
                lede = re.search(r'<p class="lede">\s*(.+?)\s*</p>', ask(client, place, route, mobility), re.DOTALL)
                assert lede
                said.add(lede[1])
    assert len(said) == 9
    if language == "en":
        assert not [one for one in said if FRENCH.search(one)]


def test_a_question_left_out_is_said(client: Client) -> None:
    response = client.get(f"{AT}/situation", {"place": "higher", "route": "nonsense"})
    page = text_of(response)
    assert "Dites si vous êtes entre deux établissements" in page
    assert "réponses sont à revoir" in page


@pytest.mark.parametrize("path", ["city", "summary", "pay", "attestation", "attestation/phone", "receipt"])
def test_who_is_not_signed_in_is_led_to_the_sign_in_and_back(client: Client, path: str) -> None:
    response = client.get(f"{AT}/{path}")
    assert response.status_code == 302
    assert response["Location"].startswith("/account/login/?next=%2Fcvec")


def test_who_has_not_said_who_they_are_is_asked_first() -> None:
    response = signed_in(UserFactory()).get(f"{AT}/city")
    assert response.status_code == 302
    assert response["Location"].startswith("/me/identity")


@pytest.mark.parametrize("path", ["city", "summary", "attestation"])
def test_the_students_pages_are_not_an_agents(path: str) -> None:
    assert signed_in(agent_user(26)).get(f"{AT}/{path}").status_code == 403


@pytest.mark.parametrize("year", ["2026-2028", "2026", "1999-2000", "2040-2041", "abcd-efgh", "0000-0001"])
def test_a_year_that_never_had_a_campaign_has_no_page(client: Client, year: str) -> None:
    assert client.get(f"/cvec/{year}/situation").status_code == 404


def test_the_city_is_found_without_script_by_radio_buttons() -> None:
    me = student(city="")
    client = signed_in(user_of(me))
    page = text_of(client.post(f"{AT}/city", {"city": "saint-germain"}))
    assert 'type="radio" name="city-pick"' in page
    assert "Saint-Germain-en-Laye" in page
    response = client.post(f"{AT}/city", {"city": "saint-germain", "city-pick": "78551", "city-asked": "saint-germain"})
    assert response.status_code == 302
    assert response["Location"] == f"{AT}/summary"
    known = fact(me.pk, "study_city", YEAR)
    assert known is not None
    assert known.value == {"commune": "78551", "name": "Saint-Germain-en-Laye"}


def test_the_city_found_by_its_postcode_is_taken_at_once() -> None:
    client = signed_in(user_of(student(city="")))
    assert client.post(f"{AT}/city", {"city": "78000"}).status_code == 302


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("Xyzzyville", "Nous ne trouvons pas «\u00a0Xyzzyville\u00a0»"),
        ("", "Tapez le nom ou le code postal"),
        ("<script>alert(1)</script>", "Nous ne trouvons pas"),
        ("é" * 300, "Nous ne trouvons pas"),
        ("99999", "Nous ne trouvons pas"),
    ],
)
def test_an_unknown_city_is_said_clearly_and_kept_as_typed(typed: str, said: str) -> None:
    response = signed_in(user_of(student(city=""))).post(f"{AT}/city", {"city": typed})
    assert response.status_code == 422
    page = text_of(response)
    assert said in page
    assert "<script>alert" not in page


def test_a_place_without_crous_is_explained() -> None:
    client = signed_in(user_of(student(city="")))
    response = client.post(f"{AT}/city", {"city": "Nouméa", "city-pick": NOUMEA, "city-asked": "Nouméa"})
    assert response.status_code == 422
    assert "Aucun Crous ne couvre" in text_of(response)


def test_a_forged_choice_is_not_taken() -> None:
    response = signed_in(user_of(student(city=""))).post(
        f"{AT}/city", {"city": "zz", "city-pick": "00000", "city-asked": "zz"}
    )
    assert response.status_code == 422


def test_the_field_that_searches_is_answered_with_the_crous(client: Client) -> None:
    rows = client.get("/cvec/communes", {"q": "versail"}).json()["results"]
    assert {"value": VERSAILLES_CITY, "label": "Versailles (78000)", "hint": "Crous de Versailles"} in [
        row | {"label": "Versailles (78000)"} if row["value"] == VERSAILLES_CITY else row for row in rows
    ]
    assert client.get("/cvec/communes", {"q": "noumea"}).json()["results"][0]["hint"] == "aucun Crous"
    assert client.get("/cvec/communes").json() == {"results": []}


def test_what_is_known_of_the_city_is_not_asked_again() -> None:
    client = signed_in(user_of(student()))
    assert client.get(f"{AT}/summary").status_code == 200
    assert "Versailles" in text_of(client.get(f"{AT}/city"))


def test_without_a_city_the_summary_leads_to_it() -> None:
    response = signed_in(user_of(student(city=""))).get(f"{AT}/summary")
    assert response["Location"] == f"{AT}/city"


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("fr", "Votre CVEC sera gérée par le Crous de Versailles"),
        ("en", "Your CVEC will be managed by Crous de Versailles"),
    ],
)
def test_the_summary_names_the_crous_and_the_amount(language: str, said: str) -> None:
    page = text_of(signed_in(user_of(student()), language=language).get(f"{AT}/summary"))
    assert said in page
    assert ("105,00" if language == "fr" else "€105.00") in page


def test_the_summary_of_a_scholar_says_why_and_offers_no_payment(boursier: Any) -> None:
    page = text_of(signed_in(user_of(boursier)).get(f"{AT}/summary"))
    assert "Bourse sur critères sociaux" in page
    assert "28" in page
    assert "banque" not in page


def test_a_scholar_gets_the_certificate_in_one_press_and_pressing_twice_is_harmless(boursier: Any) -> None:
    client = signed_in(user_of(boursier))
    for _press in range(2):
        response = client.post(f"{AT}/pay")
        assert response["Location"] == f"{AT}/attestation"
    assert "Exonération accordée" in text_of(client.get(f"{AT}/attestation"))
    assert Document.objects.count() == 1


def test_paying_leads_to_the_bank_by_a_post_that_is_kept() -> None:
    client = signed_in(user_of(student()))
    response = client.post(f"{AT}/pay")
    order = Order.objects.get()
    assert (response.status_code, response["Location"]) == (307, f"/pay/{order.uuid}/go")
    left = client.post(response["Location"])
    assert left.status_code == 200
    assert "vads_amount" in text_of(left)
    again = client.post(f"{AT}/pay")
    assert again["Location"] == response["Location"]
    assert Order.objects.count() == 1


def test_coming_back_by_the_back_button_to_pay_is_harmless() -> None:
    client = signed_in(user_of(student()))
    assert client.get(f"{AT}/pay")["Location"] == f"{AT}/summary"
    assert not Order.objects.exists()


def test_a_payment_that_may_be_under_way_is_said_before_another() -> None:
    me = student()
    begin(acknowledge(me).order)
    page = text_of(signed_in(user_of(me)).get(f"{AT}/summary"))
    assert "Un paiement est peut-être en cours" in page


def test_no_certificate_before_the_bank_has_spoken() -> None:
    me = student()
    begin(acknowledge(me).order)
    client = signed_in(user_of(me))
    assert client.get(f"{AT}/attestation")["Location"] == f"{AT}/summary"
    assert client.get(f"{AT}/attestation/phone").status_code == 404
    assert client.get(f"{AT}/receipt").status_code == 404


@pytest.mark.parametrize(("language", "said"), [("fr", "Voici votre attestation"), ("en", "Here is your certificate")])
def test_the_certificate_shows_its_number_its_holder_and_its_payment(language: str, said: str) -> None:
    acquittement = paid_student()
    page = text_of(signed_in(user_of(acquittement.person), language=language).get(f"{AT}/attestation"))
    number, order = acquittement.document.number, acquittement.order
    assert said in page
    assert f"{number[:4]} {number[4:10]} {number[10:]}" in page
    assert acquittement.person.birth_name.upper() in page
    assert acquittement.person.ine in page
    assert order.number in page
    assert 'class="qr"' in page
    assert f"/documents/{acquittement.document.uuid}.pdf" in page


def test_once_acknowledged_every_step_leads_to_the_certificate() -> None:
    client = signed_in(user_of(paid_student().person))
    for path in ("city", "summary"):
        assert client.get(f"{AT}/{path}")["Location"] == f"{AT}/attestation"
    assert client.post(f"{AT}/pay")["Location"] == f"{AT}/attestation"
    assert (
        client.post(f"{AT}/city", {"city": "Lyon", "city-pick": LYON_CITY, "city-asked": "Lyon"})["Location"]
        == f"{AT}/attestation"
    )


def test_a_past_certificate_stays_and_knows_the_others() -> None:
    past = AcquittementFactory(paid=True, last_year=True)
    AcquittementFactory(exempt=True, person=past.person)
    client = signed_in(user_of(past.person))
    page = text_of(client.get("/cvec/2025-2026/attestation"))
    assert past.document.number[4:10] in page
    assert f'href="{AT}/attestation"' in page
    assert client.get("/cvec/2024-2025/attestation").status_code == 302


def test_the_phone_page_and_the_receipt() -> None:
    acquittement = paid_student()
    client = signed_in(user_of(acquittement.person))
    assert acquittement.document.number[4:10] in text_of(client.get(f"{AT}/attestation/phone"))
    receipt = text_of(client.get(f"{AT}/receipt"))
    assert acquittement.order.number in receipt
    assert "105,00" in receipt


def test_who_was_exempt_has_no_receipt(boursier: Any) -> None:
    acknowledge(boursier)
    assert signed_in(user_of(boursier)).get(f"{AT}/receipt").status_code == 404


def test_nobody_sees_the_certificate_of_another() -> None:
    mine = paid_student()
    other = signed_in(user_of(student()))
    assert other.get(f"{AT}/attestation").status_code == 302
    assert other.get(f"{AT}/attestation/phone").status_code == 404
    assert other.get(f"/documents/{mine.document.uuid}.pdf").status_code == 404
    assert mine.document.number not in text_of(other.get("/cvec/"))


def test_a_referent_is_led_to_their_space() -> None:
    assert signed_in(referent()).get("/cvec/")["Location"] == "/cvec/space/"


@pytest.mark.parametrize(
    ("path", "most"), [("/cvec/", 4), (f"{AT}/situation", 1), (f"{AT}/city", 4), (f"{AT}/summary", 6)]
)
def test_the_pages_of_who_has_not_paid_take_few_queries(path: str, most: int) -> None:
    assert queries_of(signed_in(user_of(student())), path) <= most


@pytest.mark.parametrize(
    ("path", "most"), [(f"{AT}/attestation", 4), (f"{AT}/attestation/phone", 2), (f"{AT}/receipt", 7)]
)
def test_the_pages_of_who_has_paid_take_few_queries(path: str, most: int) -> None:
    assert queries_of(signed_in(user_of(paid_student().person)), path) <= most


def test_a_name_in_any_script_stands_on_the_certificate() -> None:
    me = student(boursier=True, birth_name="Ἀριστοτέλης-O’Brien", first_names="李 明", usual_name="")
    acknowledge(me)
    page = text_of(signed_in(user_of(me)).get(f"{AT}/attestation"))
    assert "李" in page
    assert Acquittement.objects.get(person=me).status == Status.EXEMPT


def test_one_is_greeted_by_the_first_of_several_first_names() -> None:
    me = student(boursier=True, first_names="Inès, Pilar")
    acknowledge(me)
    assert "C’est fait, Inès. Voici" in text_of(signed_in(user_of(me)).get(f"{AT}/attestation"))
