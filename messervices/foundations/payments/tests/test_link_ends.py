"""Closing a payer's link: cancelled, refused, expired, or another way of paying; the money that comes all the same."""

import sys
from datetime import timedelta
from unittest import mock

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from messervices.foundations.audit.models import Deed
from messervices.foundations.ledger.selectors import balance
from messervices.foundations.notifications.models import Message
from messervices.foundations.payments import actions, selectors, tasks
from messervices.foundations.payments.models import Attempt, Order, PayerLink, Refund
from messervices.foundations.payments.rules import FORM_LIFE, Outcome
from messervices.foundations.payments.tests.factories import (
    ACCOUNT,
    AGENT,
    NOW,
    FakeRail,
    FakeService,
    OrderFactory,
    begin,
    go,
    notice,
    said,
    start,
    tell,
)  # fmt: skip
from messervices.foundations.payments.tests.links import (
    accept,
    at,
    cancel,
    expire,
    make_link,
    refuse,
    token_of,
)  # fmt: skip
from messervices.foundations.students.tests.factories import PersonFactory
from messervices.kernel.errors import ProviderUnavailable, Refusal

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("books")]

IN_TIME = NOW + timedelta(hours=47)
TOO_LATE = NOW + timedelta(hours=48, seconds=1)


@pytest.fixture
def order() -> Order:
    return OrderFactory()


def status(link: PayerLink) -> str:
    link.refresh_from_db()
    return link.status


def deeds(verb: str) -> int:
    return Deed.objects.filter(verb=f"payments.{verb}").count()


# Cancelled, or another way of paying


def test_cancelling_twice_cancels_once(order: Order) -> None:
    link = make_link(order)
    assert [cancel(order), cancel(order)] == [True, False]
    assert status(link) == "cancelled"
    with pytest.raises(Refusal, match="link_over"):
        accept(link)
    assert deeds("cancel_link") == 1


def test_a_student_who_pays_by_card_closes_the_link(order: Order) -> None:
    link = make_link(order)
    assert go(order).form is not None
    assert status(link) == "cancelled"
    assert selectors.live_attempt(order.pk).link_id is None
    with pytest.raises(Refusal, match="link_over"):
        accept(link)


def test_a_link_made_while_ones_own_card_is_at_the_bank_gives_that_try_up_once_the_bank_was_asked(
    service: FakeService, order: Order, bank: FakeRail
) -> None:
    own = begin(order)
    with pytest.raises(ProviderUnavailable):
        make_link(order)
    assert selectors.live_attempt(order.pk) == own, "a silent bank gives nothing up"
    bank.says = said(Outcome.UNFINISHED)
    link = make_link(order)
    own.refresh_from_db()
    assert own.status == "abandoned"
    assert own.ask_at is not None, "it is still asked about"
    assert accept(link).form is not None
    assert tell(notice(own.number)) == "captured", "the student’s own money is the order’s all the same"
    assert status(link) == "cancelled"
    by_link = Attempt.objects.get(link=link)
    assert tell(notice(by_link.number)) == "surplus"
    assert Refund.objects.get().reason == "link_over"


@pytest.mark.parametrize("outcome", [Outcome.WAITING, Outcome.UNCLEAR])
def test_nothing_is_changed_while_the_bank_is_deciding(order: Order, bank: FakeRail, outcome: Outcome) -> None:
    bank.says = said(outcome)
    link = make_link(order)
    accept(link)
    with pytest.raises(Refusal, match="payment_under_way"):
        cancel(order)
    with pytest.raises(Refusal, match="payment_under_way"):
        make_link(order, renew=True)
    with pytest.raises(Refusal, match="payment_under_way"):
        refuse(link)
    with pytest.raises(Refusal, match="payment_under_way"):
        go(order)
    assert status(link) == "accepted"


