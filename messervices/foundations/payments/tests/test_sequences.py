"""The test of sequences (T3): money in, under everything a bank may send.

Nothing is doubled, nothing is lost, nothing forged is believed.
"""

import random
import time
from collections import Counter, defaultdict
from datetime import datetime, timedelta
from typing import Any
from unittest import mock

import pytest
from django.db import DatabaseError, connection

from messervices.foundations.ledger.actions import post
from messervices.foundations.ledger.selectors import assert_books_balance, balance
from messervices.foundations.payments import actions, selectors, tasks
from messervices.foundations.payments.models import Attempt, Capture, Order, OutsideEvent, Refund
from messervices.foundations.payments.providers.payfip import _OUTCOMES as OUTCOMES
from messervices.foundations.payments.providers.payfip import PayFip
from messervices.foundations.payments.providers.rail import Answer, Facts, Handover
from messervices.foundations.payments.rules import Outcome, next_question_at
from messervices.foundations.payments.states import LIVE
from messervices.foundations.payments.tests.factories import (
    ACCOUNT,
    NOW,
    VERSAILLES,
    FakeRail,
    FakeService,
    OrderFactory,
    begin,
    breaches,
    notice,
    receive,
    tell,
)  # fmt: skip
from messervices.foundations.payments.tests.sequences import (
    KINDS,
    RAILS,
    Letter,
    Sequence,
    payfip_after,
    rail_of,
    reference,
    sequence,
)
from messervices.foundations.students.tests.factories import PersonFactory
from messervices.kernel.errors import ProviderUnavailable

pytestmark = pytest.mark.django_db
AMOUNT = 105_00
PARTS = 4
LATER = NOW + timedelta(hours=1)
AT_LAST = NOW + timedelta(days=365)


def orders(count: int) -> list[Order]:
    """Make many orders of a few persons at once."""
    persons = [PersonFactory() for _ in range(5)]
    return Order.objects.bulk_create(
        OrderFactory.build(person=persons[turn % 5], crous_id=VERSAILLES, number=f"S{turn:09d}", reference=f"t3:{turn}")
        for turn in range(count)
    )


def tries(order: Order, seed: int) -> list[Attempt]:
    """One try of the order, or, every fourth time, two: the first was given up. Not written yet."""
    rail, count = rail_of(seed), 1 if seed // 4 % 4 else 2
    return [
        Attempt(
            order=order, person_id=order.person_id, crous_id=order.crous_id, rail=rail, rank=rank,
            number=f"{order.number}-{rank}", bank_ref=f"{seed % 10_000:04d}{rank:02d}", begun_on=NOW.date(),
            amount_cents=AMOUNT, language="fr", begun_at=NOW, rail_ref=reference(f"{order.number}-{rank}"),
            **(
                {"status": "abandoned", "ended_at": NOW, "ask_at": None}
                if rank < count
                else {"ask_at": next_question_at(0, NOW)}
            ),
        )
        for rank in range(1, count + 1)
    ]  # fmt: skip


class PayfipKnows:
    """What PayFiP answers of each operation, as the letters go by."""

    def __init__(self) -> None:
        """Nothing has ended, and it answers."""
        self.ended: dict[str, str] = {}
        self.silent = False

    def hears(self, letter: Letter) -> None:
        """Something happens on its page."""
        self.silent = letter.truth == "silent"
        if letter.number:
            self.ended[letter.number] = payfip_after(self.ended.get(letter.number, ""), letter.truth)

    def answer(self, attempt: Handover) -> Answer:
        """Answer one question."""
        if self.silent:
            raise ProviderUnavailable("payfip")
        truth = self.ended.get(attempt.number, "")
        outcome = Outcome.PAID if truth == "other" else OUTCOMES.get(truth, Outcome.UNCLEAR)
        if not truth:
            outcome = Outcome.NEVER_SEEN
        cents = 104_99 if truth == "other" else AMOUNT
        facts = Facts(attempt.number, outcome, cents, "EUR", attempt.rail_ref, NOW.isoformat(), truth)
        return Answer(f"{attempt.number} {truth}".encode(), facts)


