"""The student's pages of a link: made, shown, sent, watched, closed; in both languages, and nobody else's."""

import re
from datetime import timedelta
from typing import Any
from urllib.parse import unquote
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from messervices.foundations.crous import selectors as crous
from messervices.foundations.notifications.models import OutgoingMail
from messervices.foundations.payments import selectors
from messervices.foundations.payments.models import Attempt, Order, PayerLink
from messervices.foundations.payments.rules import Outcome
from messervices.foundations.payments.tests.factories import FakeRail, FakeService, OrderFactory, notice, said, tell
from messervices.foundations.payments.tests.links import accept, cancel, expire, make_link, refuse, token_of
from messervices.foundations.students.tests.factories import PersonFactory, user_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def order() -> Order:
    return OrderFactory(created_at=timezone.now())


@pytest.fixture
def student(order: Order, client: Client) -> Client:
    client.force_login(user_of(order.person))
    client.cookies["language"] = "fr"
    return client


def at(name: str, order: Order) -> str:
    return reverse(f"pay:{name}", args=[order.uuid])


def page(client: Client, order: Order) -> str:
    return client.get(at("link", order)).content.decode()


def test_before_there_is_a_link_the_page_offers_to_make_one(student: Client, order: Order) -> None:
    body = page(student, order)
    assert "Faire payer un proche" in body
    assert "data-poll" not in body
    assert not PayerLink.objects.exists(), "looking makes nothing"


def test_making_is_a_post_makes_one_and_leads_to_it(student: Client, order: Order) -> None:
    assert student.get(at("link_new", order)).status_code == 405
    for _turn in range(2):
        answer = student.post(at("link_new", order))
        assert answer.headers["Location"] == at("link", order)
    assert PayerLink.objects.count() == 1


@pytest.mark.parametrize(
    ("language", "asks", "until"), [("fr", "peux-tu payer pour moi", "jusqu’au"), ("en", "can you pay", "until")]
)
def test_the_message_is_ready_to_send_in_every_way(
    student: Client, order: Order, language: str, asks: str, until: str
) -> None:
    student.cookies["language"] = language
    student.post(at("link_new", order))
    body = page(student, order)
    link = PayerLink.objects.get()
    address = selectors.link_address(link)
    assert address.endswith(token_of(link))
    for pattern in (
        r"<textarea[^>]*readonly>([^<]*)<", r'data-copy="([^"]*)"', r'data-share="([^"]*)"', r'href="mailto:([^"]*)"',
        r'href="sms:([^"]*)"',
    ):  # fmt: skip
        text = unquote(re.findall(pattern, body)[0])
        assert address in text
        assert asks in text
        assert until in text
        assert order.person.birth_name not in text
    assert '<svg class="qr" role="img"' in body
    left = int(re.findall(r'data-left="(\d+)"', body)[0])
    assert timedelta(hours=47, minutes=59) < timedelta(seconds=left) <= timedelta(hours=48)


def test_the_end_is_said_in_the_hours_of_the_students_crous(student: Client) -> None:
    order = OrderFactory(person=PersonFactory(crous_ids=[9]), crous_id=9, created_at=timezone.now())
    student.force_login(user_of(order.person))
    link = make_link(order, timezone.now())
    here = link.expires_at.astimezone(ZoneInfo(crous.crous_of(9).timezone))
    assert f"{here.hour}\u00a0h\u00a0{here.minute:02d}" in page(student, order)


def test_the_page_costs_few_queries(student: Client, order: Order, django_assert_max_num_queries) -> None:
    student.post(at("link_new", order))
    page(student, order)
    with django_assert_max_num_queries(8):
        page(student, order)
    with django_assert_max_num_queries(8):
        student.get(at("link_state", order))


def test_the_open_page_learns_what_changes(student: Client, service: FakeService, order: Order) -> None:
    link = make_link(order, timezone.now())
    shown = re.findall(r'data-poll="([^"]*)"', page(student, order))[0]
    assert student.get(shown).status_code == 204
    accept(link, timezone.now())
    assert student.get(shown).json() == {"url": at("link", order)}
    body = page(student, order)
    assert "en train de payer" in body
    assert token_of(link) not in body, "there is nothing to send while somebody is paying"
    shown = re.findall(r'data-poll="([^"]*)"', body)[0]
    assert student.get(shown).status_code == 204
    Attempt.objects.update(status="unconfirmed", returned_at=timezone.now())
    assert "revenu de la banque" in page(student, order)
    tell(notice(Attempt.objects.get().number))
    assert student.get(shown).json() == {"url": order.return_path}
    assert student.get(at("link", order)).headers["Location"] == order.return_path


def test_a_payers_try_is_watched_on_the_page_of_the_link_not_gone_on_with(student: Client, order: Order) -> None:
    accept(make_link(order, timezone.now()), timezone.now())
    assert student.get(at("show", order)).headers["Location"] == at("link", order)