def test_a_cancelled_payer_who_pays_all_the_same_has_the_money_back(
    service: FakeService, order: Order, bank: FakeRail
) -> None:
    bank.says = said(Outcome.UNFINISHED)
    link = make_link(order)
    accept(link)
    assert cancel(order)
    attempt = Attempt.objects.get()
    assert (attempt.status, status(link)) == ("abandoned", "cancelled")
    assert tell(notice(attempt.number)) == "surplus"
    refund = Refund.objects.get()
    assert refund.reason == "link_over"
    tasks.give_back(refund_id=refund.pk, now=NOW)
    assert balance("payments:surplus:lyra") == balance(ACCOUNT) == 0
    assert (service.told, Order.objects.get().status) == ([], "open")
    assert Message.objects.get(kind="payments.surplus").params["reason"] == "link_over"


def test_a_payment_that_the_bank_reports_when_asked_wins_over_the_cancelling(
    service: FakeService, order: Order, bank: FakeRail
) -> None:
    bank.says = said(Outcome.PAID)
    link = make_link(order)
    accept(link)
    assert not cancel(order)
    assert (status(link), Order.objects.get().status) == ("paid", "paid")


def test_money_of_a_try_given_up_is_asked_about_until_its_form_is_dead(
    service: FakeService, order: Order, bank: FakeRail
) -> None:
    """The notice of a payer who pays after the student cancelled is lost: asking finds the money, and it goes back."""
    bank.says = said(Outcome.UNFINISHED)
    accept(make_link(order))
    cancel(order)
    attempt = Attempt.objects.get()
    tasks.sweep_attempts(now=attempt.ask_at)
    attempt.refresh_from_db()
    assert attempt.ask_at is not None
    bank.says = said(Outcome.PAID)
    tasks.sweep_attempts(now=attempt.ask_at)
    assert Refund.objects.get().reason == "link_over"
    attempt.refresh_from_db()
    assert (attempt.status, attempt.ask_at) == ("captured", None)


@pytest.mark.parametrize("outcome", [Outcome.UNFINISHED, Outcome.NEVER_SEEN, Outcome.REFUSED, Outcome.ABANDONED])
def test_a_try_given_up_is_asked_about_no_more_once_nothing_can_come(
    order: Order, bank: FakeRail, outcome: Outcome
) -> None:
    bank.says = said(Outcome.UNFINISHED)
    accept(make_link(order))
    cancel(order)
    bank.says = said(outcome)
    tasks.sweep_attempts(now=NOW + FORM_LIFE)
    attempt = Attempt.objects.get()
    assert (attempt.status, attempt.ask_at) == ("abandoned", None)


def test_a_word_that_we_do_not_know_about_a_try_given_up_is_shown_once_and_asked_again_slowly(
    order: Order, bank: FakeRail
) -> None:
    bank.says = said(Outcome.UNFINISHED)
    accept(make_link(order))
    cancel(order)
    bank.says = said(Outcome.UNCLEAR)
    for _turn in range(3):
        attempt = Attempt.objects.get()
        tasks.sweep_attempts(now=attempt.ask_at)
    attempt.refresh_from_db()
    assert attempt.asked >= 3


def test_an_order_that_is_withdrawn_closes_its_link(order: Order) -> None:
    link = make_link(order)
    with transaction.atomic():
        actions.cancel(order_id=order.pk, by=AGENT, reason="exempt", now=NOW)
    assert status(link) == "cancelled"


def test_a_link_follows_its_order_to_another_crous_and_amount() -> None:
    person = PersonFactory()
    order = start(person.pk)
    link = make_link(order)
    start(person.pk, crous_id=12, amount_cents=99_00)
    link.refresh_from_db()
    assert link.crous_id == 12
    assert selectors.payer_sight(selectors.link_by_token(token_of(link)), "").amount_cents == 99_00


# Refused


