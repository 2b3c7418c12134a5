"""Start, go, receive, settle, ask, give back, resolve: each once, each twice, each at the wrong moment."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from messervices.foundations.audit.models import Deed
from messervices.foundations.ledger.selectors import assert_books_balance, balance
from messervices.foundations.payments import actions, selectors, tasks
from messervices.foundations.payments.models import Attempt, Capture, Order, OutsideEvent, Refund
from messervices.foundations.payments.rules import FORM_LIFE, RESUME_WITHIN, Outcome
from messervices.foundations.payments.states import AttemptStatus, OrderStatus, RefundStatus, Verdict
from messervices.foundations.payments.tests.factories import (
    ACCOUNT,
    NOW,
    VERSAILLES,
    FakeRail,
    FakeService,
    OrderFactory,
    begin,
    notice,
    receive,
    said,
    tell,
)  # fmt: skip
from messervices.foundations.students.tests.factories import PersonFactory
from messervices.kernel.actor import Actor
from messervices.kernel.errors import ProviderUnavailable, Refusal
from messervices.kernel.invariants import Invariant

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=1)
AGENT = Actor(
    kind="agent", user_id=7, label="Agent", crous_ids=(VERSAILLES,),
    rights=frozenset({"payments:event:close", "payments:refund:retry"}),
)  # fmt: skip
NATIONAL = Actor(kind="agent", user_id=8, label="Cnous", national=True, rights=AGENT.rights)


def breaches() -> list[str]:
    """Name the invariants that do not hold."""
    from messervices.foundations.payments.invariants import invariants

    def count(invariant: Invariant) -> int:
        with connection.cursor() as cursor:
            cursor.execute(invariant.sql)
            return int(cursor.fetchone()[0])

    return [invariant.name for invariant in invariants() if count(invariant)]


@pytest.fixture(autouse=True)
def _books() -> Any:
    """Whatever a test did, the books balance and the invariants hold. Jobs of earlier tests are not counted."""
    with connection.cursor() as cursor:
        cursor.execute("delete from procrastinate_jobs")
    yield
    assert_books_balance()
    assert breaches() == []


def jobs_waiting(name: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "select count(*) from procrastinate_jobs where task_name like %s and status = 'todo'", (f"%{name}",)
        )
        return int(cursor.fetchone()[0])


# Start


def start(person_id: int, **changes: Any) -> Order:
    given = {
        "kind": "test", "reference": "thing:1", "person_id": person_id, "crous_id": VERSAILLES, "amount_cents": 105_00,
        "credit_account": ACCOUNT, "label": "CVEC 2026-2027", "return_path": "/cvec/", "now": NOW,
    }  # fmt: skip
    with transaction.atomic():
        return actions.start(**given | changes)


def test_starting_twice_gives_the_same_order() -> None:
    person = PersonFactory()
    assert start(person.pk) == start(person.pk)
    assert start(person.pk, reference="thing:2") != start(person.pk)


def test_an_open_order_follows_its_amount_unless_the_bank_is_at_work() -> None:
    person = PersonFactory()
    order = start(person.pk)
    assert start(person.pk, amount_cents=107_00).amount_cents == 107_00
    begin(Order.objects.get(pk=order.pk))
    assert start(person.pk, amount_cents=107_00) == order
    with pytest.raises(Refusal, match="payment_under_way"):
        start(person.pk, amount_cents=99_00)


def test_a_paid_order_is_given_back_as_it_is(service: FakeService) -> None:
    order = OrderFactory()
    tell(notice(begin(order).number))
    again = start(order.person_id, reference=order.reference, amount_cents=1_00)
    assert (again.pk, again.status, again.amount_cents) == (order.pk, "paid", 105_00)


def test_starting_stands_inside_an_action(django_assert_num_queries, transactional_db) -> None:
    person = PersonFactory()
    with pytest.raises(RuntimeError):
        actions.start(
            kind="test", reference="x", person_id=person.pk, crous_id=VERSAILLES, amount_cents=1, credit_account="a",
            label="x", return_path="/", now=NOW,
        )  # fmt: skip
    with transaction.atomic(), django_assert_num_queries(2):
        actions.start(
            kind="test", reference="x", person_id=person.pk, crous_id=VERSAILLES, amount_cents=1, credit_account="a",
            label="x", return_path="/", now=NOW,
        )  # fmt: skip


@pytest.mark.parametrize(
    "changes",
    [
        {"amount_cents": 0}, {"amount_cents": -1}, {"status": "paid"}, {"status": "cancelled"}, {"captured_cents": 1},
        {"status": "paid", "captured_cents": 1, "paid_at": NOW}, {"return_path": "https://evil.example"},
        {"return_path": "//evil.example"},
    ],
)  # fmt: skip
def test_the_database_refuses_orders_that_cannot_be(changes: dict[str, Any]) -> None:
    person = PersonFactory()
    with pytest.raises(IntegrityError), transaction.atomic():
        OrderFactory(person=person, **changes)


def test_one_order_lives_for_one_thing_sold() -> None:
    order = OrderFactory(reference="same")
    with pytest.raises(IntegrityError), transaction.atomic():
        OrderFactory(reference="same", person=order.person)
    with transaction.atomic():
        assert actions.cancel(order_id=order.pk, by=AGENT, reason="exempt", now=NOW)
        assert not actions.cancel(order_id=order.pk, by=AGENT, reason="exempt", now=NOW)
    OrderFactory(reference="same", person=order.person)
    assert Deed.objects.filter(verb="payments.cancel_order").count() == 1


# Go


def go(order: Order, now: Any = NOW, **changes: Any) -> Any:
    given = {
        "uuid": order.uuid, "person_id": order.person_id, "language": "fr", "back_url": "https://a/b",
        "notice_url": "https://a/n",
    }  # fmt: skip
    return actions.go_to_bank(now=now, **given | changes)


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
    with django_assert_num_queries(8):  # order, live, begin, lock, live, count, insert, commit
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
    monkeypatch.setattr(sys.modules["messervices.foundations.payments.actions.go"], "_draw", lambda: next(drawn))
    assert [begin(OrderFactory()).bank_ref, begin(OrderFactory()).bank_ref] == ["aaaaaa", "bbbbbb"]


# Receive


def test_the_same_bytes_are_kept_once() -> None:
    raw = notice("UNKNOWN-1")
    assert [actions.receive(rail="lyra", raw=raw, now=NOW) for _ in range(20)] == [Verdict.GOOD] * 20
    assert OutsideEvent.objects.count() == 1
    assert jobs_waiting("read_inbox") == 1
    assert bytes(OutsideEvent.objects.get().raw) == raw


def test_receiving_costs_two_queries(django_assert_num_queries, transactional_db) -> None:
    with django_assert_num_queries(4):  # begin, keep, enqueue, commit
        actions.receive(rail="lyra", raw=notice("X-1"), now=NOW)


def test_a_forged_notice_is_kept_for_the_record_and_never_read() -> None:
    order = OrderFactory()
    raw = notice(begin(order).number, key="guessed")
    assert actions.receive(rail="lyra", raw=raw, now=NOW) == Verdict.FORGED
    event = OutsideEvent.objects.get()
    assert (event.verdict, event.status, event.facts) == ("forged", "refused", None)
    assert jobs_waiting("read_inbox") == 0
    assert actions.settle(event_id=event.pk, now=NOW) == ""
    assert Order.objects.get().status == OrderStatus.OPEN


def test_forged_notices_cannot_fill_the_disk() -> None:
    for turn in range(70):
        actions.receive(rail="lyra", raw=f"vads_order_id={turn}&vads_trans_status=AUTHORISED".encode(), now=NOW)
    assert OutsideEvent.objects.count() == 60
    assert actions.receive(rail="lyra", raw=notice("X-1"), now=NOW) == Verdict.GOOD, "an authentic one is always kept"
    actions.receive(rail="lyra", raw=b"vads_order_id=a&vads_trans_status=b", now=NOW + timedelta(minutes=2))
    assert OutsideEvent.objects.count() == 62


def test_a_notice_refused_under_an_old_key_is_believed_when_it_comes_again(
    bank: FakeRail, service: FakeService
) -> None:
    from dataclasses import replace

    order = OrderFactory()
    raw = notice(begin(order).number, key="the coming key")
    assert actions.receive(rail="lyra", raw=raw, now=NOW) == Verdict.FORGED
    bank.real = replace(bank.real, keys=("the coming key",))
    assert tell(raw) == "captured"
    assert OutsideEvent.objects.count() == 1


# Settle


def test_settling_books_all_of_it_in_four_queries(
    service: FakeService, django_assert_num_queries, transactional_db
) -> None:
    order = OrderFactory()
    event_id = receive(notice(begin(order).number))
    with django_assert_num_queries(6):  # begin, claim, lock, book, ledger, (the service), commit
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
    assert selectors.count_events_unrecognised(NATIONAL) == 1
    assert selectors.count_events_unrecognised(AGENT) == 0
    (event,) = selectors.events_unrecognised(NATIONAL)
    assert event.facts["number"] == "NOBODY-1"
    actions.close_event(event_id=event.pk, by=NATIONAL, reason="Test de la banque", now=LATER)
    assert selectors.count_events_unrecognised(NATIONAL) == 0


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
    assert selectors.count_incidents(AGENT) == 1
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
    assert selectors.count_incidents(AGENT) == 1, "an agent still sees what was wrong"


def test_a_word_that_we_do_not_know_is_shown_to_an_agent() -> None:
    assert tell(notice(begin(OrderFactory()).number, "SOMETHING_NEW")) == "unclear"
    assert selectors.count_incidents(AGENT) == 1


def test_money_without_the_banks_number_is_not_booked(service: FakeService) -> None:
    assert tell(notice(begin(OrderFactory()).number, trans_uuid="")) == "unclear"
    assert service.told == []


def test_a_payment_taken_back_by_the_bank_is_shown_to_an_agent(service: FakeService) -> None:
    number = begin(OrderFactory()).number
    tell(notice(number))
    assert tell(notice(number, "CANCELLED")) == "reversed"
    assert tell(notice(number, operation_type="CREDIT")) == "reversed"
    assert Order.objects.get().status == "paid", "an agent decides, not a notice"
    assert selectors.count_incidents(AGENT) == 2


# Paid twice


def pay_twice(order: Order) -> Refund:
    """Pay, by a try given up, an order that another try paid."""
    first = begin(order)
    tell(notice(first.number, "ABANDONED"))
    second = begin(order)
    assert tell(notice(second.number)) == "captured"
    assert tell(notice(first.number)) == "surplus"
    return Refund.objects.get(capture__attempt=first)


def test_a_second_payment_goes_back_by_itself(service: FakeService, bank: FakeRail) -> None:
    order = OrderFactory()
    refund = pay_twice(order)
    assert len(service.told) == 1
    assert balance("payments:surplus:lyra") == 105_00
    assert balance("psp:lyra:receivable") == -210_00
    assert jobs_waiting("give_back") == 1
    assert selectors.count_surplus_refunds(AGENT) == 1
    assert selectors.surplus_refunds(AGENT)[0].capture.order == order
    for _turn in range(2):
        tasks.give_back(refund_id=refund.pk, now=LATER)
    assert bank.returned == [refund.capture.rail_tx_id]
    refund.refresh_from_db()
    assert (refund.status, refund.ended_at) == ("given", LATER)
    assert balance("payments:surplus:lyra") == 0
    assert balance("psp:lyra:receivable") == -105_00
    assert selectors.count_surplus_refunds(AGENT) == 0
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
    from messervices.foundations.payments.providers.rail import RefundRefusedByBank

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


# Ask before giving up


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


# Look into it


def test_filing_the_last_question_frees_the_order(service: FakeService) -> None:
    order = OrderFactory()
    attempt = begin(order)
    for cents in ("10400", "10300"):
        tell(notice(attempt.number, amount=cents, effective_amount=cents))
    first, second = selectors.incidents(AGENT)
    actions.close_event(event_id=first.pk, by=AGENT, reason="Vu avec la banque", now=LATER)
    attempt.refresh_from_db()
    assert attempt.status == "doubtful"
    actions.close_event(event_id=second.pk, by=AGENT, reason="Vu avec la banque", now=LATER)
    attempt.refresh_from_db()
    assert attempt.status == "expired"
    assert go(order, LATER).form is not None
    with pytest.raises(Refusal, match="step_closed"):
        actions.close_event(event_id=second.pk, by=AGENT, reason="encore", now=LATER)


@pytest.mark.parametrize(
    ("by", "reason", "code"),
    [
        (Actor.anonymous(), "x", "not_yours"),
        (Actor(kind="agent", crous_ids=(VERSAILLES,)), "x", "not_yours"),
        (Actor(kind="agent", crous_ids=(3,), rights=AGENT.rights), "x", "not_yours"),
        (AGENT, "  ", "reason_missing"),
    ],
)
def test_only_an_agent_of_that_crous_files_a_question_and_says_why(by: Actor, reason: str, code: str) -> None:
    tell(notice(begin(OrderFactory()).number, amount="1", effective_amount="1"))
    event = OutsideEvent.objects.get()
    with pytest.raises(Refusal, match=code):
        actions.close_event(event_id=event.pk, by=by, reason=reason, now=LATER)


# What the database refuses


def test_the_database_refuses_two_live_tries() -> None:
    attempt = begin(OrderFactory())
    with pytest.raises(IntegrityError, match="attempt_one_live"), transaction.atomic():
        Attempt.objects.create(
            order=attempt.order, person_id=attempt.person_id, crous_id=attempt.crous_id, rail="lyra", rank=2,
            number="other", bank_ref="zzzzzz", begun_on=NOW.date(), amount_cents=1, language="fr", begun_at=NOW,
        )  # fmt: skip


def test_money_booked_is_never_edited_by_the_application(service: FakeService) -> None:
    from django.db import ProgrammingError

    tell(notice(begin(OrderFactory()).number))
    for deed in (lambda: Capture.objects.update(amount_cents=1), Capture.objects.all()._raw_delete):
        with pytest.raises((ProgrammingError, TypeError)), transaction.atomic():
            deed() if deed.__name__ == "<lambda>" else deed("default")


def test_the_whole_story_of_a_person_is_read_in_four_queries(service: FakeService, django_assert_num_queries) -> None:
    order = OrderFactory()
    pay_twice(order)
    with django_assert_num_queries(4):
        (found,) = selectors.payments_of(order.person_id)
        assert [(t.rank, t.status) for t in found.tries] == [(1, "captured"), (2, "captured")]
        assert [(m.surplus, [r.status for r in m.refunds.all()]) for m in found.money] == [
            (False, []),
            (True, ["queued"]),
        ]
