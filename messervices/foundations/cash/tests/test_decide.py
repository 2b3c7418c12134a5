"""An agent looks at money that nothing explains."""

from datetime import timedelta
from typing import Any

import pytest

from messervices.foundations.audit.models import Deed
from messervices.foundations.cash import actions, selectors
from messervices.foundations.cash.models import Line, Notice
from messervices.foundations.cash.tests.factories import (
    AGENT,
    LYON,
    NATIONAL,
    Counter,
    issue,
    operation,
    read,
    return_file,
    settle_all,
    took,
)
from messervices.foundations.ledger.selectors import balance
from messervices.foundations.payments.models import Capture, Order, Refund
from messervices.foundations.payments.tests.factories import ACCOUNT, LATER, FakeService, OrderFactory, jobs_waiting
from messervices.kernel.actor import Actor
from messervices.kernel.errors import Refusal

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("books")]
WHY = {"reason": "Le reçu du guichet porte ce nom", "now": LATER}


def stray(**changes: Any) -> Line:
    """Money under a reference that nobody has."""
    read(return_file(Counter("12345678901234567890", operation=operation(), **changes)))
    return Line.objects.get()


def of_another_amount(cents: int = 104_00) -> Line:
    read(return_file(took(issue(), amount_cents=cents)))
    return Line.objects.get()


def test_money_of_an_unknown_reference_is_matched_by_hand_and_pays(service: FakeService) -> None:
    line, order = stray(), OrderFactory()
    actions.match_line(line_id=line.pk, order_number=f" {order.number.lower()} ", by=NATIONAL, **WHY)
    assert balance(actions.ACCOUNT) == 0
    settle_all()
    line.refresh_from_db()
    assert (line.status, line.crous_id, line.person_id) == ("fits", order.crous_id, order.person_id)
    assert Order.objects.get().status == "paid"
    assert Notice.objects.get().status == "paid"
    assert Capture.objects.get().rail_tx_id == line.operation
    assert balance(ACCOUNT) == 105_00
    assert jobs_waiting("read_inbox") == 1
    deed = Deed.objects.get(verb="cash.match_line")
    assert (deed.person_id, deed.reason) == (order.person_id, WHY["reason"])


def test_decided_twice_is_decided_once(service: FakeService) -> None:
    line, order, other = stray(), OrderFactory(), OrderFactory()
    actions.match_line(line_id=line.pk, order_number=order.number, by=NATIONAL, **WHY)
    for again in (order, other):
        with pytest.raises(Refusal, match="step_closed"):
            actions.match_line(line_id=line.pk, order_number=again.number, by=NATIONAL, **WHY)
    with pytest.raises(Refusal, match="step_closed"):
        actions.close_line(line_id=line.pk, by=NATIONAL, **WHY)
    settle_all()
    assert Capture.objects.count() == 1


def test_money_of_another_amount_is_given_back_to_whoever_had_the_notice(service: FakeService) -> None:
    line = of_another_amount()
    with pytest.raises(Refusal, match="does_not_fit"):
        actions.match_line(line_id=line.pk, order_number=line.notice.order.number, by=AGENT, **WHY)
    actions.give_back_line(line_id=line.pk, order_number="", by=AGENT, **WHY)
    settle_all()
    refund = Refund.objects.get()
    assert (refund.amount_cents, refund.reason) == (104_00, "amount_changed")
    assert Order.objects.get().status == "open", "the order is still to be paid"
    assert balance(actions.ACCOUNT) == 0
    assert balance("payments:surplus:eficash") == 104_00


def test_money_that_pays_exactly_is_not_given_back() -> None:
    line, order = stray(), OrderFactory()
    with pytest.raises(Refusal, match="does_not_fit"):
        actions.give_back_line(line_id=line.pk, order_number=order.number, by=NATIONAL, **WHY)
    with pytest.raises(Refusal, match="order_unknown"):
        actions.give_back_line(line_id=line.pk, order_number="", by=NATIONAL, **WHY)


def test_money_that_is_not_ours_is_closed_and_leaves_the_books(service: FakeService) -> None:
    line = stray()
    actions.close_line(line_id=line.pk, by=NATIONAL, **WHY)
    line.refresh_from_db()
    assert (line.status, line.reason, line.decided_by) == ("closed", WHY["reason"], "Cnous")
    assert balance(actions.ACCOUNT) == balance("psp:eficash:receivable") == 0
    assert selectors.count_waiting(NATIONAL) == 0


def test_a_line_that_clashes_is_closed_without_touching_the_books(service: FakeService) -> None:
    first = took(issue())
    read(return_file(first, number=1))
    settle_all()
    read(return_file(took(issue(), operation=first.operation), number=2))
    line = Line.objects.get(status="clash")
    with pytest.raises(Refusal, match="step_closed"):
        actions.match_line(line_id=line.pk, order_number=line.notice.order.number, by=AGENT, **WHY)
    actions.close_line(line_id=line.pk, by=AGENT, **WHY)
    assert balance("psp:eficash:receivable") == -105_00
    assert balance(ACCOUNT) == 105_00


@pytest.mark.parametrize("deed", ["match_line", "give_back_line", "close_line"])
def test_who_may_decide_and_that_they_say_why(deed: str) -> None:
    line, order = of_another_amount(), OrderFactory()
    given: dict[str, Any] = {} if deed == "close_line" else {"order_number": order.number}
    act = getattr(actions, deed)
    bare = Actor(kind="agent", user_id=1, crous_ids=AGENT.crous_ids)
    elsewhere = Actor(kind="agent", user_id=2, crous_ids=(LYON,), rights=AGENT.rights)
    for by in (bare, elsewhere):
        with pytest.raises(Refusal, match="not_yours"):
            act(line_id=line.pk, by=by, **given, **WHY)
    with pytest.raises(Refusal, match="reason_missing"):
        act(line_id=line.pk, by=AGENT, **given, **WHY | {"reason": "  "})


def test_an_order_of_another_crous_is_unknown_to_an_agent() -> None:
    line, order = of_another_amount(103_00), OrderFactory(crous_id=LYON, amount_cents=103_00)
    with pytest.raises(Refusal, match="order_unknown"):
        actions.match_line(line_id=line.pk, order_number=order.number, by=AGENT, **WHY)


def test_an_order_paid_while_the_agent_decides_gives_the_money_back(service: FakeService) -> None:
    line, made = stray(), issue()
    actions.match_line(line_id=line.pk, order_number=made.order.number, by=NATIONAL, **WHY)
    read(return_file(took(made), number=2))
    settle_all(LATER + timedelta(hours=1))
    assert sorted(Capture.objects.values_list("surplus", flat=True)) == [False, True]
    assert Refund.objects.get().reason == "already_paid"