def test_refusing_ends_the_link_and_tells_the_student_with_the_word(order: Order) -> None:
    link = make_link(order)
    assert [refuse(link, "  Pas ce\nmois-ci. "), refuse(link, "encore")] == [True, False]
    assert (status(link), link.word) == ("refused", "Pas ce mois-ci.")
    message = Message.objects.get(kind="payments.link_refused")
    assert (message.person_id, message.params["word"], message.link) == (order.person_id, "Pas ce mois-ci.", "/cvec/")
    with pytest.raises(Refusal, match="link_over"):
        accept(link)


def test_one_may_refuse_after_a_try_that_failed_but_not_after_the_end(order: Order) -> None:
    link = make_link(order)
    accept(link)
    tell(notice(Attempt.objects.get().number, "REFUSED"))
    assert not refuse(link, now=TOO_LATE)
    assert refuse(link, now=IN_TIME)


# Expired


def test_a_link_ends_once_when_its_time_has_passed_and_the_student_is_told(order: Order) -> None:
    link = make_link(order)
    assert not expire(link, IN_TIME)
    assert [expire(link, TOO_LATE), expire(link, TOO_LATE)] == [True, False]
    assert status(link) == "expired"
    assert Message.objects.filter(kind="payments.link_expired").count() == 1
    assert deeds("expire_link") == 1


def test_the_sweep_ends_what_is_over_and_nothing_else(order: Order) -> None:
    link, young = make_link(order), make_link(OrderFactory(), IN_TIME)
    with at(TOO_LATE):
        for _turn in range(2):
            tasks.sweep_links(now=TOO_LATE)
    assert (status(link), status(young)) == ("expired", "open")


def test_nothing_ends_before_the_bank_was_asked_about_who_began_in_time(
    service: FakeService, order: Order, bank: FakeRail
) -> None:
    link = make_link(order)
    accept(link, NOW + timedelta(hours=48) - timedelta(seconds=2))
    with at(TOO_LATE):
        tasks.sweep_links(now=TOO_LATE)
        assert status(link) == "accepted", "a silent bank ends nothing"
        bank.says = said(Outcome.UNFINISHED)
        tasks.sweep_links(now=TOO_LATE)
        assert status(link) == "accepted", "the person is still at the bank"
        bank.says = said(Outcome.PAID)
        tasks.sweep_links(now=TOO_LATE)
    assert (status(link), Order.objects.get().status) == ("paid", "paid")


def test_a_try_begun_in_time_that_comes_to_nothing_lets_the_link_end(order: Order, bank: FakeRail) -> None:
    link = make_link(order)
    accept(link, NOW + timedelta(hours=48) - timedelta(seconds=2))
    bank.says = said(Outcome.ABANDONED)
    with at(TOO_LATE):
        tasks.sweep_links(now=TOO_LATE)
    assert status(link) == "expired"


def test_money_for_a_link_that_has_expired_goes_back(service: FakeService, order: Order, bank: FakeRail) -> None:
    link = make_link(order)
    accept(link, IN_TIME)
    attempt = Attempt.objects.get()
    tell(notice(attempt.number, "ABANDONED"))
    expire(link, TOO_LATE)
    assert tell(notice(attempt.number), TOO_LATE) == "surplus"
    assert Refund.objects.get().reason == "link_over"
    assert service.told == []


@pytest.mark.parametrize("outcome", [Outcome.UNFINISHED, Outcome.WAITING, Outcome.ABANDONED, Outcome.PAID])
def test_an_answer_of_the_bank_writes_its_try_once_before_it_is_settled(
    service: FakeService, order: Order, bank: FakeRail, outcome: Outcome
) -> None:
    """Written twice in one transaction, the try would have its order locked after it: a deadlock with who cancels."""
    accept(make_link(order))
    bank.says = said(outcome)
    unsettled = mock.patch.object(sys.modules["messervices.foundations.payments.actions.ask"], "settle")
    with unsettled, CaptureQueriesContext(connection) as asked:
        actions.ask_bank(attempt_id=Attempt.objects.get().pk, now=NOW)
    assert len([one for one in asked.captured_queries if one["sql"].startswith('UPDATE "payments_attempt"')]) == 1
