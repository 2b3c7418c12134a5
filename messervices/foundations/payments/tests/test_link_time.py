"""The end of a payer's link under everything that time can do to it (T9): not one euro is orphaned.

Each run has its own moment of acceptance, from two seconds before the end to two minutes after it; its own payer, who
pays or not, and takes seconds or minutes; and its own notice of the bank, ten minutes late at most, or lost. Meanwhile
the sweeps pass each minute and ask the bank, and the student may cancel. ``pytest --t9=2000`` tries that many.
"""

import heapq
import itertools
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from messervices.foundations.ledger.selectors import assert_books_balance, balance
from messervices.foundations.notifications.models import Message
from messervices.foundations.payments import actions, tasks
from messervices.foundations.payments.models import Attempt, Capture, Order, PayerLink, Refund
from messervices.foundations.payments.providers.rail import Facts
from messervices.foundations.payments.rules import Outcome
from messervices.foundations.payments.states import LIVE
from messervices.foundations.payments.tests.factories import (
    ACCOUNT,
    NOW,
    FakeRail,
    FakeService,
    OrderFactory,
    breaches,
    notice,
    tell,
)  # fmt: skip
from messervices.foundations.payments.tests.links import accept, at, cancel, make_link
from messervices.kernel.errors import Refusal

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("books")]

END = NOW + timedelta(hours=48)
AMOUNT = 105_00


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


@dataclass
class Run:
    """One link, what is to happen to it, and what the bank truly did."""

    seed: int
    order: Order
    link: PayerLink
    accepted_at: datetime = END
    pays_at: datetime | None = None
    gives_up_at: datetime | None = None
    notice_at: datetime | None = None
    cancels_at: datetime | None = None
    went: bool = False
    taken: bool = False
    cancelled: bool = False
    said: list[str] = field(default_factory=list)

    @property
    def number(self) -> str:
        """The try at the bank."""
        return f"{self.order.number}-1"


def drawn(seed: int, order: Order, link: PayerLink) -> Run:
    """Draw a run."""
    draw = random.Random(seed)
    run = Run(seed, order, link)
    run.accepted_at = END + seconds(draw.uniform(-2, 120) if draw.random() < 0.5 else draw.uniform(-2, -0.05))
    away = run.accepted_at + seconds(draw.choice((draw.uniform(1, 30), draw.uniform(30, 600))))
    if draw.random() < 0.75:
        run.pays_at = away
        if draw.random() < 0.85:
            run.notice_at = away + seconds(draw.uniform(0, 600))
    else:
        run.gives_up_at = away
    if draw.random() < 0.25:
        run.cancels_at = run.accepted_at + seconds(draw.uniform(-1, 60))
    return run


