"""Leaving for the bank and coming back, as a student meets it; and the bank's door."""

import re
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from messervices.foundations.ledger.selectors import assert_books_balance
from messervices.foundations.payments import actions
from messervices.foundations.payments.models import Attempt, Order, OutsideEvent
from messervices.foundations.payments.providers.lyra import sign
from messervices.foundations.payments.rules import RESUME_WITHIN, Outcome
from messervices.foundations.payments.tests.factories import (
    FakeRail,
    FakeService,
    OrderFactory,
    begin,
    notice,
    receive,
    said,
)  # fmt: skip
from messervices.foundations.students.tests.factories import PersonFactory, UserFactory, user_of

pytestmark = pytest.mark.django_db
KEY = "1122334455667788"
NOTICE = "/api/payments/lyra/notification"


@pytest.fixture
def order() -> Order:
    """An order of a student, made now by the machine's clock: the pages read it."""
    return OrderFactory(created_at=timezone.now())


@pytest.fixture
def student(order: Order, client: Client) -> Client:
    """That student, signed in, in French."""
    client.force_login(user_of(order.person))
    client.cookies["language"] = "fr"
    return client


def at(name: str, order: Order) -> str:
    return reverse(f"pay:{name}", args=[order.uuid])


def form_of(body: str) -> dict[str, str]:
    """Read the hidden fields of the page that leaves for the bank."""
    import html

    return {n: html.unescape(v) for n, v in re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', body)}


def aged(order: Order, **changes: Any) -> None:
    """Move the live try back in time."""
    Attempt.objects.filter(order=order).update(**changes)


# Leaving


def test_leaving_posts_the_banks_form_by_itself_and_with_a_button(student: Client, order: Order) -> None:
    page = student.post(at("go", order))
    body = page.content.decode()
    fields = form_of(body)
    assert fields["signature"] == sign(fields, KEY)
    assert (fields["vads_amount"], fields["vads_language"]) == ("10500", "fr")
    assert fields["vads_url_return"] == f"http://testserver{at('back', order)}"
    assert fields["vads_url_check"].endswith(NOTICE)
    assert '<form method="post" action="http://127.0.0.1:8002/vads-payment/" id="bank-form"' in body
    assert "Aller à la page de la banque" in body
    (nonce,) = set(re.findall(r'<script src="/static/payments/leave.js" nonce="([^"]+)">', body))
    assert f"'nonce-{nonce}'" in page.headers["Content-Security-Policy"]
    assert "http://127.0.0.1:8002" in page.headers["Content-Security-Policy"].split("form-action")[1].split(";")[0]
    assert "no-store" in page.headers["Cache-Control"]


def test_no_page_of_ours_has_a_card_field_or_a_token_for_the_bank(student: Client, order: Order) -> None:
    body = student.post(at("go", order)).content.decode()
    leaving = body[body.index('id="bank-form"') : body.index("</form>", body.index('id="bank-form"'))]
    assert "csrfmiddlewaretoken" not in leaving
    assert "cc-number" not in body


def test_leaving_is_a_post_and_is_protected(student: Client, order: Order) -> None:
    assert student.get(at("go", order)).status_code == 405
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(user_of(order.person))
    assert strict.post(at("go", order)).status_code == 403


def test_two_clicks_are_one_try(student: Client, order: Order) -> None:
    first, second = (form_of(student.post(at("go", order)).content.decode()) for _ in range(2))
    assert first == second
    assert Attempt.objects.count() == 1


def test_leaving_in_english(student: Client, order: Order) -> None:
    student.cookies["language"] = "en"
    body = student.post(at("go", order)).content.decode()
    assert form_of(body)["vads_language"] == "en"
    assert "Go to the bank’s page" in body


def test_a_bank_that_is_down_begins_nothing_and_says_so(student: Client, order: Order, bank: FakeRail) -> None:
    student.post(at("go", order))
    aged(order, begun_at=timezone.now() - RESUME_WITHIN)
    page = student.post(at("go", order))
    assert page.status_code == 503
    assert "La banque ne répond pas" in page.content.decode()
    assert "Si vous avez pu payer, attendez sa réponse" in page.content.decode()
    assert Attempt.objects.count() == 1


def test_a_paid_order_leads_on_instead_of_to_the_bank(student: Client, order: Order, service: FakeService) -> None:
    actions.settle(event_id=receive(notice(begin(order, timezone.now()).number)), now=timezone.now())
    assert student.post(at("go", order))["Location"] == at("show", order)
    assert student.get(at("show", order))["Location"] == order.return_path


# Whose it is


@pytest.mark.parametrize("name", ["show", "back", "state"])
def test_somebody_elses_order_is_no_page(client: Client, order: Order, name: str) -> None:
    assert client.get(at(name, order))["Location"].startswith("/account/login/")
    client.force_login(user_of(PersonFactory()))
    assert client.get(at(name, order)).status_code == 404
    assert client.post(at("go", order)).status_code == 404


def test_an_account_that_is_nobody_yet_is_sent_to_sign_in(client: Client, order: Order) -> None:
    client.force_login(UserFactory())
    assert client.get(at("show", order)).status_code in {302, 404}


# Coming back


def test_coming_back_proves_nothing_and_says_what_is_known(student: Client, order: Order) -> None:
    student.post(at("go", order))
    page = student.get(at("back", order) + "?vads_trans_status=AUTHORISED&vads_result=00", follow=True)
    body = page.content.decode()
    assert "Nous attendons la réponse de la banque" in body
    assert "Ne payez pas à nouveau" in body
    assert '<noscript><meta http-equiv="refresh" content="5"></noscript>' in body
    assert f'data-poll="{at("state", order)}?shown=unconfirmed"' in body
    order.refresh_from_db()
    assert order.status == "open"


def test_a_bank_that_is_slow_is_asked_and_the_page_says_not_to_pay_again(student: Client, order: Order) -> None:
    student.post(at("go", order))
    student.get(at("back", order))
    aged(order, returned_at=timezone.now() - timedelta(seconds=30))
    body = student.get(at("show", order)).content.decode()
    assert "La banque tarde à répondre" in body
    assert "Ne payez pas à nouveau" in body
    assert "Réessayer" not in body
    with connection.cursor() as cursor:
        cursor.execute(
            "select count(*) from procrastinate_jobs where task_name like %s and (args ->> 'attempt_id')::bigint = %s",
            ("%payments.tasks.ask_bank", Attempt.objects.get().pk),
        )
        assert cursor.fetchone()[0] == 1


def test_the_waiting_page_is_told_where_to_go(student: Client, order: Order, service: FakeService) -> None:
    student.post(at("go", order))
    student.get(at("back", order))
    waiting = at("state", order) + "?shown=unconfirmed"
    assert student.get(waiting).status_code == 204
    aged(order, returned_at=timezone.now() - timedelta(seconds=30))
    assert student.get(waiting).json() == {"url": at("show", order)}, "to be told that the bank is slow"
    assert student.get(waiting + "slow").status_code == 204
    actions.settle(event_id=receive(notice(Attempt.objects.get().number)), now=timezone.now())
    assert student.get(waiting).json() == {"url": order.return_path}


@pytest.mark.parametrize(
    ("status", "heading", "button"),
    [
        ("REFUSED", "Votre banque a refusé le paiement", "Réessayer"),
        ("ABANDONED", "Vous avez quitté la banque avant de payer", "Réessayer"),
    ],
)
def test_a_payment_that_failed_says_what_is_certain_and_offers_two_ways(
    student: Client, order: Order, service: FakeService, *, status: str, heading: str, button: str
) -> None:
    student.post(at("go", order))
    actions.settle(event_id=receive(notice(Attempt.objects.get().number, status)), now=timezone.now())
    body = student.get(at("back", order), follow=True).content.decode()
    for sentence in (heading, "Rien n’a été débité", button, "Choisir un autre moyen de payer", order.number):
        assert sentence in body
    assert "data-poll" not in body
    assert form_of(student.post(at("go", order)).content.decode())["vads_order_id"] == f"{order.number}-2"


def test_a_payment_under_question_says_not_to_pay_again(student: Client, order: Order) -> None:
    student.post(at("go", order))
    raw = notice(Attempt.objects.get().number, amount="1", effective_amount="1")
    actions.settle(event_id=receive(raw), now=timezone.now())
    body = student.get(at("show", order)).content.decode()
    assert "Un agent vérifie votre paiement" in body
    assert "Ne payez pas à nouveau" in body
    assert student.post(at("go", order))["Location"] == at("show", order)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [({}, "Rien n’est encore payé"), ({"status": "cancelled", "cancelled_at": timezone.now()}, "n’est plus à payer")],
)
def test_an_order_never_tried_or_withdrawn_has_its_page(
    student: Client, order: Order, changes: dict, sentence: str
) -> None:
    Order.objects.filter(pk=order.pk).update(**changes)
    assert sentence in student.get(at("show", order)).content.decode()


