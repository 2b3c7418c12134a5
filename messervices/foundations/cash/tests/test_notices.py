"""A student takes a notice, asks again, gives it up, pays otherwise, lets it pass."""

from datetime import UTC, datetime, timedelta
from typing import Any
from unittest import mock

import pytest
from django.db import IntegrityError, connection, transaction

from messervices.foundations.audit.models import Deed
from messervices.foundations.cash import actions, rules, selectors, tasks
from messervices.foundations.cash.models import Notice
from messervices.foundations.cash.tests.factories import (
    FEE,
    LYON,
    breaches,
    issue,
    read,
    return_file,
    settle_all,
    student,
    took,
)
from messervices.foundations.ledger.selectors import balance
from messervices.foundations.notifications.models import Message
from messervices.foundations.payments import actions as payments
from messervices.foundations.payments import selectors as payment_reads
from messervices.foundations.payments.models import Attempt, Order, Refund
from messervices.foundations.payments.tests.factories import (
    ACCOUNT,
    LATER,
    NOW,
    FakeService,
    OrderFactory,
    begin,
    notice,
    start,
    tell,
)
from messervices.foundations.payments.tests.links import make_link
from messervices.kernel.actor import Actor
from messervices.kernel.errors import Refusal

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("books")]


def test_a_notice_is_there_at_once_and_asking_again_gives_the_same() -> None:
    order = OrderFactory()
    made = issue(order)
    assert (made.status, made.amount_cents, made.fee_cents) == ("open", 105_00, FEE)
    assert rules.is_reference(made.reference)
    assert made.valid_until == NOW + timedelta(days=30)
    assert issue(order, LATER) == made
    assert Notice.objects.count() == Message.objects.count() == 1
    assert Deed.objects.filter(verb="cash.issue_notice", person_id=order.person_id).count() == 1


def test_a_notice_never_outlives_its_campaign() -> None:
    closes = NOW + timedelta(days=2)
    assert issue(closes_at=closes).valid_until == closes
    with pytest.raises(Refusal, match="order_closed"):
        issue(OrderFactory(), NOW + timedelta(days=2), closes)


def test_somebody_elses_order_has_no_notice_to_give() -> None:
    order = OrderFactory()
    with pytest.raises(Order.DoesNotExist):
        actions.issue_notice(order_id=order.pk, fee_cents=FEE, closes_at=None, by=student(OrderFactory()), now=NOW)


def test_what_is_not_to_be_paid_has_no_notice(service: FakeService) -> None:
    paid = OrderFactory()
    tell(notice(begin(paid).number))
    withdrawn = start(OrderFactory().person_id)
    with transaction.atomic():
        payments.cancel(order_id=withdrawn.pk, by=Actor.system("test"), reason="exempt", now=NOW)
    given = {"fee_cents": FEE, "closes_at": None, "now": NOW}
    assert actions.issue_notice(order_id=paid.pk, by=student(paid), **given) is None
    with pytest.raises(Refusal, match="order_closed"):
        issue(withdrawn)


def test_an_installation_without_a_creditor_code_offers_no_cash(settings: Any) -> None:
    settings.EFICASH_CREDITOR = ""
    assert not selectors.is_offered()
    with pytest.raises(Refusal, match="cash_not_offered"):
        issue()


def test_the_bank_is_asked_and_a_card_left_open_is_closed_before_a_notice_is_made(bank_asked: mock.MagicMock) -> None:
    order = OrderFactory()
    card = begin(order)
    assert issue(order).status == "open", "a silent bank is no reason to wait: cash is for that very case"
    bank_asked.assert_called_once_with(attempt_id=card.pk, now=NOW)
    card.refresh_from_db()
    assert (card.status, payment_reads.live_attempt(order.pk)) == ("abandoned", None)


def test_money_of_the_card_that_was_closed_still_counts(service: FakeService) -> None:
    order = OrderFactory()
    card = begin(order)
    made = issue(order)
    assert tell(notice(card.number), LATER) == "captured"
    made.refresh_from_db()
    assert (made.status, made.ending) == ("cancelled", "paid_otherwise")


