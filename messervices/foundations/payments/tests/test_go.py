"""Leaving for the bank: one live try, whatever is clicked."""

from datetime import timedelta

import pytest

from messervices.foundations.payments import actions
from messervices.foundations.payments.models import Attempt, Capture, Order
from messervices.foundations.payments.rules import FORM_LIFE, RESUME_WITHIN, Outcome
from messervices.foundations.payments.states import AttemptStatus, OrderStatus
from messervices.foundations.payments.tests.factories import (
    LATER,
    NOW,
    FakeRail,
    FakeService,
    OrderFactory,
    begin,
    go,
    notice,
    said,
    tell,
)  # fmt: skip
from messervices.foundations.students.tests.factories import PersonFactory
from messervices.kernel.errors import ProviderUnavailable, Refusal

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("books")]


def test_a_double_click_two_tabs_or_the_back_button_give_the_same_form() -> None:
    order = OrderFactory()
    forms = [
        go(order).form,
        go(order, NOW + timedelta(seconds=1)).form,
        go(order, NOW + RESUME_WITHIN / 2, language="en").form,
    ]
    assert forms[0] == forms[1] == forms[2]
    assert Attempt.objects.filter(order=order).count() == 1


def test_going_costs_few_queries(django_assert_num_queries, transactional_db) -> None:
    order = OrderFactory()
    with django_assert_num_queries(10):  # order, live, health, begin, lock, live, link, count, insert, commit
        go(order)
    with django_assert_num_queries(6):
        go(order)


def test_an_order_that_is_somebody_elses_is_no_order() -> None:
    order, other = OrderFactory(), PersonFactory()
    with pytest.raises(Order.DoesNotExist):
        go(order, person_id=other.pk)


def test_a_paid_order_sends_nobody_to_the_bank(service: FakeService) -> None:
    order = OrderFactory()
    tell(notice(begin(order).number))
    assert go(order).form is None
    assert Attempt.objects.filter(order=order).count() == 1


def test_a_cancelled_order_is_refused() -> None:
    order = OrderFactory(status="cancelled", cancelled_at=NOW)
    with pytest.raises(Refusal, match="order_cancelled"):
        go(order)


@pytest.mark.parametrize(
    ("outcome", "same_try", "leaves"),
    [
        (Outcome.UNFINISHED, True, True), (Outcome.NEVER_SEEN, True, True), (Outcome.WAITING, True, False),
        (Outcome.REFUSED, False, True), (Outcome.ABANDONED, False, True), (Outcome.PAID, True, False),
        (Outcome.UNCLEAR, True, False),
    ],
)  # fmt: skip
def test_an_older_try_is_asked_about_before_another_begins(
    bank: FakeRail, service: FakeService, outcome: Outcome, same_try: bool, leaves: bool
) -> None:
    order = OrderFactory()
    first = begin(order)
    bank.says = said(outcome)
    gone = go(order, NOW + RESUME_WITHIN)
    assert bank.asked == 1
    assert (gone.form is not None) is leaves
    assert Attempt.objects.filter(order=order).count() == (1 if same_try else 2)
    if gone.form is not None and same_try:
        assert gone.form.fields["vads_trans_id"] == first.bank_ref


def test_a_form_that_the_bank_never_saw_is_dead_after_a_day(bank: FakeRail) -> None:
    order = OrderFactory()
    first = begin(order)
    bank.says = said(Outcome.NEVER_SEEN)
    assert go(order, NOW + FORM_LIFE - timedelta(minutes=1)).form.fields["vads_trans_id"] == first.bank_ref
    second = go(order, NOW + FORM_LIFE)
    assert second.form.fields["vads_order_id"] == f"{order.number}-2"
    first.refresh_from_db()
    assert first.status == AttemptStatus.EXPIRED


def test_a_silent_bank_begins_nothing_new(bank: FakeRail) -> None:
    order = OrderFactory()
    begin(order)
    with pytest.raises(ProviderUnavailable):
        go(order, LATER)
    assert Attempt.objects.filter(order=order).count() == 1


def test_a_doubtful_try_is_neither_resumed_nor_replaced(bank: FakeRail) -> None:
    order = OrderFactory()
    tell(notice(begin(order).number, amount="10400", effective_amount="10400"))
    assert go(order, LATER).form is None
    assert bank.asked == 0


def test_coming_back_is_noted_once_and_books_nothing() -> None:
    order = OrderFactory()
    begin(order)
    for now in (LATER, LATER + timedelta(hours=1)):
        actions.note_return(order_id=order.pk, now=now)
    attempt = Attempt.objects.get(order=order)
    assert (attempt.status, attempt.returned_at) == (AttemptStatus.UNCONFIRMED, LATER)
    assert Order.objects.get(pk=order.pk).status == OrderStatus.OPEN
    assert not Capture.objects.exists()


def test_two_tries_of_a_day_never_share_a_reference_at_the_bank(monkeypatch) -> None:
    import sys

    drawn = iter(["aaaaaa", "aaaaaa", "bbbbbb"])
    monkeypatch.setattr(sys.modules["messervices.foundations.payments.actions.begin"], "_draw", lambda: next(drawn))
    assert [begin(OrderFactory()).bank_ref, begin(OrderFactory()).bank_ref] == ["aaaaaa", "bbbbbb"]