def test_a_try_left_open_can_be_taken_up_again(student: Client, order: Order) -> None:
    student.post(at("go", order))
    body = student.get(at("show", order)).content.decode()
    assert "Reprendre à la banque" in body


def test_an_expired_try_says_that_nothing_was_paid(student: Client, order: Order, bank: FakeRail) -> None:
    student.post(at("go", order))
    aged(order, begun_at=timezone.now() - timedelta(days=2))
    bank.says = said(Outcome.NEVER_SEEN)
    actions.ask_bank(attempt_id=Attempt.objects.get().pk, now=timezone.now())
    assert "rien n’a été payé" in student.get(at("show", order)).content.decode()


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_page_speaks_both_languages(student: Client, order: Order, language: str) -> None:
    student.cookies["language"] = language
    body = student.get(at("show", order)).content.decode()
    assert f'<html lang="{language}"' in body
    assert ("Nothing is paid yet" in body) is (language == "en")


def test_pages_cost_few_queries(student: Client, order: Order, django_assert_max_num_queries) -> None:
    student.post(at("go", order))
    student.get(at("back", order))
    with django_assert_max_num_queries(5):  # session, scope, scope again, order, attempt
        student.get(at("state", order) + "?shown=unconfirmed")
    with django_assert_max_num_queries(5):
        student.get(at("show", order))


