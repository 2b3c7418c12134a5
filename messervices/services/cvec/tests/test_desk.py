"""What agents see of the CVEC, and what those of another Crous do not."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from messervices.foundations.audit.models import Read
from messervices.foundations.students.models import Person
from messervices.foundations.students.tests.factories import agent
from messervices.services.cvec import selectors
from messervices.services.cvec.desk.panel import panels
from messervices.services.cvec.models import Acquittement
from messervices.services.cvec.tests.factories import (
    LYON,
    LYON_CITY,
    NOW,
    SEE,
    VERSAILLES,
    YEAR,
    AcquittementFactory,
    agent_user,
    paid_student,
    signed_in,
    student,
)

pytestmark = [pytest.mark.django_db]


def text_of(response: Any) -> str:
    return response.content.decode()


@pytest.fixture
def paid() -> Acquittement:
    return paid_student(birth_name="Benali")


def test_an_agent_lists_the_cvec_of_their_crous_and_of_no_other(paid: Acquittement) -> None:
    elsewhere = AcquittementFactory(paid=True, of_lyon=True, person__birth_name="Okafor")
    mine = text_of(signed_in(agent_user(VERSAILLES)).get("/desk/cvec/"))
    assert paid.person.display_name in mine
    assert elsewhere.person.display_name not in mine
    theirs = text_of(signed_in(agent_user(LYON)).get("/desk/cvec/"))
    assert elsewhere.person.display_name in theirs
    assert paid.person.display_name not in theirs


def test_the_national_desk_lists_all(paid: Acquittement) -> None:
    elsewhere = AcquittementFactory(paid=True, of_lyon=True, person__birth_name="Okafor")
    page = text_of(signed_in(agent_user()).get("/desk/cvec/"))
    assert paid.person.display_name in page
    assert elsewhere.person.display_name in page


def test_the_list_is_cut_by_year_status_and_place(paid: Acquittement) -> None:
    client = signed_in(agent_user(VERSAILLES))
    assert "Aucune CVEC" in text_of(client.get("/desk/cvec/", {"year": "2025-2026"}))
    assert "Aucune CVEC" in text_of(client.get("/desk/cvec/", {"status": "exempt"}))
    assert "Aucune CVEC" in text_of(client.get("/desk/cvec/", {"before": str(paid.pk)}))
    assert paid.person.display_name in text_of(
        client.get("/desk/cvec/", {"year": "nonsense", "before": "x", "status": "y"})
    )
    assert client.get("/desk/cvec/", {"before": "9" * 40}).status_code == 200


def test_one_is_a_part_of_the_file_which_is_opened_first_for_a_reason(paid: Acquittement) -> None:
    user = agent_user(VERSAILLES, rights=(SEE, "desk:file:open"))
    client = signed_in(user)
    file = f"/desk/students/{paid.person.uuid}/"
    answer = client.get(f"/desk/cvec/{paid.pk}")
    assert (answer.status_code, answer["Location"]) == (302, file)
    assert not Read.objects.exists()
    client.post(f"{file}open", {"reason": "payment"})
    answer = client.get(f"/desk/cvec/{paid.pk}")
    assert paid.person.display_name in text_of(answer)
    assert "no-store" in answer["Cache-Control"]
    read = Read.objects.latest("pk")
    assert (read.person_id, read.agent_id, read.what) == (paid.person_id, user.pk, f"cvec.acquittement:{paid.pk}")
    assert read.reason == "Consultation d’une CVEC"


def test_without_the_right_to_open_files_one_stays_shut(paid: Acquittement) -> None:
    client = signed_in(agent_user(VERSAILLES))
    assert client.get(f"/desk/cvec/{paid.pk}", follow=True).status_code == 403
    assert not Read.objects.exists()


def test_somebody_not_signed_in_goes_to_sign_in(client: Client, paid: Acquittement) -> None:
    for url in ("/desk/cvec/", f"/desk/cvec/{paid.pk}"):
        answer = client.get(url)
        assert (answer.status_code, answer["Location"]) == (302, f"/account/login/?next={url}")


def test_the_cvec_of_another_crous_is_not_there(paid: Acquittement) -> None:
    client = signed_in(agent_user(LYON))
    assert client.get(f"/desk/cvec/{paid.pk}").status_code == 404
    assert client.get(f"/documents/{paid.document.uuid}.pdf").status_code == 404
    assert not Read.objects.exists()
    assert signed_in(agent_user(VERSAILLES)).get("/desk/cvec/999999999").status_code == 404


def test_without_the_right_the_desk_is_closed(paid: Acquittement) -> None:
    client = signed_in(agent_user(VERSAILLES, rights=()))
    assert client.get("/desk/cvec/").status_code == 403
    assert client.get(f"/desk/cvec/{paid.pk}").status_code == 403


def test_the_desk_is_not_a_students(paid: Acquittement) -> None:
    from messervices.foundations.students.tests.factories import user_of

    assert signed_in(user_of(paid.person)).get("/desk/cvec/").status_code in {302, 403, 404}


def test_a_certificates_number_finds_its_student_in_ones_own_crous(paid: Acquittement) -> None:
    number = paid.document.number
    typed = f"{number[:4]} {number[4:10].lower()}-{number[10:]}"
    assert selectors.person_ids_by_number(typed, agent(VERSAILLES)) == [paid.person_id]
    assert selectors.person_ids_by_number(typed, agent()) == [paid.person_id]
    assert selectors.person_ids_by_number(typed, agent(LYON)) == []
    assert selectors.person_ids_by_number("Benali", agent(VERSAILLES)) == []


def test_the_whole_picture_has_its_cvec(paid: Acquittement) -> None:
    by = agent(VERSAILLES, rights=(SEE,))
    with CaptureQueriesContext(connection) as queries:
        (panel,) = panels(paid.person_id, by, NOW)
    assert len(queries) <= 7
    assert [row.pk for row in panel.context["rows"]] == [paid.pk]
    assert [order.pk for order in panel.context["orders"]] == [paid.order_id]
    assert panels(paid.person_id, agent(VERSAILLES), NOW) == []


def test_a_student_of_two_crous_shows_each_its_own_cvec(paid: Acquittement) -> None:
    Person.objects.filter(pk=paid.person_id).update(crous_ids=[VERSAILLES, LYON])
    other = AcquittementFactory(paid=True, person=paid.person, crous_id=LYON, commune_id=LYON_CITY, year=YEAR.previous)
    for offices, seen in (((VERSAILLES,), [paid]), ((LYON,), [other]), ((), [paid, other])):
        (panel,) = panels(paid.person_id, agent(*offices, rights=(SEE,)), NOW)
        assert [row.pk for row in panel.context["rows"]] == [one.pk for one in seen]
        assert {order.pk for order in panel.context["orders"]} == {one.order_id for one in seen}


def test_the_panel_is_drawn_for_every_situation() -> None:
    from django.template.loader import render_to_string

    by = agent(VERSAILLES, rights=(SEE,))
    for person in (paid_student().person, student(boursier=True), student()):
        (panel,) = panels(person.pk, by, NOW)
        assert render_to_string(panel.template, dict(panel.context))
