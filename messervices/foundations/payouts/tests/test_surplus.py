"""A surplus that the card could not take back leaves by transfer, once."""

import pytest

from messervices.foundations.ledger.selectors import balance
from messervices.foundations.notifications.models import Message
from messervices.foundations.payments import actions as payments
from messervices.foundations.payments.models import Refund
from messervices.foundations.payments.tests.factories import OrderFactory, pay_twice, sold
from messervices.foundations.payouts import actions
from messervices.foundations.payouts.models import Payout
from messervices.foundations.payouts.tests.factories import LYON, MAKER, NOW, agent, cooled
from messervices.kernel.errors import Refusal

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("books")]
BY = agent(7, rights=MAKER.rights | {"payments:refund:retry"})


@pytest.fixture
def refused() -> Refund:
    """A surplus that the bank would not give back to the card."""
    with sold():
        refund = pay_twice(OrderFactory())
    Refund.objects.update(status="failed", detail="carte close", ended_at=NOW)
    refund.refresh_from_db()
    return refund


def test_without_an_account_it_is_asked_for_and_nothing_moves(refused: Refund) -> None:
    assert actions.pay_refund(refund_id=refused.pk, by=BY, now=NOW) is None
    assert Message.objects.filter(person=refused.person_id, kind="payouts.details_wanted").count() == 1
    refused.refresh_from_db()
    assert refused.status == "failed"


def test_with_an_account_it_leaves_by_transfer_once_and_the_card_is_not_asked_any_more(refused: Refund) -> None:
    cooled(refused.capture.order.person)
    payout = actions.pay_refund(refund_id=refused.pk, by=BY, now=NOW)
    assert payout is not None
    assert actions.pay_refund(refund_id=refused.pk, by=BY, now=NOW).pk == payout.pk
    assert (payout.status, payout.amount_cents, Payout.objects.count()) == ("ready", 105_00, 1)
    assert balance("payments:surplus:lyra") == 0
    assert balance("payouts:payable:versailles") == 105_00
    with pytest.raises(Refusal, match="step_closed"):
        payments.retry_refund(refund_id=refused.pk, by=BY, reason="Encore.", now=NOW)


@pytest.mark.parametrize("by", [MAKER, agent(7, crous_id=LYON, rights=BY.rights)], ids=["no right", "another Crous"])
def test_who_may_not_restart_a_refund_may_not_move_it(refused: Refund, by) -> None:
    with pytest.raises(Refusal, match="not_yours"):
        actions.pay_refund(refund_id=refused.pk, by=by, now=NOW)


def test_a_refund_that_did_not_fail_is_the_cards_affair(refused: Refund) -> None:
    Refund.objects.update(status="queued", ended_at=None)
    with pytest.raises(Refusal, match="step_closed"):
        actions.pay_refund(refund_id=refused.pk, by=BY, now=NOW)
