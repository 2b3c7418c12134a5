"""The pages of a request, the student's: what they say at each step, and to whom."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest import mock
from urllib.parse import unquote

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from messervices.foundations.documents.models import Upload
from messervices.foundations.payouts.models import Payout
from messervices.foundations.payouts.tests import factories as payouts
from messervices.foundations.students.models import Person
from messervices.foundations.students.tests.factories import give_fact, user_of
from messervices.kernel import clock
from messervices.services.cvec import actions
from messervices.services.cvec.models import Request
from messervices.services.cvec.states import Ground, RequestKind, RequestStatus
from messervices.services.cvec.tests.factories import (
    YEAR,
    acknowledge,
    paid_student,
    signed_in,
    student,
)
from messervices.services.cvec.tests.test_requests import AGENT, AUTUMN, hand_in, opened, refund_asked, sent

pytestmark = pytest.mark.django_db
REFUND, EXEMPTION = "/cvec/2026-2027/refund", "/cvec/2026-2027/exemption"
DESK = "/desk/cvec/requests/"


@pytest.fixture(autouse=True)
def _in_october() -> Iterator[None]:
    """Requests are made on 12 October 2026, when refunds may be asked for."""
    with mock.patch.object(clock, "now", return_value=AUTUMN):
        yield


def text_of(response: Any) -> str:
    """The page, its unbreakable spaces made plain."""
    return response.content.decode().replace("\u00a0", " ").replace("\u202f", " ")


def seen(person: Person, address: str = REFUND, *, language: str = "fr") -> str:
    answer = signed_in(user_of(person), language=language).get(address)
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    return text_of(answer)


def queries_of(client: Client, address: str) -> int:
    client.get(address)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address).status_code == 200
    return len(queries)


@pytest.fixture
def asked() -> Request:
    """A refund that waits at the desk of Versailles."""
    return refund_asked()


@pytest.mark.parametrize(
    ("language", "who", "why"),
    [
        ("fr", "Qui est remboursé ?", "Pourquoi demandez-vous le remboursement"),
        ("en", "Who is refunded?", "Why do you ask for a refund"),
    ],
)
def test_who_paid_is_asked_why_and_reads_who_is_refunded_and_until_when(language: str, who: str, why: str) -> None:
    page = seen(paid_student().person, language=language)
    assert who in page
    assert why in page
    assert ("31 mai 2027" if language == "fr" else "31 May 2027") in page


@pytest.mark.parametrize(
    ("at", "said"),
    [
        (datetime(2026, 8, 28, tzinfo=UTC), "ne se demande pas encore"),
        (datetime(2027, 6, 2, tzinfo=UTC), "est passé"),
    ],
)
def test_too_early_or_too_late_the_page_says_so_and_asks_nothing(at: datetime, said: str) -> None:
    person = paid_student().person
    with mock.patch.object(clock, "now", return_value=at):
        page = seen(person)
    assert said in page
    assert 'name="ground"' not in page


def test_the_home_and_the_summary_lead_those_who_are_exempted_on_papers_to_the_request(client: Client) -> None:
    assert f'href="{EXEMPTION}"' in text_of(client.get("/cvec/"))
    page = text_of(signed_in(user_of(student()), language="en").get("/cvec/2026-2027/summary"))
    assert f'href="{EXEMPTION}"' in page
    assert "Wait for the answer before you pay" in page


def test_who_did_not_pay_has_nothing_to_be_refunded() -> None:
    for language, said in (("fr", "n’a pas été payée"), ("en", "was not paid")):
        page = seen(student(), language=language)
        assert said in page
        assert 'name="ground"' not in page


def test_who_has_a_certificate_asks_no_exemption_even_after_a_refusal() -> None:
    person = student()
    one = opened(person, Ground.REFUGIE, RequestKind.EXEMPTION)
    hand_in(one)
    sent(one)
    assert 'name="ground"' not in seen(person, EXEMPTION)
    actions.refuse_request(by=AGENT, request_id=one.pk, reason="Le titre est périmé.", now=AUTUMN)
    assert 'name="ground"' in seen(person, EXEMPTION), "after a refusal one may ask again"
    give_fact(person, "boursier", {"echelon": "1"})
    acknowledge(person, AUTUMN)
    page = seen(person, EXEMPTION)
    assert "Le titre est périmé." in page
    assert "Vous avez déjà une attestation" in page
    assert 'name="ground"' not in page


@pytest.mark.parametrize("address", [REFUND, EXEMPTION])
def test_a_wrong_ground_keeps_what_was_typed(address: str) -> None:
    person = paid_student().person if address == REFUND else student()
    client = signed_in(user_of(person))
    for ground in ("", "BCS", "nonsense"):
        answer = client.post(address, {"ground": ground, "words": "J’ai <b>tout</b> expliqué ici."})
        assert answer.status_code == 422
        assert "J’ai &lt;b&gt;tout&lt;/b&gt; expliqué ici." in text_of(answer)
    assert not Request.objects.exists()


def test_an_exemption_without_a_city_leads_to_the_city_first() -> None:
    client = signed_in(user_of(student(city="")))
    answer = client.post(EXEMPTION, {"ground": "ASILE", "words": ""})
    assert answer.status_code in {409, 422}
    assert "/cvec/2026-2027/city" in text_of(answer)


def test_a_refund_is_completed_with_an_account_and_a_paper_then_sent() -> None:
    person = paid_student().person
    client = signed_in(user_of(person))
    answer = client.post(REFUND, {"ground": "exempt", "words": "Depuis octobre."})
    assert (answer.status_code, answer["Location"]) == (302, REFUND)
    page = text_of(client.get(REFUND))
    assert "Depuis octobre." in page
    assert "Donner mon IBAN" in page
    assert "Papier qui prouve votre exonération" in page
    client.post(f"{REFUND}/submit")
    page = text_of(client.get(REFUND))
    assert "Dites d’abord sur quel compte vous rembourser." in page
    details = payouts.cooled(person)
    page = text_of(client.get(REFUND))
    assert details.masked in page
    assert "Donner mon IBAN" not in page
    client.post(f"{REFUND}/submit")
    assert "Il manque une pièce" in text_of(client.get(REFUND))
    hand_in(Request.objects.get())
    client.post(f"{REFUND}/submit")
    page = text_of(client.get(REFUND))
    assert "Votre demande est envoyée." in page
    assert "Votre Crous étudie votre demande" in page
    assert Request.objects.get().status == RequestStatus.SUBMITTED
    assert "Your Crous is studying your request" in seen(person, language="en")


def test_what_is_asked_may_be_changed_until_it_is_sent() -> None:
    person = student()
    client = signed_in(user_of(person))
    client.post(EXEMPTION, {"ground": "ASILE", "words": ""})
    assert "Attestation de demande d’asile" in text_of(client.get(EXEMPTION))
    client.post(EXEMPTION, {"ground": "PROT_SUB", "words": ""})
    assert "protection subsidiaire" in text_of(client.get(EXEMPTION))
    assert Request.objects.count() == 1


@pytest.mark.parametrize(
    ("language", "said", "yes", "no"),
    [
        ("fr", "cet argent vous revient", "Oui, remboursez-moi", "Non merci"),
        ("en", "You", "Yes, refund me", "No, thank you"),
    ],
)
def test_who_became_a_scholar_is_proposed_the_money_without_any_paper(
    language: str, said: str, yes: str, no: str
) -> None:
    person = paid_student().person
    give_fact(person, "boursier", {"echelon": "3"})
    actions.propose_refund(person_id=person.pk, year=YEAR, now=AUTUMN)
    page = seen(person, language=language)
    for words in (said, yes, no):
        assert words in page
    assert "data-upload" not in page
    payouts.cooled(person)
    client = signed_in(user_of(person))
    client.post(f"{REFUND}/submit")
    page = text_of(client.get(REFUND))
    assert "C’est accepté." in page
    assert Payout.objects.get().number in page


def test_a_paper_that_is_asked_for_is_shown_with_its_day(asked: Request) -> None:
    day = AUTUMN.date() + timedelta(days=10)
    actions.ask_paper(by=AGENT, request_id=asked.pk, wanted="Toutes les pages", wanted_by=day, now=AUTUMN)
    page = seen(asked.person)
    assert "Votre Crous vous demande une pièce" in page
    assert "Toutes les pages" in page
    assert "22 octobre 2026" in page
    page = seen(asked.person, language="en")
    assert "Your Crous asks you for a paper" in page
    assert "22 October 2026" in page


def test_what_is_accepted_shows_its_letter_and_its_transfer(asked: Request) -> None:
    actions.accept_request(by=AGENT, request_id=asked.pk, now=AUTUMN)
    asked.refresh_from_db()
    page = seen(asked.person)
    assert asked.letter is not None
    assert f"/documents/{asked.letter.uuid}.pdf" in page
    assert Payout.objects.get().number in page
    assert "Votre attestation reste valable" in page
    assert "data-add" not in page
    for status in ("returned", "paid"):
        Request.objects.filter(pk=asked.pk).update(status=status)
        assert Payout.objects.get().number in seen(asked.person)


def test_what_is_refused_says_why_and_how_to_appeal_and_may_be_asked_again(asked: Request) -> None:
    actions.refuse_request(by=AGENT, request_id=asked.pk, reason="Elle est d’une autre année.", now=AUTUMN)
    for language, said in (("fr", "Votre demande a été refusée"), ("en", "Your request was refused")):
        page = seen(asked.person, language=language)
        assert said in page
        assert "Elle est d’une autre année." in page
        assert 'name="ground"' in page


def test_an_exemption_granted_leads_to_the_certificate() -> None:
    person = student()
    one = opened(person, Ground.ASILE, RequestKind.EXEMPTION)
    hand_in(one)
    sent(one)
    actions.accept_request(by=AGENT, request_id=one.pk, now=AUTUMN)
    page = seen(person, EXEMPTION)
    assert "Votre demande est acceptée" in page
    assert "/cvec/2026-2027/attestation" in page


def test_a_request_is_taken_back_and_its_papers_are_destroyed(asked: Request) -> None:
    client = signed_in(user_of(asked.person))
    client.post(f"{REFUND}/withdraw")
    client.post(f"{REFUND}/withdraw")
    asked.refresh_from_db()
    assert asked.status == RequestStatus.WITHDRAWN
    assert {one.shred_on for one in Upload.objects.all()} == {AUTUMN.date()}
    assert 'name="ground"' in text_of(client.get(REFUND))


def test_what_is_decided_is_not_taken_back(asked: Request) -> None:
    actions.accept_request(by=AGENT, request_id=asked.pk, now=AUTUMN)
    client = signed_in(user_of(asked.person))
    client.post(f"{REFUND}/withdraw")
    asked.refresh_from_db()
    assert asked.status == RequestStatus.ACCEPTED


def test_another_student_sees_nothing_of_it_and_can_do_nothing_to_it(asked: Request) -> None:
    other = signed_in(user_of(paid_student().person))
    page = text_of(other.get(REFUND))
    assert "Votre Crous étudie votre demande" not in page
    assert other.post(f"{REFUND}/withdraw").status_code == 404
    asked.refresh_from_db()
    assert asked.status == RequestStatus.SUBMITTED


def test_a_step_or_a_kind_that_does_not_exist_is_not_there(asked: Request) -> None:
    client = signed_in(user_of(asked.person))
    for address in (f"{REFUND}/accept", "/cvec/2026-2027/gift/submit", f"{EXEMPTION}/submit"):
        assert client.post(address).status_code == 404
    assert client.get(f"{REFUND}/submit").status_code == 405
    assert client.get("/cvec/2011-2012/refund").status_code == 404


def test_somebody_not_signed_in_goes_to_sign_in(client: Client, asked: Request) -> None:
    for address in (REFUND, EXEMPTION, DESK, f"{DESK}{asked.pk}"):
        answer = client.get(address)
        assert (answer.status_code, unquote(answer["Location"])) == (302, f"/account/login/?next={address}")


def test_the_students_pages_ask_few_queries(asked: Request) -> None:
    paid = signed_in(user_of(paid_student().person))
    assert queries_of(paid, REFUND) <= 11
    client = signed_in(user_of(asked.person))
    assert queries_of(client, REFUND) <= 14
    actions.accept_request(by=AGENT, request_id=asked.pk, now=AUTUMN)
    assert queries_of(client, REFUND) <= 16
