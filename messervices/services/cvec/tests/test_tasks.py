"""The night's work."""

from datetime import UTC, datetime

import pytest

from messervices.foundations.payments.models import Order
from messervices.foundations.payments.selectors import live_attempt
from messervices.foundations.payments.tests.factories import begin, notice, tell
from messervices.services.cvec import tasks
from messervices.services.cvec.models import Acquittement
from messervices.services.cvec.states import Status
from messervices.services.cvec.tests.factories import NOW, acknowledge, paid_student, student

pytestmark = [pytest.mark.django_db]


def test_an_unpaid_acquittement_is_closed_after_its_campaign_and_a_paid_one_is_kept() -> None:
    unpaid, paid = acknowledge(student()), paid_student()
    tasks.close_unpaid(now=NOW)
    unpaid.refresh_from_db()
    assert unpaid.status == Status.AWAITING_PAYMENT
    after = datetime(2027, 9, 2, tzinfo=UTC)
    tasks.close_unpaid(now=after)
    tasks.close_unpaid(now=after)
    unpaid.refresh_from_db()
    paid.refresh_from_db()
    assert (unpaid.status, paid.status) == (Status.CANCELLED, Status.PAID)
    assert Order.objects.get(pk=unpaid.order_id).status == "cancelled"


def test_what_the_bank_may_still_confirm_is_not_closed() -> None:
    acquittement = acknowledge(student())
    begin(acquittement.order)
    tasks.close_unpaid(now=datetime(2027, 9, 2, tzinfo=UTC))
    acquittement.refresh_from_db()
    assert acquittement.status == Status.AWAITING_PAYMENT
    assert pay_late(acquittement) == "captured"


def pay_late(acquittement: Acquittement) -> str:
    attempt = live_attempt(acquittement.order_id)
    assert attempt is not None
    return tell(notice(attempt.number), datetime(2027, 9, 3, tzinfo=UTC))
