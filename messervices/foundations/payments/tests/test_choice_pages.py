"""Choosing a bank as people and banks see it: hints that prove nothing, and the pages of the choice."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from bank.web import Bank
from messervices.foundations.payments import tasks
from messervices.foundations.payments.models import Attempt, Order, OutsideEvent
from messervices.foundations.payments.tests.banks import arrive, playing
from messervices.foundations.payments.tests.factories import FakeService, OrderFactory, go, jobs_waiting
from messervices.foundations.payments.tests.test_choice import CARD, FORM, NOTICE, put_out, tries
from messervices.foundations.students.tests.factories import user_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("books")]


@pytest.fixture
def banks(tmp_path: Path) -> Iterator[Bank]:
    """The three banks, over HTTP."""
    with playing(tmp_path) as running:
        yield running


@pytest.fixture
def order() -> Order:
    """An order of now: the banks read dates."""
    return OrderFactory(created_at=timezone.now())


# Hints


def test_a_hint_makes_us_ask_and_proves_nothing(
    banks: Bank, order: Order, service: FakeService, client: Client
) -> None:
    now = timezone.now()
    form = go(order, now, rail="payfip").form
    token = arrive(banks, form)

    def hint() -> int:
        said = client.post(NOTICE["payfip"], f"idop={form.ref}", content_type=FORM)
        assert said.status_code == 200
        return jobs_waiting("ask_bank")

    assert hint() == 1
    assert hint() == 1, "the same words again, within seconds"
    attempt = Attempt.objects.get()
    tasks.ask_bank(attempt_id=attempt.pk, now=now)
    assert Order.objects.get().status == "open", "whoever sent it, nothing was paid"
    banks.teller.try_card(token, CARD)
    Attempt.objects.update(asked_at=now - timedelta(seconds=30))
    assert hint() == 2
    tasks.ask_bank(attempt_id=attempt.pk, now=now)
    assert Order.objects.get().status == "paid"
    assert hint() == 2, "there is nothing more to ask"
    assert OutsideEvent.objects.filter(kind="notice").get().status == "refused", "a hint is never read as a notice"


def test_a_hint_about_nothing_asks_nobody(banks: Bank, client: Client) -> None:
    for turn in range(70):
        assert client.post(NOTICE["payfip"], f"idop=guess-{turn}", content_type=FORM).status_code == 200
    assert jobs_waiting("ask_bank") == 0
    assert OutsideEvent.objects.count() == 60


def test_a_hint_after_an_end_asks_again_for_the_payer_may_have_tried_again(
    banks: Bank, order: Order, service: FakeService, client: Client
) -> None:
    now = timezone.now()
    form = go(order, now, rail="payfip").form
    Attempt.objects.update(status="refused", ended_at=now, ask_at=None)
    banks.teller.try_card(arrive(banks, form), CARD)
    client.post(NOTICE["payfip"], f"idop={form.ref}", content_type=FORM)
    assert jobs_waiting("ask_bank") == 1
    tasks.ask_bank(attempt_id=Attempt.objects.get().pk, now=now)
    assert Order.objects.get().status == "paid"


# On the pages


@pytest.fixture
def student(order: Order, client: Client) -> Client:
    client.force_login(user_of(order.person))
    client.cookies["language"] = "fr"
    return client


def test_the_page_offers_the_choice_and_leads_to_what_was_chosen(banks: Bank, order: Order, student: Client) -> None:
    body = student.get(reverse("pay:show", args=[order.uuid])).content.decode()
    assert "Par carte bancaire" in body
    assert 'value="card" checked' in body
    assert "Par le service PayFiP de l’État" in body
    gone = student.post(reverse("pay:go", args=[order.uuid]), {"rail": "payfip"})
    assert gone.status_code == 302
    assert gone["Location"] == Attempt.objects.get().door_url
    assert banks.book.payments()[0].sent["mel"] == user_of(order.person).email


def test_a_means_that_does_not_answer_stays_on_the_page_and_cannot_be_chosen(order: Order, student: Client) -> None:
    put_out("payfip", timezone.now())
    body = student.get(reverse("pay:show", args=[order.uuid])).content.decode()
    assert 'value="payfip" disabled' in body
    assert "Aucune banque ne répond pour ce moyen" in body


def test_when_all_banks_are_out_the_page_says_what_to_do_and_that_nothing_is_lost(
    order: Order, student: Client
) -> None:
    for rail in ("lyra", "stripe", "payfip"):
        put_out(rail, timezone.now())
    page = student.post(reverse("pay:go", args=[order.uuid]))
    assert page.status_code == 503
    body = page.content.decode()
    for sentence in ("Votre demande est gardée", "Revenez dans quelques minutes", "Choisir un autre moyen de payer"):
        assert sentence in body
    assert "Payer autrement maintenant" not in body
    assert tries(order) == []


def test_a_silent_bank_offers_the_others_to_who_has_not_come_back(banks: Bank, order: Order, student: Client) -> None:
    at_go = reverse("pay:go", args=[order.uuid])
    student.post(at_go)
    put_out("lyra", timezone.now())
    body = student.post(at_go).content.decode()
    assert "Vous êtes sûr de n’avoir pas payé" in body
    assert '<input type="hidden" name="leave" value="yes">' in body
    gone = student.post(at_go, {"rail": "payfip", "leave": "yes"})
    assert gone.status_code == 302
    assert tries(order) == [("lyra", "abandoned", "left"), ("payfip", "begun", "")]
    student.get(reverse("pay:back", args=[order.uuid]))
    body = student.post(at_go, {"rail": "card"}).content.decode()
    assert "Vous avez laissé" not in body


def test_the_page_of_a_try_that_was_left_says_that_it_is_still_asked_about(order: Order, student: Client) -> None:
    now = timezone.now()
    go(order, now)
    Attempt.objects.update(status="abandoned", ended_at=now, detail="left")
    body = student.get(reverse("pay:show", args=[order.uuid])).content.decode()
    assert "Vous avez laissé votre premier essai" in body
    assert "l’un des deux vous serait rendu" in body


@pytest.mark.parametrize(("rail", "longest"), [("lyra", 16 * 1024), ("stripe", 64 * 1024), ("payfip", 1024)])
def test_a_letter_too_long_is_not_read(client: Client, rail: str, longest: int) -> None:
    assert client.post(NOTICE[rail], b"a" * (longest + 1), content_type="text/plain").status_code == 413
    assert client.get(NOTICE[rail]).status_code == 405
