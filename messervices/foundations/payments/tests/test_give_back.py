"""A second payment goes back to the card by itself, once."""

import pytest
from django.db import transaction

from messervices.foundations.audit.models import Deed
from messervices.foundations.ledger.selectors import balance
from messervices.foundations.payments import actions, selectors, tasks
from messervices.foundations.payments.models import Attempt, Order, OutsideEvent, Refund
from messervices.foundations.payments.providers.rail import RefundRefusedByBank
from messervices.foundations.payments.states import RefundStatus
from messervices.foundations.payments.tests.factories import (
    AGENT,
    LATER,
    NOW,
    VERSAILLES,
    FakeRail,
    FakeService,
    OrderFactory,
    begin,
    jobs_waiting,
    notice,
    pay_twice,
    start,
    tell,
)  # fmt: skip
from messervices.kernel.actor import Actor
from messervices.kernel.errors import ProviderUnavailable, Refusal

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("books")]


def test_a_second_payment_goes_back_by_itself(service: FakeService, bank: FakeRail) -> None:
    order = OrderFactory()
    refund = pay_twice(order)
    assert len(service.told) == 1
    assert balance("payments:surplus:lyra") == 105_00
    assert balance("psp:lyra:receivable") == -210_00
    assert jobs_waiting("give_back") == 1
    assert len(selectors.surplus_refunds(AGENT)) == 1
    assert selectors.surplus_refunds(AGENT)[0].capture.order == order
    for _turn in range(2):
        tasks.give_back(refund_id=refund.pk, now=LATER)
    assert bank.returned == [refund.capture.rail_tx_id]
    refund.refresh_from_db()
    assert (refund.status, refund.ended_at) == ("given", LATER)
    assert balance("payments:surplus:lyra") == 0
    assert balance("psp:lyra:receivable") == -105_00
    assert len(selectors.surplus_refunds(AGENT)) == 0
    assert list(Deed.objects.filter(person_id=order.person_id).order_by("pk").values_list("verb", flat=True)) == [
        "payments.book_surplus",
        "payments.give_back",
    ]
    assert tell(notice(refund.capture.attempt.number, operation_type="CREDIT")) == "given_back"


def test_money_for_a_cancelled_order_goes_back_too(service: FakeService) -> None:
    order = OrderFactory()
    attempt = begin(order)
    with transaction.atomic():
        actions.cancel(order_id=order.pk, by=AGENT, reason="exempt", now=NOW)
    assert tell(notice(attempt.number)) == "surplus"
    assert Refund.objects.get().reason == "order_closed"
    assert service.told == []


def test_money_of_an_amount_that_changed_meanwhile_goes_back(service: FakeService) -> None:
    order = OrderFactory()
    attempt = begin(order)
    tell(notice(attempt.number, "REFUSED"))
    start(order.person_id, reference=order.reference, amount_cents=107_00)
    assert tell(notice(attempt.number)) == "surplus"
    assert Refund.objects.get().reason == "amount_changed"
    assert Order.objects.get().status == "open"
    assert service.told == []


def test_an_order_that_moves_to_another_crous_takes_its_tries_along() -> None:
    order = OrderFactory()
    attempt = begin(order)
    tell(notice(attempt.number, "REFUSED"))
    assert start(order.person_id, reference=order.reference, crous_id=3).crous_id == 3
    assert Attempt.objects.get().crous_id == OutsideEvent.objects.get().crous_id == 3


def test_a_refund_cut_after_the_bank_did_it_is_not_asked_twice(service: FakeService, bank: FakeRail) -> None:
    refund = pay_twice(OrderFactory())
    bank.returned = [refund.capture.rail_tx_id]
    Refund.objects.update(status=RefundStatus.SENDING, sent_at=NOW)
    tasks.sweep_refunds(now=LATER)
    refund.refresh_from_db()
    assert refund.status == "given"
    assert bank.returned == [refund.capture.rail_tx_id]


def test_a_bank_that_refuses_because_it_was_done_has_done_it(service: FakeService, bank: FakeRail, monkeypatch) -> None:
    refund = pay_twice(OrderFactory())

    def done_but_the_answer_was_lost(tx_id: str, _cents: int, _key: str) -> None:
        bank.returned.append(tx_id)
        raise RefundRefusedByBank("PSP_083")

    monkeypatch.setattr(bank, "give_back", done_but_the_answer_was_lost)
    tasks.give_back(refund_id=refund.pk, now=NOW)
    refund.refresh_from_db()
    assert refund.status == "given"


def test_a_refund_waits_for_a_silent_bank(service: FakeService, bank: FakeRail, monkeypatch) -> None:
    refund = pay_twice(OrderFactory())
    monkeypatch.setattr(bank, "given_back", lambda *_: (_ for _ in ()).throw(ProviderUnavailable("lyra")))
    tasks.give_back(refund_id=refund.pk, now=NOW)
    refund.refresh_from_db()
    assert refund.status == "sending"
    monkeypatch.undo()
    assert selectors.refunds_to_drive(NOW) == []
    tasks.sweep_refunds(now=LATER)
    refund.refresh_from_db()
    assert refund.status == "given"


def test_a_refund_that_the_bank_refuses_waits_for_an_agent(service: FakeService, bank: FakeRail, monkeypatch) -> None:
    refund = pay_twice(OrderFactory())
    monkeypatch.setattr(bank, "give_back", lambda *_: (_ for _ in ()).throw(RefundRefusedByBank("PSP_083")))
    tasks.give_back(refund_id=refund.pk, now=NOW)
    refund.refresh_from_db()
    assert (refund.status, refund.detail) == ("failed", "PSP_083")
    assert selectors.refunds_to_drive(LATER) == []
    monkeypatch.undo()
    elsewhere = Actor(kind="agent", crous_ids=(3,), rights=AGENT.rights)
    for stranger in (Actor.anonymous(), elsewhere, Actor(kind="agent", crous_ids=(VERSAILLES,))):
        with pytest.raises(Refusal, match="not_yours"):
            actions.retry_refund(refund_id=refund.pk, by=stranger, reason="x", now=LATER)
    actions.retry_refund(refund_id=refund.pk, by=AGENT, reason="La banque a débloqué", now=LATER)
    with pytest.raises(Refusal, match="step_closed"):
        actions.retry_refund(refund_id=refund.pk, by=AGENT, reason="encore", now=LATER)
    tasks.give_back(refund_id=refund.pk, now=LATER)
    refund.refresh_from_db()
    assert refund.status == "given"