def test_no_notice_while_the_bank_is_deciding() -> None:
    order = OrderFactory()
    begin(order)
    payments.note_return(order_id=order.pk, now=NOW)
    with pytest.raises(Refusal, match="payment_under_way"):
        issue(order)


def test_a_bank_that_says_it_is_paid_leaves_nothing_to_pay(service: FakeService, bank_asked: mock.MagicMock) -> None:
    order = OrderFactory()
    number = begin(order).number
    bank_asked.side_effect = lambda **_asked: tell(notice(number))
    given = actions.issue_notice(order_id=order.pk, fee_cents=FEE, closes_at=None, by=student(order), now=NOW)
    assert given is None
    assert Notice.objects.count() == 0


def test_the_database_knows_the_key_and_keeps_one_live_notice_an_order() -> None:
    made = issue()
    wrong = str((int(made.reference[0]) + 1) % 10) + made.reference[1:]
    for changes in ({"reference": wrong}, {"reference": "12"}, {"reference": actions.notices.new_reference()}):
        row = {
            "order": made.order, "person": made.person, "crous": made.crous, "amount_cents": 1, "fee_cents": 0,
            "issued_at": NOW, "valid_until": NOW,
        }  # fmt: skip
        with pytest.raises(IntegrityError), transaction.atomic():
            Notice.objects.create(**row | changes)


def test_a_student_who_chooses_another_means_gives_the_notice_up() -> None:
    made = issue()
    by = student(made.order)
    assert actions.cancel_notice(uuid=made.uuid, by=by, now=LATER).ending == "given_up"
    assert actions.cancel_notice(uuid=made.uuid, by=by, now=LATER + timedelta(days=1)).ended_at == LATER
    assert Deed.objects.filter(verb="cash.cancel_notice").count() == 1
    again = issue(made.order, LATER)
    assert again.reference != made.reference
    with pytest.raises(Notice.DoesNotExist):
        actions.cancel_notice(uuid=again.uuid, by=student(OrderFactory()), now=LATER)


def test_a_card_that_is_begun_ends_the_notice_by_itself() -> None:
    made = issue()
    begin(made.order, LATER)
    made.refresh_from_db()
    assert (made.status, made.ending, made.ended_at) == ("cancelled", "other_means", LATER)


def test_a_notice_and_a_payers_link_take_each_others_place() -> None:
    made = issue()
    link = make_link(made.order, LATER)
    made.refresh_from_db()
    assert (made.status, made.ending, made.ended_at) == ("cancelled", "other_means", link.opened_at)
    assert issue(made.order, LATER).status == "open"
    link.refresh_from_db()
    assert link.status == "cancelled"


def test_an_order_paid_by_card_ends_the_notice(service: FakeService) -> None:
    order = OrderFactory()
    number = begin(order).number
    made = issue(order)
    tell(notice(number), LATER)
    made.refresh_from_db()
    assert (made.status, made.ending) == ("cancelled", "paid_otherwise")


def test_an_order_withdrawn_ends_the_notice() -> None:
    order = start(OrderFactory().person_id)
    made = issue(order)
    with transaction.atomic():
        payments.cancel(order_id=order.pk, by=Actor.system("test"), reason="exempt", now=LATER)
    made.refresh_from_db()
    assert (made.status, made.ending, made.ended_at) == ("cancelled", "not_due", LATER)


def test_an_order_of_another_amount_ends_the_notice_and_of_another_crous_takes_it_along() -> None:
    person_id = OrderFactory().person_id
    order = start(person_id)
    made = issue(order)
    start(person_id, crous_id=LYON)
    made.refresh_from_db()
    assert (made.status, made.crous_id) == ("open", LYON)
    start(person_id, crous_id=LYON, amount_cents=106_00)
    made.refresh_from_db()
    assert (made.status, made.ending) == ("cancelled", "amount_changed")
    assert issue(Order.objects.get(pk=order.pk)).amount_cents == 106_00


