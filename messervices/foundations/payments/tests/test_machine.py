"""An order's whole life against a small model (T1): every bank, refunds, retries, crashes and jumps of the clock.

The model is what the banks truly did: whatever was cut, doubled, late or lost, in the end what they took is booked
once, the service was told once, and what was paid in excess went back once. ``pytest --machine=2000`` tries that many.
"""

from datetime import datetime, timedelta
from typing import Any
from unittest import mock

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from messervices.foundations.audit.actions import record
from messervices.foundations.audit.models import Deed
from messervices.foundations.ledger.selectors import assert_books_balance
from messervices.foundations.payments import actions, selectors, tasks
from messervices.foundations.payments.models import Attempt, Capture, Order, OutsideEvent, RailHealth, Refund
from messervices.foundations.payments.providers import rail_named
from messervices.foundations.payments.states import LIVE, Paid
from messervices.foundations.payments.tests.factories import NOW, OrderFactory, breaches, go
from messervices.foundations.payments.tests.imaginary import RAILS, Banks, Page
from messervices.kernel import crash, manifest
from messervices.kernel.actor import Actor
from messervices.kernel.errors import ProviderUnavailable, Refusal

pytestmark = pytest.mark.django_db
POINTS = (
    "before_attempt", "after_attempt", "before_door", "after_door", "before_store", "before_claim", "after_claim",
    "after_book", "after_ledger", "after_callback", "before_commit", "before_give_back", "after_give_back",
)  # fmt: skip
ENDS = ("paid", "refused", "abandoned")
WAYS = ("card", "card", "payfip", "stripe", "lyra")
IN_THE_END = [timedelta(minutes=1)] * 3 + [timedelta(minutes=30)] * 4 + [timedelta(hours=6)] * 10


class Killed(BaseException):
    """The process died here."""


class Seller:
    """A service whose work is a row, so that it is undone with the transaction that a kill cuts."""

    fails = False

    def on_paid(self, *, order_id: int, reference: str, facts: Paid, now: datetime, by: Actor) -> None:
        """What payments call, inside their transaction."""
        assert facts.order_id == order_id
        if self.fails:
            raise RuntimeError("the service is broken")
        record(by=by, verb="test.was_paid", subject=reference, now=now, person_id=facts.person_id)

    def told(self, reference: str) -> int:
        """How often it was told."""
        return Deed.objects.filter(verb="test.was_paid", subject=reference).count()