# The bank's door


def knock(client: Client, raw: bytes, **extra: Any) -> Any:
    return client.post(NOTICE, data=raw, content_type="application/x-www-form-urlencoded", **extra)


def test_a_notice_is_kept_and_answered_without_session_or_token(order: Order) -> None:
    strict = Client(enforce_csrf_checks=True)
    answer = knock(strict, notice(begin(order).number))
    assert (answer.status_code, answer.content, answer["Content-Type"]) == (200, b"ok", "text/plain")
    event = OutsideEvent.objects.get()
    assert (event.verdict, event.status) == ("good", "new")
    assert "sessionid" not in answer.cookies


def test_a_forged_notice_is_refused_and_kept(client: Client, order: Order) -> None:
    answer = knock(client, notice(begin(order).number, key="guess"))
    assert (answer.status_code, answer.content) == (403, b"forged")
    assert OutsideEvent.objects.get().verdict == "forged"
    assert knock(client, b"").status_code == 403


def test_a_notice_too_long_is_not_kept(client: Client) -> None:
    assert knock(client, b"x" * 20_000).status_code == 413
    assert not OutsideEvent.objects.exists()


def test_the_door_takes_nothing_but_posts(client: Client) -> None:
    assert client.get(NOTICE).status_code == 405


def test_the_bytes_are_kept_exactly_as_they_came(client: Client) -> None:
    raw = notice("X-1", order_info="Été + 100 %")
    knock(client, raw)
    assert bytes(OutsideEvent.objects.get().raw) == raw
    assert dict(parse_qsl(raw.decode()))["vads_order_info"] == "Été + 100 %"


def test_a_student_never_sees_what_the_bank_says_of_others(order: Order, service: FakeService) -> None:
    from messervices.kernel.scope import Scope, acting_as

    knock(Client(), notice(begin(OrderFactory()).number))
    actions.settle(event_id=OutsideEvent.objects.get().pk, now=timezone.now())
    with acting_as(Scope("student", person=order.person_id)):
        assert OutsideEvent.objects.count() == Attempt.objects.count() == 0
        assert Order.objects.count() == 1


def test_the_books_balance() -> None:
    assert_books_balance()
