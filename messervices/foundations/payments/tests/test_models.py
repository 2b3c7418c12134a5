"""What the database itself refuses, and the reading of the whole."""

import pytest
from django.db import IntegrityError, ProgrammingError, transaction

from messervices.foundations.payments import selectors
from messervices.foundations.payments.models import Attempt, Capture
from messervices.foundations.payments.tests.factories import (
    NOW,
    FakeService,
    OrderFactory,
    begin,
    notice,
    pay_twice,
    tell,
)  # fmt: skip

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("books")]


def test_the_database_refuses_two_live_tries() -> None:
    attempt = begin(OrderFactory())
    with pytest.raises(IntegrityError, match="attempt_one_live"), transaction.atomic():
        Attempt.objects.create(
            order=attempt.order, person_id=attempt.person_id, crous_id=attempt.crous_id, rail="lyra", rank=2,
            number="other", bank_ref="zzzzzz", begun_on=NOW.date(), amount_cents=1, language="fr", begun_at=NOW,
        )  # fmt: skip


def test_money_booked_is_never_edited_by_the_application(service: FakeService) -> None:
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