class Life(RuleBasedStateMachine):
    """One order, one student, three banks."""

    def __init__(self) -> None:
        """Nothing has happened."""
        super().__init__()
        self.banks, self.now = Banks(), NOW
        self.dies_at = ""
        self.opened: list[Page] = []
        self.service = Seller()
        sells = {"test": self.service.on_paid}.__getitem__
        self.stack: list[Any] = [
            self.banks.in_place(),
            mock.patch.object(crash, "point", self.point),
            mock.patch.object(manifest, "paid_callback", sells),
        ]
        for one in self.stack:
            one.__enter__()
        RailHealth.objects.all().delete()
        selectors.forget_health()

    def point(self, name: str) -> None:
        """Die at a named point, once."""
        if name == f"payments.{self.dies_at}":
            self.dies_at = ""
            raise Killed

    def do(self, deed: Any) -> Any:
        """Do something that may meet a silent bank, a closed door, a broken service, or die."""
        try:
            return deed()
        except RuntimeError:
            self.service.fails = False  # it was mended
        except (Killed, ProviderUnavailable, Refusal):
            pass
        return None

    @initialize(rail=st.sampled_from(WAYS), then=st.sampled_from(("paid", "open")), told=st.integers(0, 2))
    def an_order(self, rail: str, then: str, told: int) -> None:
        """Something to pay, and somebody who begins."""
        self.order = OrderFactory(created_at=self.now)
        self.leaves_for_the_bank(rail=rail, leave=False)
        if then == "paid" and self.opened:
            self.does_something_on_a_page(which=0, end=then, told=told)

    # The student

    @rule(rail=st.sampled_from(WAYS), leave=st.booleans(), told=st.integers(0, 2))
    def pays(self, rail: str, told: int, *, leave: bool) -> None:
        """The whole way, perhaps of a second try, perhaps on a page that was left."""
        self.leaves_for_the_bank(rail=rail, leave=leave)
        if self.opened:
            self.does_something_on_a_page(which=len(self.opened) - 1, end="paid", told=told)

    @rule(rail=st.sampled_from(WAYS), leave=st.booleans(), told=st.integers(0, 2))
    def pays_in_two_tabs(self, rail: str, told: int, *, leave: bool) -> None:
        """Change one's mind, and pay on every page that is still open."""
        self.leaves_for_the_bank(rail=rail, leave=leave)
        for which in range(len(self.opened)):
            self.does_something_on_a_page(which=which, end="paid", told=told)

    @rule(rail=st.sampled_from(WAYS), leave=st.booleans())
    def leaves_for_the_bank(self, rail: str, *, leave: bool) -> None:
        """Press the button; arrive at the page that it leads to."""
        gone = self.do(lambda: go(self.order, self.now, rail=rail, leave_silent=leave))
        if gone is not None and gone.form is not None:
            page = self.banks.arrive(gone.form)
            if page is not None and page not in self.opened:
                self.opened.append(page)

    @precondition(lambda self: self.opened)
    @rule(which=st.integers(0, 9), end=st.sampled_from(("paid", *ENDS)), told=st.integers(0, 3))
    def does_something_on_a_page(self, which: int, end: str, told: int) -> None:
        """Pay, be refused, give up; the bank tells us so many times, or never."""
        page = self.opened[which % len(self.opened)]
        self.banks.close_old()
        if page.state == "open" and not (page.rail == "stripe" and end == "refused"):
            page.state = end
            self.is_told(which, told)

    @precondition(lambda self: self.opened)
    @rule(which=st.integers(0, 9), times=st.integers(1, 3))
    def is_told(self, which: int, times: int) -> None:
        """A notice of the bank comes in: again, or late."""
        page = self.opened[which % len(self.opened)]
        if page.state == "open" or (page.state == "expired" and page.rail == "payfip"):
            return
        for _turn in range(times):
            raw, signature = page.letter(self.now)
            self.do(lambda: actions.receive(rail=page.rail, raw=raw, signature=signature, now=self.now))  # noqa: B023 - done at once

    @rule()
    def comes_back(self) -> None:
        """The browser comes back from a bank."""
        actions.note_return(order_id=self.order.pk, now=self.now)

    # We

    @rule()
    def reads_the_inbox(self) -> None:
        """The worker reads what came in, until it dies or the service fails."""
        for pk in OutsideEvent.objects.filter(status="new").values_list("pk", flat=True):
            self.do(lambda: tasks.read_inbox(event_id=pk, now=self.now))  # noqa: B023 - done at once

    @rule()
    def asks(self) -> None:
        """A question to the bank, for who waits."""
        attempt = Attempt.objects.filter(order=self.order).exclude(status="captured").order_by("-rank").first()
        if attempt is not None:
            self.do(lambda: actions.ask_bank(attempt_id=attempt.pk, now=self.now))

    @rule()
    def sweeps(self) -> None:
        """Everything that runs by the clock."""
        for sweep in (tasks.sweep_inbox, tasks.try_banks, tasks.sweep_attempts, tasks.sweep_refunds):
            self.do(lambda: sweep(now=self.now))  # noqa: B023 - done at once

    @rule()
    def gives_back(self) -> None:
        """The job of a refund, as often as it likes."""
        for pk in Refund.objects.exclude(status="given").values_list("pk", flat=True):
            self.do(lambda: actions.give_back(refund_id=pk, now=self.now))  # noqa: B023 - done at once

    @precondition(lambda self: self.now > NOW)
    @rule()
    def withdraws_the_order(self) -> None:
        """The service wants it paid no more."""
        with transaction.atomic():
            actions.cancel(order_id=self.order.pk, by=Actor.system("test"), reason="exempt", now=self.now)

    # What goes wrong

    @rule(minutes=st.sampled_from([1, 6, 16, 21, 70, 125, 1500]))
    def time_passes(self, minutes: int) -> None:
        """The clock jumps; a bank that was down is back."""
        self.now += timedelta(minutes=minutes)
        self.banks.now, self.banks.down = self.now, set()

    @rule(rail=st.sampled_from(sorted(RAILS)))
    def a_bank_goes_down(self, rail: str) -> None:
        """It is silent from now on."""
        self.banks.down |= {rail}

    @rule()
    def the_next_answer_is_lost(self) -> None:
        """What is asked is done, and its answer does not come."""
        self.banks.loses = True

    @rule(point=st.sampled_from(POINTS))
    def the_process_will_die(self, point: str) -> None:
        """At a point that it may reach."""
        self.dies_at = point

    @rule()
    def the_service_breaks(self) -> None:
        """Its next call-back fails."""
        self.service.fails = True

    # What always holds

    @invariant()
    def nothing_is_booked_that_no_bank_took(self) -> None:
        """Captures are of the banks' own transactions, once each; the service was told once at most."""
        if not hasattr(self, "order"):
            return
        taken = {page.tx_id for page in self.banks.pages if page.state == "paid"}
        booked = list(Capture.objects.filter(order=self.order).values_list("rail_tx_id", flat=True))
        assert set(booked) <= taken
        assert len(set(booked)) == len(booked)
        assert self.service.told(self.order.reference) <= 1
        assert Attempt.objects.filter(order=self.order, status__in=LIVE).count() <= 1
        assert all(page.given_back <= 1 for page in self.banks.pages)

    def teardown(self) -> None:
        """In the end everything answers: then the books say what the banks did, and nothing else."""
        try:
            if hasattr(self, "order"):
                self.in_the_end()
        finally:
            for one in reversed(self.stack):
                one.__exit__(None, None, None)

    def in_the_end(self) -> None:
        """Let the sweeps pass for some days; no notice comes any more."""
        self.banks.down, self.banks.loses, self.dies_at, self.service.fails = set(), False, "", False
        for wait in IN_THE_END:
            self.now += wait
            self.banks.now = self.now
            self.sweeps()
        self.nothing_is_booked_that_no_bank_took()
        captures = list(Capture.objects.filter(order=self.order))
        taken = {page.tx_id for page in self.banks.pages if page.state == "paid"}
        assert {capture.rail_tx_id for capture in captures} == taken, "what the banks took is booked"
        order = Order.objects.get(pk=self.order.pk)
        own = [capture for capture in captures if not capture.surplus]
        assert (order.status == "paid") is bool(own)
        assert self.service.told(order.reference) == len(own)
        assert own or not taken or order.status == "cancelled", "what was taken first is the order's"
        for refund in Refund.objects.filter(capture__order=self.order).select_related("capture"):
            page = self.banks.page(tx_id=refund.capture.rail_tx_id)
            assert page is not None
            gives_back = rail_named(refund.capture.rail).terms.gives_back
            assert (refund.status == "given") is gives_back, (refund.status, refund.detail)
            assert page.given_back == int(gives_back)
        assert sum(page.given_back for page in self.banks.pages) == sum(
            capture.surplus and rail_named(capture.rail).terms.gives_back for capture in captures
        )
        assert not Attempt.objects.filter(order=self.order, status__in=LIVE).exists(), "nothing waits for ever"
        assert not OutsideEvent.objects.filter(status="new").exists()
        assert breaches() == []


def test_in_the_end_the_books_say_what_the_banks_did(request: pytest.FixtureRequest) -> None:
    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=request.config.getoption("--machine"), stateful_step_count=30, deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
    assert_books_balance()


def test_control_money_that_nobody_asks_about_is_missed() -> None:
    """The machine sees a loss: with the sweep of attempts taken away, what no notice told is not booked."""
    life = Life()
    life.an_order(rail="card", then="paid", told=0)
    with (
        mock.patch.object(tasks, "sweep_attempts"),
        pytest.raises(AssertionError, match="what the banks took is booked"),
    ):
        life.teardown()