def test_a_try_that_failed_leaves_the_link_to_be_used_again(student: Client, order: Order) -> None:
    accept(make_link(order, timezone.now()), timezone.now())
    tell(notice(Attempt.objects.get().number, "REFUSED"))
    body = page(student, order)
    assert "Un premier essai n’a pas abouti" in body
    assert "data-copy" in body


def test_a_doubtful_payment_says_to_wait(student: Client, order: Order) -> None:
    accept(make_link(order, timezone.now()), timezone.now())
    tell(notice(Attempt.objects.get().number, amount="1", effective_amount="1"))
    assert "Un agent vérifie" in page(student, order)


def test_a_refusal_is_shown_with_its_word_and_escaped(student: Client, order: Order) -> None:
    refuse(make_link(order, timezone.now()), "<b>Non</b>", timezone.now())
    body = page(student, order)
    assert "Votre proche a refusé" in body
    assert "&lt;b&gt;Non&lt;/b&gt;" in body
    assert "Préparer un nouveau lien" in body


def test_what_is_over_says_how_and_offers_to_begin_again(student: Client, order: Order) -> None:
    late = timezone.now() - timedelta(days=3)
    link = make_link(order, late)
    assert "Le délai est passé" in page(student, order), "even before the sweep came by"
    expire(link, timezone.now())
    assert "Le délai est passé" in page(student, order)
    student.post(at("link_new", order))
    answer = student.post(at("link_cancel", order), follow=True).content.decode()
    assert "Le lien est annulé" in answer
    assert student.post(at("link_cancel", order)).status_code == 302
    order.status, order.cancelled_at = "cancelled", timezone.now()
    order.save()
    assert "n’est plus à payer" in page(student, order)
    assert student.post(at("link_new", order)).status_code == 409


def test_another_link_takes_the_place_of_the_first(student: Client, order: Order) -> None:
    student.post(at("link_new", order))
    first = PayerLink.objects.get()
    student.post(at("link_new", order), {"renew": "1"})
    body = page(student, order)
    assert token_of(first) not in body
    assert token_of(PayerLink.objects.get(status="open")) in body


def test_paying_oneself_by_card_closes_the_link(student: Client, order: Order) -> None:
    student.post(at("link_new", order))
    assert student.post(at("go", order)).status_code == 200
    assert PayerLink.objects.get().status == "cancelled"


def test_while_the_bank_is_deciding_nothing_is_changed(student: Client, order: Order, bank: FakeRail) -> None:
    accept(make_link(order, timezone.now()), timezone.now())
    for name in ("link_cancel", "link_new"):
        assert student.post(at(name, order), {"renew": "1"}).status_code == 503, "a silent bank"
    bank.says = said(Outcome.WAITING)
    for name in ("link_cancel", "link_new"):
        answer = student.post(at(name, order), {"renew": "1"})
        assert answer.status_code == 409
        assert "Attendez sa réponse" in answer.content.decode()


def test_a_link_that_can_no_longer_be_shown_says_so(student: Client, order: Order, settings: Any) -> None:
    link = make_link(order, timezone.now())
    PayerLink.objects.update(token_hash="of another key")
    body = page(student, order)
    assert "Ce lien ne peut plus être montré" in body
    assert token_of(link) not in body


def test_the_link_is_sent_to_an_address_that_is_checked(student: Client, order: Order) -> None:
    make_link(order, timezone.now())
    wrong = student.post(at("link_mail", order), {"to": "mere@", "language": "fr"})
    assert wrong.status_code == 422
    assert "<details open>" in wrong.content.decode()
    for _turn in range(6):
        sent = student.post(at("link_mail", order), {"to": "mere@example.org", "language": "en"}, follow=True)
        assert "L’e-mail est parti" in sent.content.decode()
    too_many = student.post(at("link_mail", order), {"to": "mere@example.org", "language": "en"})
    assert too_many.status_code == 422
    assert "plusieurs e-mails aujourd’hui" in too_many.content.decode()
    assert {mail.to for mail in OutgoingMail.objects.all()} == {"mere@example.org"}
    cancel(order, timezone.now())
    assert student.post(at("link_mail", order), {"to": "mere@example.org", "language": "en"}).status_code == 422


@pytest.mark.parametrize("name", ["link", "link_new", "link_cancel", "link_mail", "link_state"])
def test_another_students_order_is_no_order_at_all(student: Client, name: str) -> None:
    other = OrderFactory()
    make_link(other, timezone.now())
    ask = student.get if name in {"link", "link_state"} else student.post
    assert ask(at(name, other)).status_code == 404
    assert Client().get(at(name, other)).status_code == 302
    assert PayerLink.objects.get().status == "open"


def test_the_forms_are_protected(order: Order, student: Client) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(user_of(order.person))
    for name in ("link_new", "link_cancel", "link_mail"):
        assert strict.post(at(name, order)).status_code == 403
