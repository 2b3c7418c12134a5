"""Establishments: the public page, the QR, and the service by program with the shapes and codes of the network."""

import logging
from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from messervices.foundations.accounts.rules import Rate
from messervices.foundations.students.models import Person
from messervices.kernel.scope import NOBODY, acting_as
from messervices.services.cvec import actions, rules, selectors
from messervices.services.cvec.actions import check as deed
from messervices.services.cvec.models import Acquittement, Check
from messervices.services.cvec.states import Status
from messervices.services.cvec.tests.factories import (
    NOW,
    AcquittementFactory,
    acknowledge,
    paid_student,
    referent,
    signed_in,
    student,
)

pytestmark = [pytest.mark.django_db]


def text_of(response: Any) -> str:
    return response.content.decode()


def number_of(acquittement: Acquittement) -> str:
    assert acquittement.document is not None
    return acquittement.document.number


def letters_of(acquittement: Acquittement) -> str:
    return acquittement.person.birth_name[:5]


def check(client: Client, number: str, letters: str = "", **more: str) -> Any:
    return client.post("/cvec/verify", {"number": number, "letters": letters, **more})


@pytest.fixture
def paid() -> Acquittement:
    return paid_student(birth_name="Benali", first_names="Lina Marie")


# Reading what is typed -----------------------------------------------------------------------------------------


def spaced(number: str) -> str:
    return f"{number[:4]} {number[4:10]} {number[10:]}"


@pytest.mark.parametrize(
    "typed",
    [
        "{n}",
        "{s}",
        " {s} ",
        "{l}",
        "{n} / BENAL",
        "{s}/BENAL",
        "{n}benal",
        "{h}",
        "{w}",
    ],
)
def test_a_number_is_read_however_it_is_typed(typed: str, paid: Acquittement) -> None:
    n = number_of(paid)
    wide = "".join(chr(ord(c) + 0xFEE0) for c in n)
    said = typed.format(n=n, s=spaced(n), l=n.lower(), h=f"{n[:4]}-{n[4:10]}-{n[10:]}", w=wide)
    assert selectors.asked(said, "benali").number == n
    assert selectors.asked(said, "benali").letters == "BENAL"


def test_letters_printed_behind_the_number_are_enough(paid: Acquittement) -> None:
    asked = selectors.asked(f"{spaced(number_of(paid))} / BENAL")
    assert (asked.number, asked.letters) == (number_of(paid), "BENAL")


@pytest.mark.parametrize(
    ("typed", "badly"), [("VER6KQTRMB42", True), ("VER6KQTRMB4", False), ("", False), ("é" * 5000, False)]
)
def test_a_slip_of_the_finger_is_told_from_nonsense(typed: str, badly: bool) -> None:
    asked = selectors.asked(typed)
    assert (asked.number, asked.typed_badly) == ("", badly)


# The page ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("language", "said"), [("fr", "Attestation valable"), ("en", "Valid certificate")])
def test_a_valid_certificate_is_said_valid(client: Client, paid: Acquittement, language: str, said: str) -> None:
    client.cookies["language"] = language
    page = text_of(check(client, spaced(number_of(paid)).lower(), "benali"))
    assert said in page
    assert "BENALI Lina" in page
    assert "2026-2027" in page
    assert "Crous de Versailles" in page


def test_the_page_tells_no_more_than_an_enrolment_needs(client: Client, paid: Acquittement) -> None:
    page = text_of(check(client, number_of(paid), "benal"))
    assert paid.person.ine not in page
    assert "2008" not in page
    assert "Marie" not in page
    assert "mars" not in page


def test_the_name_in_use_serves_as_well(client: Client) -> None:
    paid = paid_student(birth_name="Benali", usual_name="Roux")
    assert "Attestation valable" in text_of(check(client, number_of(paid), "roux"))


def test_wrong_letters_find_nothing(client: Client, paid: Acquittement) -> None:
    page = text_of(check(client, number_of(paid), "MARTI"))
    assert "Aucune attestation trouvée" in page
    assert "Benali" not in page


def test_a_number_that_exists_nowhere_and_wrong_letters_look_alike(client: Client, paid: Acquittement) -> None:
    from messervices.foundations.documents.rules import number

    nowhere = text_of(check(client, number("VER", 2026, 200_000_000, "another"), "BENAL"))
    wrong = text_of(check(client, number_of(paid), "MARTI"))
    assert nowhere.count("Aucune attestation trouvée") == wrong.count("Aucune attestation trouvée") == 1


@pytest.mark.parametrize(
    ("number", "letters", "said"),
    [
        ("", "BENAL", "Tapez le numéro"),
        ("VER6KQTRMB42", "BENAL", "faute de frappe"),
        ("bonjour", "BENAL", "pas la forme d’un numéro"),
        ("<script>", "BENAL", "pas la forme d’un numéro"),
        ("x" * 200, "BENAL", "80"),
    ],
)
def test_what_cannot_be_a_number_is_said(client: Client, number: str, letters: str, said: str) -> None:
    response = check(client, number, letters)
    assert response.status_code in {200, 422}
    assert said in text_of(response)