def deliver(made: Sequence, service: FakeService, payfip: PayfipKnows) -> None:
    """Deliver a sequence: some letters are read at once, some in a heap and out of order, some by the sweep alone.

    Each sequence has its own minute, and looks only at its own events: the test is one long transaction, in which the
    database can forget nothing.
    """
    draw = random.Random(made.seed)
    now = moment(made.seed)
    first = OutsideEvent.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    for place, letter in enumerate(made.letters):
        payfip.hears(letter)
        actions.receive(rail=made.rail, raw=letter.raw, signature=letter.signature, now=now)
        if made.rail == "payfip" and letter.number and draw.random() < 0.6:  # else its job is lost, or late
            tasks.ask_bank(attempt_id=Attempt.objects.get(number=letter.number).pk, now=now)
        service.fails = place in made.breaks
        if service.fails or draw.random() < 0.4:
            heap = unread_since(first)
            draw.shuffle(heap)
            for event_id in heap:
                try:
                    actions.settle(event_id=event_id, now=now)
                except RuntimeError:
                    service.fails = False  # the service broke: the event is still unread, and read again by the sweep
        service.fails = False
    payfip.silent = False
    if draw.random() < 0.9:  # the others are left to the sweep at the end of all
        for event_id in unread_since(first):
            actions.settle(event_id=event_id, now=now)


def moment(seed: int) -> datetime:
    """When the letters of a seed arrive."""
    return NOW + timedelta(minutes=seed)


def unread_since(first: int) -> list[int]:
    """Give the unread events after a number."""
    return list(OutsideEvent.objects.filter(pk__gt=first, status="new").values_list("pk", flat=True))


def differences(made: dict[int, Sequence], service: FakeService) -> list[str]:
    """Compare what is booked with what truly happened (four queries for all); give what is wrong, in words."""
    booked: dict[int, list[Capture]] = defaultdict(list)
    for capture in Capture.objects.filter(order__in=made):
        booked[capture.order_id].append(capture)
    refunds = Counter(Refund.objects.filter(capture__order__in=made).values_list("capture__order", flat=True))
    status = dict(Order.objects.filter(pk__in=made).values_list("pk", "status"))
    told = Counter(facts.order_id for facts in service.told)
    wrong = []
    for order_id, sent in made.items():
        captures = booked[order_id]
        own = sum(not capture.surplus for capture in captures)
        seen = {
            "transactions": sorted(capture.rail_tx_id for capture in captures),
            "own": own, "told": told[order_id], "refunds": refunds[order_id], "paid": status[order_id] == "paid",
        }  # fmt: skip
        due = {
            "transactions": sorted(sent.right),
            "own": int(sent.is_paid), "told": int(sent.is_paid), "refunds": max(0, len(sent.right) - 1),
            "paid": sent.is_paid,
        }  # fmt: skip
        if seen != due:
            wrong.append(f"seed {sent.seed}: {seen}, not {due}, after {sent.delivered}")
    return wrong


