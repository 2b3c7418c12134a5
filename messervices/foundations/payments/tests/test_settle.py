"""Money that came in is booked once, whatever the bank says and however often."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection

from messervices.foundations.audit.models import Deed
from messervices.foundations.ledger.selectors import balance
from messervices.foundations.payments import actions, rules, selectors, tasks
from messervices.foundations.payments.models import Capture, Order, OutsideEvent, PayerLink
from messervices.foundations.payments.rules import Outcome
from messervices.foundations.payments.tests.factories import (
    ACCOUNT,
    AGENT,
    LATER,
    NATIONAL,
    NOW,
    VERSAILLES,
    FakeRail,
    FakeService,
    OrderFactory,
    begin,
    go,
    jobs_waiting,
    notice,
    receive,
    said,
    tell,
)  # fmt: skip
from messervices.foundations.payments.tests.links import MOTHER, accept, make_link

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("books")]


def test_settling_books_all_of_it_in_three_queries(
    service: FakeService, django_assert_num_queries, transactional_db
) -> None:
    order = OrderFactory()
    event_id = receive(notice(begin(order).number))
    with django_assert_num_queries(5):  # begin, claim and lock, book, ledger, (the service), commit
        assert actions.settle(event_id=event_id, now=LATER) == "captured"
    order.refresh_from_db()
    assert (order.status, order.captured_cents, order.paid_at) == ("paid", 105_00, LATER)
    attempt, capture, event = order.attempts.get(), order.captures.get(), OutsideEvent.objects.get()
    assert (attempt.status, attempt.ended_at, attempt.ask_at) == ("captured", LATER, None)
    assert (capture.amount_cents, capture.surplus, capture.event_id) == (105_00, False, event.pk)
    assert (event.status, event.effect, event.attempt_id, event.crous_id) == (
        "done",
        "captured",
        attempt.pk,
        VERSAILLES,
    )
    assert balance(ACCOUNT) == 105_00
    assert balance("psp:lyra:receivable") == -105_00


def test_the_service_is_told_everything_once(service: FakeService) -> None:
    order = OrderFactory()
    raw = notice(begin(order).number)
    assert [tell(raw), tell(raw)] == ["captured", ""]
    (facts,) = service.told
    assert (facts.kind, facts.reference, facts.person_id) == ("test", order.reference, order.person_id)
    assert facts.crous_id == VERSAILLES
    assert (facts.amount_cents, facts.rail, facts.taken_at.isoformat()) == (105_00, "lyra", "2026-08-28T12:05:00+00:00")


def test_reading_an_event_twice_reads_it_once(service: FakeService) -> None:
    event_id = receive(notice(begin(OrderFactory()).number))
    assert [tasks.read_inbox(event_id=event_id, now=NOW), tasks.read_inbox(event_id=event_id, now=NOW)] == [None, None]
    assert len(service.told) == 1


def test_another_notice_of_the_same_transaction_changes_nothing(service: FakeService) -> None:
    number = begin(OrderFactory()).number
    effects = [
        tell(notice(number, hash=str(turn), url_check_src=src)) for turn, src in enumerate(("PAY", "RETRY", "BATCH"))
    ]
    assert effects == ["captured", "repeated", "repeated"]
    assert tell(notice(number, "CAPTURED")) == "repeated"
    assert len(service.told) == 1
    assert balance(ACCOUNT) == 105_00


def test_a_date_that_has_not_come_is_not_believed(service: FakeService) -> None:
    tell(notice(begin(OrderFactory()).number, effective_creation_date="20360828120500"))
    assert Capture.objects.get().taken_at == NOW


def test_a_service_that_fails_leaves_the_event_unread_and_nothing_booked(service: FakeService) -> None:
    order = OrderFactory()
    event_id = receive(notice(begin(order).number))
    service.fails = True
    with pytest.raises(RuntimeError, match="the service is broken"):
        actions.settle(event_id=event_id, now=NOW)
    assert OutsideEvent.objects.get().status == "new"
    assert balance(ACCOUNT) == 0
    assert selectors.count_stuck(LATER) == 1
    service.fails = False
    tasks.sweep_inbox(now=LATER)
    assert Order.objects.get().status == "paid"
    assert selectors.count_stuck(LATER) == 0


def test_a_kind_that_nobody_sells_is_kept_for_later(service: FakeService) -> None:
    event_id = receive(notice(begin(OrderFactory(kind="unknown")).number))
    with pytest.raises(LookupError):
        actions.settle(event_id=event_id, now=NOW)
    assert OutsideEvent.objects.get().status == "new"


@pytest.mark.parametrize(
    ("status", "expected"), [("REFUSED", "refused"), ("ABANDONED", "abandoned"), ("EXPIRED", "abandoned")]
)
def test_an_end_without_money_frees_the_order(service: FakeService, status: str, expected: str) -> None:
    order = OrderFactory()
    attempt = begin(order)
    assert tell(notice(attempt.number, status, auth_result="51")) == "ended"
    attempt.refresh_from_db()
    assert (attempt.status, attempt.detail) == (expected, "51")
    assert go(order, LATER).form.fields["vads_order_id"] == f"{order.number}-2"
    assert tell(notice(attempt.number, status, hash="2")) == "late"


def test_money_counts_even_for_a_try_given_up(service: FakeService) -> None:
    order = OrderFactory()
    attempt = begin(order)
    tell(notice(attempt.number, "ABANDONED"))
    assert tell(notice(attempt.number)) == "captured"
    assert Order.objects.get().status == "paid"


def test_a_pending_authorisation_waits_then_counts(service: FakeService) -> None:
    attempt = begin(OrderFactory())
    assert tell(notice(attempt.number, "WAITING_AUTHORISATION")) == "waiting"
    attempt.refresh_from_db()
    assert attempt.status == "unconfirmed"
    assert tell(notice(attempt.number)) == "captured"
    assert tell(notice(attempt.number, "WAITING_AUTHORISATION", hash="2")) == "late"


def test_a_notice_for_an_unknown_order_is_kept_and_shown_to_the_national_desk() -> None:
    assert tell(notice("NOBODY-1")) == "unknown_order"
    assert len(selectors.events_unrecognised(NATIONAL)) == 1
    assert len(selectors.events_unrecognised(AGENT)) == 0
    (event,) = selectors.events_unrecognised(NATIONAL)
    assert event.facts["number"] == "NOBODY-1"
    actions.close_event(event_id=event.pk, by=NATIONAL, reason="Test de la banque", now=LATER)
    assert len(selectors.events_unrecognised(NATIONAL)) == 0


@pytest.mark.parametrize("changes", [{"amount": "10400", "effective_amount": "10400"}, {"effective_currency": "840"}])
def test_another_amount_or_currency_books_nothing_and_is_shown_to_an_agent(
    service: FakeService, changes: dict[str, str]
) -> None:
    order = OrderFactory()
    attempt = begin(order)
    assert tell(notice(attempt.number, **changes)) == "other_amount"
    attempt.refresh_from_db()
    assert attempt.status == "doubtful"
    assert Order.objects.get().status == "open"
    assert balance("psp:lyra:receivable") == 0
    assert len(selectors.incidents(AGENT)) == 1
    assert selectors.incidents(AGENT)[0].attempt.order == order
    assert jobs_waiting("ask_bank") == 1
    assert Deed.objects.filter(verb="payments.meet_incident").count() == 1
    assert service.told == []


def test_a_bank_that_was_misheard_is_asked_and_then_booked(service: FakeService, bank: FakeRail) -> None:
    attempt = begin(OrderFactory())
    tell(notice(attempt.number, amount="10400", effective_amount="10400"))
    bank.says = said(Outcome.PAID, 104_00)
    tasks.ask_bank(attempt_id=attempt.pk, now=LATER)
    assert OutsideEvent.objects.count() == 1, "the agent knows already"
    bank.says = said(Outcome.PAID)
    tasks.ask_bank(attempt_id=attempt.pk, now=LATER)
    assert Order.objects.get().status == "paid"
    assert len(selectors.incidents(AGENT)) == 1, "an agent still sees what was wrong"


def test_a_word_that_we_do_not_know_is_shown_to_an_agent() -> None:
    assert tell(notice(begin(OrderFactory()).number, "SOMETHING_NEW")) == "unclear"
    assert len(selectors.incidents(AGENT)) == 1


def test_money_without_the_banks_number_is_not_booked(service: FakeService) -> None:
    assert tell(notice(begin(OrderFactory()).number, trans_uuid="")) == "unclear"
    assert service.told == []


def test_a_payment_taken_back_by_the_bank_is_shown_to_an_agent(service: FakeService) -> None:
    number = begin(OrderFactory()).number
    tell(notice(number))
    assert tell(notice(number, "CANCELLED")) == "reversed"
    assert tell(notice(number, operation_type="CREDIT")) == "reversed"
    assert Order.objects.get().status == "paid", "an agent decides, not a notice"
    assert len(selectors.incidents(AGENT)) == 2


# Somebody looks while the bank's word is being read


@contextmanager
def settled_after_the_first_read(raw: bytes) -> Iterator[None]:
    """Settle a notice between the first statement of who looks and the second."""
    done: list[str] = []

    def between(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        found = execute(sql, params, many, context)
        if not done:
            done.append("once")
            tell(raw)
        return found

    with connection.execute_wrapper(between):
        yield
    assert done


def test_who_looks_while_it_is_settled_sees_the_order_paid(service: FakeService) -> None:
    order = OrderFactory()
    number = begin(order).number
    with settled_after_the_first_read(notice(number)):
        assert selectors.standing_of(order.uuid, order.person_id).state == "paid"


def test_a_payer_who_looks_while_it_is_settled_is_not_asked_to_pay_again(service: FakeService) -> None:
    link = make_link(OrderFactory())
    number = accept(link).order.attempts.get().number
    stale = PayerLink.objects.get(pk=link.pk)
    tell(notice(number))
    assert selectors.payer_sight(stale, MOTHER).state == rules.PayerState.UNCONFIRMED
    assert selectors.payer_sight(PayerLink.objects.get(pk=link.pk), MOTHER).state == rules.PayerState.PAID