def test_letters_are_asked_for(client: Client, paid: Acquittement) -> None:
    assert "premières lettres du nom" in text_of(check(client, number_of(paid)))


def test_the_qr_answers_without_typing(client: Client, paid: Acquittement) -> None:
    address = paid.document.contents["verify_url"].partition("//")[2].partition("/")[2]
    page = text_of(client.get(f"/{address}"))
    assert "Attestation valable" in page
    assert paid.person.birth_name.upper() in page
    assert letters_of(paid).upper() not in address.upper()


@pytest.mark.parametrize("key", ["", "?k=", "?k=AAAAAAAAAAAA", "?n=BENAL"])
def test_without_its_key_an_address_asks_for_the_letters(client: Client, paid: Acquittement, key: str) -> None:
    page = text_of(client.get(f"/cvec/verify/{number_of(paid)}{key}"))
    assert "Attestation valable" not in page
    assert "BENALI" not in page
    assert f'value="{number_of(paid)}"' in page


def test_an_address_with_anything_else_is_only_a_form(client: Client) -> None:
    assert client.get("/cvec/verify/%3Cscript%3E").status_code == 200


def test_a_cancelled_certificate_is_said_so(client: Client, paid: Acquittement) -> None:
    Acquittement.objects.filter(pk=paid.pk).update(status=Status.CANCELLED)
    page = text_of(check(client, number_of(paid), "BENAL"))
    assert "Attestation non valable" in page
    assert "annulée" in page


def test_verifying_takes_few_queries(client: Client, paid: Acquittement) -> None:
    check(client, number_of(paid), "BENAL")
    with CaptureQueriesContext(connection) as queries:
        check(client, number_of(paid), "BENAL")
    assert len(queries) <= 3


def test_nobody_else_reads_across_persons(paid: Acquittement) -> None:
    number = number_of(paid)
    with acting_as(NOBODY):
        assert not Acquittement.objects.exists()
        assert selectors.certified(number) is not None
        assert not Person.objects.exists()


# Limits --------------------------------------------------------------------------------------------------------


def test_one_number_cannot_be_asked_about_for_ever(client: Client, paid: Acquittement) -> None:
    with mock.patch.object(deed, "CHECK_NUMBER", Rate(2, 600)):
        for _again in range(2):
            assert check(client, number_of(paid), "AAAAA").status_code == 200
        assert check(client, number_of(paid), "BENAL").status_code == 429
        answer = client.get(f"/api/attestation/{number_of(paid)}", {"etudiant": "BENAL"})
        assert answer.status_code == 429
        assert answer.json()["code"] == "too_many"


def test_one_network_cannot_ask_for_ever(client: Client) -> None:
    from messervices.foundations.documents.rules import number

    with mock.patch.object(deed, "CHECK_NETWORK", Rate(3, 600)):
        answers = [
            client.get(f"/api/attestation/{number('VER', 2026, serial, 'x')}", {"etudiant": "BENAL"}).status_code
            for serial in range(5)
        ]
    assert answers == [400, 400, 400, 429, 429]


def test_the_limits_open_again_as_time_goes_by(client: Client, paid: Acquittement) -> None:
    with mock.patch.object(deed, "CHECK_NUMBER", Rate(1, 60)):
        actions.take_turn(network="n", number="x", now=NOW)
        with pytest.raises(actions.TooManyChecks) as refused:
            actions.take_turn(network="n", number="x", now=NOW)
        assert 0 < refused.value.wait <= 61
        actions.take_turn(network="n", number="x", now=NOW + timedelta(seconds=61))


# By program ----------------------------------------------------------------------------------------------------


def get(client: Client, path: str, etudiant: str | None = "BENAL") -> Any:
    return client.get(path, {} if etudiant is None else {"etudiant": etudiant})


def test_the_answer_has_the_shape_of_the_network(client: Client, paid: Acquittement) -> None:
    answer = get(client, f"/api/attestation/{number_of(paid)}")
    assert answer.status_code == 200
    assert answer.json() == {
        "nom": "Benali",
        "nomUsage": "",
        "prenom": "Lina Marie",
        "sexe": "F",
        "date_naissance": "2008-03-14",
        "ine": paid.person.ine,
        "crous": "Crous de Versailles",
        "etat": {"code": "75", "libelle": "Attestation valide, contribution payée"},
        "exoneration": {"active": False, "motif": ""},
    }


def test_an_exempt_student_is_told_with_the_motive(client: Client) -> None:
    exempt = acknowledge(student(boursier=True, birth_name="Benali"))
    answer = get(client, f"/api/attestation/{number_of(exempt)}").json()
    assert answer["etat"]["code"] == "71"
    assert answer["exoneration"] == {"active": True, "motif": "Bourse sur critères sociaux"}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"paid": True}, "75"),
        ({"paid": True, "status": Status.REFUNDED}, "98"),
        ({"paid": True, "status": Status.CANCELLED}, "99"),
        ({"exempt": True}, "71"),
        ({"exempt": True, "motive": "ASAA"}, "71"),
        ({"exempt": True, "motive": "REFUGIE"}, "73"),
        ({"exempt": True, "motive": "PREPA_DEF"}, "73"),
    ],
)
def test_the_states_are_those_of_the_network(client: Client, changes: dict[str, Any], code: str) -> None:
    acquittement = AcquittementFactory(person__birth_name="Benali", **changes)
    answer = get(client, f"/api/attestation/{number_of(acquittement)}")
    assert answer.json()["etat"]["code"] == code


