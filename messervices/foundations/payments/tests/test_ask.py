"""The bank is asked before anything is given up."""

from datetime import timedelta

import pytest

from messervices.foundations.payments import actions, selectors, tasks
from messervices.foundations.payments.models import OutsideEvent
from messervices.foundations.payments.providers.rail import Answer
from messervices.foundations.payments.rules import Outcome
from messervices.foundations.payments.tests.factories import (
    LATER,
    NOW,
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

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("books")]


def test_a_live_try_is_asked_about_when_the_bank_says_nothing(service: FakeService, bank: FakeRail) -> None:
    attempt = begin(OrderFactory())
    assert selectors.attempts_to_ask(NOW + timedelta(minutes=9)) == []
    bank.says = said(Outcome.PAID)
    tasks.sweep_attempts(now=NOW + timedelta(minutes=10))
    attempt.refresh_from_db()
    assert attempt.status == "captured"
    event = OutsideEvent.objects.get()
    assert (event.kind, event.effect) == ("answer", "captured")
    assert tell(notice(attempt.number)) == "repeated", "the notice comes hours late"
    assert len(service.told) == 1


def test_nothing_expires_before_the_bank_was_asked(bank: FakeRail) -> None:
    attempt = begin(OrderFactory())
    much_later = NOW + timedelta(days=30)
    tasks.sweep_attempts(now=much_later)
    attempt.refresh_from_db()
    assert (attempt.status, bank.asked) == ("begun", 1), "a silent bank decides nothing"
    bank.says = said(Outcome.UNFINISHED)
    tasks.sweep_attempts(now=much_later)
    attempt.refresh_from_db()
    assert attempt.status == "begun"
    bank.says = said(Outcome.NEVER_SEEN)
    tasks.sweep_attempts(now=much_later + timedelta(days=1))
    attempt.refresh_from_db()
    assert (attempt.status, attempt.ended_at) == ("expired", much_later + timedelta(days=1))


def test_a_try_never_seen_stays_while_its_form_may_still_be_sent(bank: FakeRail) -> None:
    attempt = begin(OrderFactory())
    bank.says = said(Outcome.NEVER_SEEN)
    for turn in range(1, 5):
        attempt.refresh_from_db()
        tasks.ask_bank(attempt_id=attempt.pk, now=attempt.ask_at)
        attempt.refresh_from_db()
        assert (attempt.status, attempt.asked) == ("begun", turn)


@pytest.mark.parametrize(
    ("outcome", "status"),
    [(Outcome.REFUSED, "refused"), (Outcome.ABANDONED, "abandoned"), (Outcome.WAITING, "unconfirmed")],
)
def test_the_banks_answer_moves_the_try(bank: FakeRail, outcome: Outcome, status: str) -> None:
    attempt = begin(OrderFactory())
    bank.says = said(outcome)
    for _turn in range(2):
        tasks.ask_bank(attempt_id=attempt.pk, now=LATER)
    attempt.refresh_from_db()
    assert attempt.status == status


@pytest.mark.parametrize("outcome", [Outcome.UNFINISHED, Outcome.NEVER_SEEN])
def test_who_came_back_without_paying_may_go_on(bank: FakeRail, outcome: Outcome) -> None:
    order = OrderFactory()
    attempt = begin(order)
    actions.note_return(order_id=order.pk, now=NOW)
    bank.says = said(outcome)
    tasks.ask_bank(attempt_id=attempt.pk, now=NOW + timedelta(seconds=5))
    attempt.refresh_from_db()
    assert attempt.status == "begun"
    assert go(order, NOW + timedelta(seconds=9)).form.fields["vads_trans_id"] == attempt.bank_ref
    actions.note_return(order_id=order.pk, now=LATER)
    attempt.refresh_from_db()
    assert (attempt.status, attempt.returned_at) == ("unconfirmed", LATER), (
        "coming back again, it may be paid this time"
    )


def test_a_waiting_page_has_the_bank_asked_four_times_a_minute_at_most() -> None:
    order = OrderFactory()
    begin(order)
    queued = [
        actions.queue_question(order_id=order.pk, now=NOW + timedelta(seconds=second)) for second in range(0, 61, 4)
    ]
    assert queued.count(True) == 4
    assert jobs_waiting("ask_bank") == 4


def test_there_is_nothing_to_ask_about_an_order_without_a_live_try() -> None:
    assert not actions.queue_question(order_id=OrderFactory().pk, now=NOW)


def test_a_broken_row_does_not_stop_a_sweep(service: FakeService) -> None:
    broken = receive(notice(begin(OrderFactory(kind="unknown")).number))
    good = receive(notice(begin(OrderFactory()).number))
    assert selectors.unread_events(LATER) == [broken, good]
    tasks.sweep_inbox(now=LATER)
    assert {event.pk: event.status for event in OutsideEvent.objects.all()} == {broken: "new", good: "done"}


def test_an_answer_that_an_agent_is_looking_at_is_not_told_again_however_often_the_bank_says_it(bank: FakeRail) -> None:
    attempt = begin(OrderFactory())
    bank.says = said(Outcome.UNCLEAR)
    for turn in range(1, 6):
        tasks.ask_bank(attempt_id=attempt.pk, now=LATER + turn * timedelta(minutes=1))
    assert OutsideEvent.objects.count() == 1
    attempt.refresh_from_db()
    assert attempt.status == "doubtful"
    assert attempt.ask_at is not None
    assert attempt.ask_at > LATER + timedelta(minutes=5), "asked ever more rarely, and not at once for ever"


def test_a_word_that_the_bank_says_again_does_not_have_it_asked_for_ever(
    service: FakeService, bank: FakeRail, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same bytes are one event: what it did then, it does not do again."""
    attempt = begin(OrderFactory())
    monkeypatch.setattr(bank, "ask", lambda asked: Answer(b"the same", said(Outcome.PAID, 1)(asked.number)))
    for turn in range(3):
        tasks.sweep_attempts(now=LATER + turn * timedelta(hours=6))
    attempt.refresh_from_db()
    assert attempt.ask_at is not None
    assert attempt.ask_at > LATER + timedelta(hours=12)
    assert OutsideEvent.objects.count() == 1