class World:
    """Lets everything happen in its order, with the sweeps of each minute in between."""

    def __init__(self, runs: list[Run], bank: FakeRail) -> None:
        """Make the bank know what it truly did."""
        self.runs, self.now = {run.number: run for run in runs}, NOW
        self.places, self.happens = itertools.count(), []
        bank.says = self.truth
        for run in runs:
            self.plan(run.accepted_at, self.accepts, run)
            for when, what in ((run.pays_at, self.pays), (run.notice_at, self.tells), (run.cancels_at, self.cancels)):
                if when is not None:
                    self.plan(when, what, run)
        last = max(run.notice_at or run.accepted_at for run in runs)
        for minute in range(int((last - END).total_seconds() // 60) + 30):
            self.plan(END + timedelta(minutes=minute), self.sweeps, None)

    def plan(self, when: datetime, what: Callable[[Any], None], run: Run | None) -> None:
        """Let something happen at an instant."""
        heapq.heappush(self.happens, (when, next(self.places), what, run))

    def go(self) -> None:
        """Let it all happen, then let a day pass: what the bank still knows, it is asked."""
        while self.happens:
            self.now, _place, what, run = heapq.heappop(self.happens)
            with at(self.now):
                what(run)
        for hours in (2, 8, 14, 20, 26, 32):
            self.now = END + timedelta(hours=hours)
            with at(self.now):
                self.sweeps(None)

    def truth(self, number: str) -> Facts:
        """What the bank answers when it is asked."""
        run = self.runs[number]
        if run.taken:
            return Facts(number, Outcome.PAID, AMOUNT, "EUR", f"tx-{run.seed}", run.pays_at.isoformat())
        closed = run.gives_up_at or run.accepted_at + timedelta(minutes=15)
        if self.now >= closed and not (run.pays_at and self.now < run.pays_at):
            return Facts(number, Outcome.ABANDONED)
        return Facts(number, Outcome.UNFINISHED)

    def accepts(self, run: Run) -> None:
        """The payer presses the button."""
        try:
            gone = accept(run.link, self.now)
        except Refusal:
            return
        run.went = gone.form is not None

    def pays(self, run: Run) -> None:
        """The payer confirms on the bank's page, if they are there: the bank takes the money, whatever we think."""
        run.taken = run.went

    def tells(self, run: Run) -> None:
        """The bank's notice comes."""
        if run.taken:
            run.said.append(tell(notice(run.number, trans_uuid=f"tx-{run.seed}"), self.now))

    def cancels(self, run: Run) -> None:
        """The student cancels."""
        try:
            run.cancelled = cancel(run.order, self.now) or run.cancelled
        except Refusal:
            return

    def sweeps(self, _run: None) -> None:
        """What the worker does each minute."""
        tasks.sweep_inbox(now=self.now)
        tasks.sweep_links(now=self.now)
        tasks.sweep_attempts(now=self.now)
        for refund_id in Refund.objects.filter(status="queued").values_list("pk", flat=True):
            tasks.give_back(refund_id=refund_id, now=self.now)


def wrong(run: Run) -> str:
    """Say what is wrong at the end of a run, or nothing."""
    order = Order.objects.get(pk=run.order.pk)
    link = PayerLink.objects.get(pk=run.link.pk)
    money = list(Capture.objects.filter(order=order))
    kept, back = (
        sum(not one.surplus for one in money),
        Refund.objects.filter(capture__order=order, status="given").count(),
    )
    seen = f"seed {run.seed}: order {order.status}, link {link.status}, went {run.went}, taken {run.taken}, {run.said}"
    if run.went and not link.accepted_at < link.expires_at:
        return f"{seen}: it began after the end"
    if len(money) != int(run.taken) or kept + back != len(money):
        return f"{seen}: an orphan euro ({len(money)} captures, {kept} kept, {back} given back)"
    if (order.status == "paid") != bool(kept) or (link.status == "paid") != bool(kept):
        return f"{seen}: paid and not paid"
    if run.taken and not run.cancelled and not kept:
        return f"{seen}: begun in time, it did not end well"
    if not run.taken and link.status not in {"expired", "cancelled"}:
        return f"{seen}: the link never ended"
    if Attempt.objects.filter(order=order, status__in=LIVE).exists():
        return f"{seen}: a try is still awaited"
    told = Message.objects.filter(person_id=order.person_id, kind="payments.link_expired").count()
    return f"{seen}: told {told} times that it is over" if told != (link.status == "expired") else ""


def test_no_euro_is_orphaned_around_the_end_of_a_link(
    service: FakeService, bank: FakeRail, request: pytest.FixtureRequest
) -> None:
    runs = []
    for seed in range(1, request.config.getoption("--t9") + 1):
        order = OrderFactory()
        runs.append(drawn(seed, order, make_link(order)))
    World(runs, bank).go()
    found = [said for run in runs if (said := wrong(run))]
    assert not found, "\n".join(found[:10])
    ends = Counter(PayerLink.objects.filter(order__in=[run.order for run in runs]).values_list("status", flat=True))
    taken, back = sum(run.taken for run in runs), Refund.objects.count()
    print(f"T9: {len(runs)} runs, {taken} taken, {back} given back, {dict(ends)}")  # noqa: T201 - the run's own figures
    assert balance(ACCOUNT) == (taken - back) * AMOUNT
    assert balance("payments:surplus:lyra") == 0
    assert len(service.told) == taken - back
    assert len(runs) < 200 or (set(ends) == {"paid", "expired", "cancelled"} and back), "everything has happened"
    assert breaches() == []
    assert_books_balance()


def test_control_when_links_end_without_asking_the_bank_money_begun_in_time_goes_back(
    service: FakeService, bank: FakeRail, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same with the question left out, and the link ended by its hour alone: what was begun in time is lost."""
    runs = []
    for seed in range(1, 60):
        order = OrderFactory()
        run = drawn(seed, order, make_link(order))
        run.cancels_at = None
        runs.append(run)

    def by_the_hour_alone(*, link_id: int, now: datetime) -> bool:
        return bool(
            PayerLink.objects.filter(pk=link_id, status__in=("open", "accepted")).update(status="expired", ended_at=now)
        )

    monkeypatch.setattr(actions, "expire_link", by_the_hour_alone)
    World(runs, bank).go()
    assert [said for run in runs if "did not end well" in (said := wrong(run))], "the test would see it"