def test_an_open_notice_is_paid_by_its_money(service: FakeService) -> None:
    made = issue()
    read(return_file(took(made)))
    settle_all()
    made.refresh_from_db()
    assert (made.status, made.ending) == ("paid", "")
    assert Order.objects.get(pk=made.order_id).status == "paid"
    assert [facts.rail for facts in service.told] == ["eficash"]


@pytest.mark.parametrize("end", ["given up", "passed"])
def test_money_that_still_comes_pays_when_nothing_else_has(service: FakeService, end: str) -> None:
    made = issue()
    if end == "given up":
        actions.cancel_notice(uuid=made.uuid, by=student(made.order), now=LATER)
    else:
        assert actions.expire_notice(notice_id=made.pk, now=made.valid_until)
    read(return_file(took(made)))
    settle_all()
    made.refresh_from_db()
    assert (made.status, made.ending) == ("paid", "")
    assert len(service.told) == 1


def test_money_that_comes_for_what_a_card_has_paid_is_to_be_given_back(service: FakeService) -> None:
    made = issue()
    tell(notice(begin(made.order).number), LATER)
    read(return_file(took(made)))
    settle_all()
    made.refresh_from_db()
    assert made.status == "cancelled"
    assert Refund.objects.get().reason == "already_paid"
    assert Attempt.objects.filter(status="captured").count() == 2
    assert len(service.told) == 1


def test_money_that_comes_for_what_is_not_due_any_more_is_to_be_given_back(service: FakeService) -> None:
    order = start(OrderFactory().person_id)
    made = issue(order)
    with transaction.atomic():
        payments.cancel(order_id=order.pk, by=Actor.system("test"), reason="exempt", now=LATER)
    read(return_file(took(made)))
    settle_all()
    assert Refund.objects.get().reason == "order_closed"


def test_a_notice_passes_only_once_its_last_money_must_be_known() -> None:
    made = issue(now=datetime(2026, 8, 11, 9, 0, tzinfo=UTC))  # until 10 September, a Thursday
    for when, left in ((10, 0), (11, 0), (14, 0)):
        tasks.sweep_notices(now=datetime(2026, 9, when, 21, 0, tzinfo=UTC))
        assert Notice.objects.filter(status="expired").count() == left, when
    tasks.sweep_notices(now=datetime(2026, 9, 15, 1, 0, tzinfo=UTC))
    tasks.sweep_notices(now=datetime(2026, 9, 15, 1, 0, tzinfo=UTC))
    made.refresh_from_db()
    assert (made.status, made.ending) == ("expired", "too_late")
    assert Message.objects.filter(kind="cash.expired").count() == 1
    assert not actions.expire_notice(notice_id=made.pk, now=datetime(2026, 9, 16, tzinfo=UTC))


def test_asking_again_after_the_last_day_gives_a_new_one_and_never_two_live() -> None:
    made = issue()
    again = issue(made.order, made.valid_until)
    made.refresh_from_db()
    assert (made.status, again.status) == ("expired", "open")
    assert again.valid_until == made.valid_until + timedelta(days=30)


def test_the_fee_is_in_no_account_of_ours(service: FakeService) -> None:
    read(return_file(took(issue()), took(issue())))
    settle_all()
    assert balance(ACCOUNT) == 210_00
    with connection.cursor() as cursor:
        cursor.execute("select distinct amount_cents from ledger_transfer")
        assert cursor.fetchall() == [(105_00,)]


def test_control_a_notice_that_does_not_follow_its_order_is_a_breach() -> None:
    made = issue()
    Notice.objects.filter(pk=made.pk).update(status="paid", ended_at=NOW)
    assert breaches() == ["a notice is paid if and only if its order is, by its reference"]
    Notice.objects.filter(pk=made.pk).update(status="open", ended_at=None)