@pytest.mark.parametrize("part", range(PARTS))
def test_no_sequence_of_any_bank_doubles_or_loses_money_or_believes_a_forgery(
    part: int, service: FakeService, request: pytest.FixtureRequest, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In parts, so that two processes share them, and no transaction is so long that the database slows."""
    settings.RAIL_FAILURES = 10**9  # this test is of the money; which bank is asked is another's
    payfip = PayfipKnows()
    monkeypatch.setattr(PayFip, "ask", lambda _rail, attempt: payfip.answer(attempt))
    count = -(-request.config.getoption("--t3") // PARTS)
    first = request.config.getoption("--t3-seed") + part * count
    began = time.process_time()
    made: dict[int, Sequence] = {}
    every = orders(count)
    begun = [tries(order, seed) for seed, order in enumerate(every, start=first)]
    Attempt.objects.bulk_create(attempt for some in begun for attempt in some)
    for seed, (order, some) in enumerate(zip(every, begun, strict=True), start=first):
        made[order.pk] = sequence(seed, [attempt.number for attempt in some], moment(seed))
        deliver(made[order.pk], service, payfip)
    while selectors.unread_events(AT_LAST):
        tasks.sweep_inbox(now=AT_LAST)
    while left := [pk for pk in selectors.attempts_to_ask(AT_LAST, limit=10**6) if pk in payfip_attempts()]:
        for pk in left:
            actions.ask_bank(attempt_id=pk, now=AT_LAST)
    figures(made, first, time.process_time() - began)
    wrong = differences(made, service)
    assert not wrong, "\n".join(wrong[:10])
    kinds = {kind for sent in made.values() for kind, _number in sent.delivered}
    assert count < 200 or kinds == {kind for kind, _weight in KINDS}
    books_of(made)
    assert not OutsideEvent.objects.filter(status="new").exists(), "nothing is left unread"
    forged = {letter for sent in made.values() for letter in sent.forged}
    believed = {bytes(raw) for raw in OutsideEvent.objects.filter(verdict="good").values_list("raw", flat=True)}
    assert not forged & believed
    assert breaches() == []
    assert_books_balance()


def payfip_attempts() -> set[int]:
    """The tries by the bank that must be asked."""
    return set(Attempt.objects.filter(rail="payfip").values_list("pk", flat=True))


def figures(made: dict[int, Sequence], first: int, seconds: float) -> None:
    """Print the run's own figures."""
    kinds = Counter(kind for sent in made.values() for kind, _number in sent.delivered)
    letters = sum(len(sent.letters) for sent in made.values())
    paid = sum(sent.is_paid for sent in made.values())
    surplus = sum(max(0, len(sent.right) - 1) for sent in made.values())
    said = f"letters={letters} paid={paid} surplus={surplus} cpu={seconds:.1f}s"
    print(f"T3: seeds {first} to {first + len(made) - 1}: {said} {dict(kinds)}")  # noqa: T201 - the run's own figures


def books_of(made: dict[int, Sequence]) -> None:
    """Each bank's accounts hold what it truly took, and what is to go back."""
    assert balance(ACCOUNT) == sum(sent.is_paid for sent in made.values()) * AMOUNT
    for rail in set(RAILS):
        taken = [len(sent.right) for sent in made.values() if sent.rail == rail]
        assert balance(f"payments:surplus:{rail}") == sum(max(0, count - 1) for count in taken) * AMOUNT
        assert balance(f"psp:{rail}:receivable") == -sum(taken) * AMOUNT


def test_notices_that_never_come_are_made_up_for_by_asking(service: FakeService, bank: FakeRail) -> None:
    """The bank took the money of every second order and says nothing: asking finds each one, once."""
    truth = {begin(order).number: turn % 2 == 0 for turn, order in enumerate(orders(60))}

    def word(number: str) -> Facts:
        return Facts(number, Outcome.PAID if truth[number] else Outcome.ABANDONED, AMOUNT, "EUR", f"tx-{number}")

    bank.says = word
    for turn in range(3):
        tasks.sweep_attempts(now=LATER + turn * timedelta(hours=1))
    assert Order.objects.filter(status="paid").count() == len(service.told) == 30
    assert not Attempt.objects.filter(status__in=LIVE).exists()
    late = [receive(notice(number, trans_uuid=f"tx-{number}")) for number, paid in truth.items() if paid]
    assert [actions.settle(event_id=event_id, now=LATER) for event_id in late if event_id] == ["repeated"] * 30
    assert selectors.unread_events(LATER + timedelta(days=1)) == []
    assert breaches() == []


# Controls: the same with a guard taken away. A test that cannot fail proves nothing.


def without_the_unique_index() -> None:
    """Take the guard away, as the owner of the table; the test's transaction brings it back."""
    with connection.cursor() as cursor:
        cursor.execute("set role msv_owner")
        cursor.execute("alter table payments_capture drop constraint capture_once")
        cursor.execute("set role msv_app")


def run_with_doubles(service: FakeService) -> tuple[int, int]:
    """Deliver sequences until each has a repeated transaction; give (captures, transactions)."""
    captures = transactions = 0
    for seed, order in enumerate(orders(40), start=1):
        number = begin(order).number
        made = Sequence(seed, [number], right={f"{seed}-tx"})
        made.letters = [Letter(notice(number, trans_uuid=f"{seed}-tx", hash=str(turn))) for turn in range(3)]
        deliver(made, service, PayfipKnows())
        tasks.sweep_inbox(now=AT_LAST)
        captures += Capture.objects.filter(order=order).count()
        transactions += len(made.right)
    return captures, transactions


def test_control_with_all_guards_on_there_is_no_double(service: FakeService) -> None:
    assert run_with_doubles(service) == (40, 40)


def test_control_without_the_unique_index_the_ledgers_own_key_still_refuses(service: FakeService) -> None:
    without_the_unique_index()
    number = begin(OrderFactory()).number
    assert tell(notice(number)) == "captured"
    second = receive(notice(number, hash="2"))
    assert second is not None
    with pytest.raises(DatabaseError, match="already moved other money"):
        actions.settle(event_id=second, now=NOW)


def test_control_without_the_unique_index_and_the_ledgers_key_a_double_is_seen(service: FakeService) -> None:
    import sys

    without_the_unique_index()
    turn = iter(range(10_000))

    def keyless(*, key: str, **fields: object) -> bool:
        return post(key=f"{key}:{next(turn)}", **fields)  # type: ignore[arg-type]

    settle = sys.modules["messervices.foundations.payments.actions.settle"]
    with mock.patch.object(settle, "post", keyless):
        captures, transactions = run_with_doubles(service)
    assert captures > transactions, "the test would see a double if there were one"
    assert breaches() != []
