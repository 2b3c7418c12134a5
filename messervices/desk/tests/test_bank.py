"""What the bank says and nothing explains: seen, filed with a note, harmless."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from messervices.desk.tests.factories import VERSAILLES, at_desk
from messervices.foundations.ledger.selectors import assert_books_balance
from messervices.foundations.payments.actions import settle
from messervices.foundations.payments.models import Attempt, Order, OutsideEvent, RailHealth, Refund
from messervices.foundations.payments.tests.factories import OrderFactory, begin, notice, receive, sold
from messervices.foundations.students.tests.factories import NOW

pytestmark = pytest.mark.django_db

NOTE = "Vu avec la banque : essai de leur part."


def incident() -> OutsideEvent:
    """A notice for another amount than the order's."""
    with sold():
        attempt = begin(OrderFactory())
        settle(event_id=receive(notice(attempt.number, amount="100", effective_amount="100")), now=NOW)
    return OutsideEvent.objects.get(status="incident")


def test_an_unknown_order_is_shown_to_the_national_desk_kept_and_harmless(client: Client) -> None:
    with sold():
        settle(event_id=receive(notice("INCONNU-1")), now=NOW)
    event = OutsideEvent.objects.get(status="unknown")
    at_desk(client, cnous=True)
    assert "INCONNU-1" in client.get(reverse("desk:bank")).content.decode()
    assert "INCONNU-1" in client.get(reverse("desk:event", args=[event.pk])).content.decode()
    for _ in range(2):
        answer = client.post(reverse("desk:event", args=[event.pk]), {"note": NOTE}, follow=True)
        assert answer.status_code == 200
    assert "C’était déjà fait" in answer.content.decode()
    event.refresh_from_db()
    assert (event.status, event.reason) == ("closed", NOTE)
    assert bytes(event.raw)
    assert_books_balance()


def test_another_amount_is_shown_beside_the_one_expected_at_its_crous(client: Client) -> None:
    event = incident()
    at_desk(client, accountant=True)
    assert event.crous_id == VERSAILLES
    body = client.get(reverse("desk:bank")).content.decode().replace("\xa0", " ")
    assert "105,00 €" in body
    assert "1,00 €" in body
    assert "montant différent" in body.lower()


def test_filing_a_doubt_frees_the_order_and_moves_no_money(client: Client) -> None:
    event = incident()
    at_desk(client, accountant=True)
    client.post(reverse("desk:event", args=[event.pk]), {"note": NOTE})
    assert Attempt.objects.get().status == "expired"
    assert Order.objects.get().status == "open"
    assert_books_balance()


def test_a_note_is_asked_for(client: Client) -> None:
    event = incident()
    at_desk(client, accountant=True)
    answer = client.post(reverse("desk:event", args=[event.pk]), {"note": " "})
    assert answer.status_code == 422
    assert "Écrivez ce que vous avez constaté" in answer.content.decode()
    assert OutsideEvent.objects.get(pk=event.pk).status == "incident"


def test_a_surplus_is_followed_and_asked_again_when_the_bank_refused(client: Client) -> None:
    with sold():
        attempt = begin(OrderFactory())
        for tx in ("a" * 32, "b" * 32):
            settle(event_id=receive(notice(attempt.number, trans_uuid=tx)), now=NOW)
    refund = Refund.objects.get()
    at_desk(client, accountant=True)
    page = reverse("desk:refund", args=[refund.pk])
    assert "déjà payé" in client.get(page).content.decode()
    Refund.objects.update(status="failed", detail="plafond", ended_at=NOW)
    assert "plafond" in client.get(page).content.decode()
    for _ in range(2):
        assert client.post(page, {"note": NOTE}).status_code == 302
    refund.refresh_from_db()
    assert refund.status == "queued"
    assert_books_balance()


def test_the_pile_counts_what_waits(client: Client) -> None:
    incident()
    at_desk(client, accountant=True)
    body = client.get(reverse("desk:home")).content.decode()
    assert '<span class="badge warn">1</span>' in body


def test_the_page_says_which_banks_answer_and_what_is_not_being_read(client: Client) -> None:
    RailHealth.objects.create(rail="stripe", failures=3, since=NOW, out_since=NOW, out_until=NOW)
    with sold():
        receive(notice("INCONNU-2"), NOW - timedelta(days=1))
    at_desk(client, cnous=True)
    body = client.get(reverse("desk:bank")).content.decode()
    assert "hors du choix depuis le" in body
    assert body.count('<span class="badge ok">répond</span>') == 2
    assert "1 avis authentique attend depuis plus d’un quart d’heure" in body
    OutsideEvent.objects.all().update(status="unknown", effect="unknown_order", read_at=NOW)
    assert "attend depuis plus" not in client.get(reverse("desk:bank")).content.decode()