def test_not_found_is_400(client: Client, paid: Acquittement) -> None:
    for path, letters in (
        ("/api/attestation/VER6KQTRMB42", "BENAL"),
        ("/api/attestation/nonsense", "BENAL"),
        (f"/api/attestation/{number_of(paid)}", "MARTI"),
        (f"/api/attestation/{number_of(paid)}", ""),
        (f"/api/attestation/{number_of(paid)}", None),
    ):
        answer = get(client, path, letters)
        assert answer.status_code == 400, path
        assert answer.json() == {"code": "not_found", "message": "L’attestation n’a pas été trouvée."}


@pytest.mark.parametrize("path", ["/api/attestation/", "/api/attestation/%20", "/api/campagne/2026/attestation/"])
def test_a_missing_code_is_404(client: Client, path: str) -> None:
    answer = get(client, path)
    assert answer.status_code == 404
    assert answer.json() == {"code": "code_missing", "message": "Le paramètre code est manquant."}


@pytest.mark.parametrize("form", ["{s}", "{s} / BENAL", "{l}", "{n}-BENAL"])
def test_the_code_is_read_with_its_spaces_slashes_and_hyphens(client: Client, paid: Acquittement, form: str) -> None:
    from urllib.parse import quote

    n = number_of(paid)
    code = quote(form.format(n=n, s=spaced(n), l=n.lower()))
    assert get(client, f"/api/attestation/{code}").status_code == 200


def test_the_older_glued_form_is_answered(client: Client, paid: Acquittement) -> None:
    assert get(client, f"/api/attestation/{number_of(paid)}BENAL", None).status_code == 200


def test_each_campaign_answers_for_itself(client: Client) -> None:
    past = AcquittementFactory(paid=True, last_year=True, person__birth_name="Benali")
    assert get(client, f"/api/attestation/{number_of(past)}").status_code == 400
    assert get(client, f"/api/campagne/2025/attestation/{number_of(past)}").status_code == 200
    assert get(client, f"/api/campagne/2024/attestation/{number_of(past)}").status_code == 400
    assert get(client, f"/api/campagne/99999/attestation/{number_of(past)}").status_code == 400


def test_a_corrected_name_is_the_one_answered_and_both_names_are_accepted(client: Client, paid: Acquittement) -> None:
    Person.objects.filter(pk=paid.person_id).update(birth_name="Bennali")
    answer = get(client, f"/api/attestation/{number_of(paid)}", "BENNA")
    assert answer.json()["nom"] == "Bennali"
    assert get(client, f"/api/attestation/{number_of(paid)}", "BENAL").status_code == 200


def test_every_answer_is_declared(client: Client) -> None:
    described = client.get("/api/openapi.json").json()["paths"]
    for path in ("/api/attestation/{code}", "/api/campagne/{year_start}/attestation/{code}"):
        assert set(described[path]["get"]["responses"]) == {"200", "400", "404", "429"}


def test_neither_number_nor_letters_reach_the_log(client: Client, paid: Acquittement, caplog: Any) -> None:
    with caplog.at_level(logging.INFO):
        get(client, f"/api/attestation/{number_of(paid)}")
        get(client, f"/api/attestation/{number_of(paid)}", "WRONG")
        check(client, number_of(paid), "benal")
        client.get(f"/cvec/verify/{number_of(paid)}?k={rules.scan_key(number_of(paid), 'x')}")
    ours = [record for record in caplog.records if record.name.startswith("messervices")]
    written = " ".join(f"{record.getMessage()} {record.__dict__}" for record in ours)
    assert "attestation checked" in written
    assert number_of(paid) not in written
    assert "BENAL" not in written.upper()


# Establishments ------------------------------------------------------------------------------------------------


def test_a_referent_has_a_history_of_their_checks(paid: Acquittement) -> None:
    client = signed_in(referent())
    page = text_of(client.get("/cvec/verify"))
    assert "Vos vérifications se rangeront ici" in page
    check(client, number_of(paid), "benal")
    check(client, number_of(paid), "marti")
    page = text_of(client.get("/cvec/verify"))
    assert "Non valable" in page
    assert rules.masked_number(number_of(paid)) in page
    assert number_of(paid) not in page
    assert [one.valid for one in Check.objects.order_by("pk")] == [True, False]


def test_the_history_is_the_establishments_own(paid: Acquittement) -> None:
    check(signed_in(referent()), number_of(paid), "benal")
    other = signed_in(referent("0755976N"))
    assert rules.masked_number(number_of(paid)) not in text_of(other.get("/cvec/verify"))


def test_a_check_by_nobody_in_particular_leaves_no_row(client: Client, paid: Acquittement) -> None:
    check(client, number_of(paid), "benal")
    assert not Check.objects.exists()
