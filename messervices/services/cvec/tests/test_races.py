"""Several at once: one valid certificate a person and year. The race has its control, seen failing without guard."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

import pytest

from messervices.foundations.documents.models import Document
from messervices.foundations.ledger.selectors import assert_books_balance
from messervices.foundations.payments import actions as payments
from messervices.foundations.payments.models import Order
from messervices.foundations.payments.tests.factories import begin, notice, receive
from messervices.kernel.tests.races import as_owner, failures, together
from messervices.services.cvec.actions import acknowledge as deed
from messervices.services.cvec.models import Acquittement
from messervices.services.cvec.tests.factories import NOW, acknowledge, student

pytestmark = [pytest.mark.django_db(transaction=True)]

AT_ONCE = 8


@contextmanager
def slow_middle() -> Iterator[None]:
    """Hold every thread in the middle of the deed, so that they are all there together."""
    real = deed.held

    def held(*args: object) -> Acquittement:
        time.sleep(0.3)
        return real(*args)  # type: ignore[arg-type]

    with mock.patch.object(deed, "held", held):
        yield


_OFF = (
    "drop index acquittement_one_a_year",
    "drop index document_one_valid",
    "drop index fact_one_current",
)
_ON = (
    """create unique index acquittement_one_a_year on cvec_acquittement (person_id, year_start)
       where status <> 'cancelled'""",
    """create unique index document_one_valid on documents_document (person_id, kind, year_start)
       where cancelled_at is null and year_start is not null""",
    """create unique index fact_one_current on students_fact (person_id, kind, year_start) nulls not distinct
       where superseded_at is null""",
)


@pytest.fixture
def without_guard() -> Iterator[None]:
    """The three rules of the database taken away; what the test made is removed before they come back."""
    as_owner(*_OFF)
    yield
    as_owner(
        "alter table cvec_acquittement disable row level security",
        "delete from cvec_acquittement",
        "alter table cvec_acquittement enable row level security",
        "alter table students_fact disable row level security",
        "delete from students_fact",
        "alter table students_fact enable row level security",
        "alter table notifications_message disable row level security",
        "delete from notifications_message",
        "alter table notifications_message enable row level security",
        "alter table documents_document disable trigger documents_document_kept",
        "alter table documents_document disable row level security",
        "delete from documents_document",
        "alter table documents_document enable row level security",
        "alter table documents_document enable trigger documents_document_kept",
        *_ON,
    )


def test_eight_exemptions_at_once_give_one_certificate() -> None:
    person = student(boursier=True)
    with slow_middle():
        raised = failures(together([lambda: acknowledge(person)] * AT_ONCE))
    assert raised == []
    assert Acquittement.objects.filter(person=person).count() == 1
    assert Document.objects.filter(person=person).count() == 1


@pytest.mark.usefixtures("without_guard")
def test_control_without_the_guard_there_are_several_certificates() -> None:
    most = 0
    for _round in range(5):
        person = student(boursier=True)
        with slow_middle():
            together([lambda person=person: acknowledge(person)] * AT_ONCE)  # type: ignore[misc]
        most = max(most, Document.objects.filter(person=person).count())
    assert most > 1


def test_eight_tabs_at_once_make_one_order() -> None:
    person = student()
    with slow_middle():
        raised = failures(together([lambda: acknowledge(person)] * AT_ONCE))
    assert raised == []
    assert Order.objects.filter(person=person).count() == 1


def test_a_student_who_acknowledges_again_while_the_bank_confirms_is_not_stopped() -> None:
    """The order is locked before the acquittement on both sides: neither waits for the other for ever."""
    for _round in range(4):
        person = student()
        acquittement = acknowledge(person)
        event_id = receive(notice(begin(acquittement.order).number))
        turn = iter(range(AT_ONCE))

        def work(event_id: int | None = event_id, person: object = person, turn: Iterator[int] = turn) -> None:
            if next(turn) % 2:
                payments.settle(event_id=event_id, now=NOW)  # type: ignore[arg-type]
            else:
                acknowledge(person)  # type: ignore[arg-type]

        assert failures(together([work] * AT_ONCE)) == []
        assert Document.objects.filter(person=person).count() == 1
    assert_books_balance()
