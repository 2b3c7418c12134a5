"""Several at once on one request: one transfer, one letter, one end. The races have their controls, seen failing."""

import threading
from collections.abc import Iterator
from datetime import datetime
from unittest import mock

import pytest
from django.db import connection

from messervices.foundations.audit.models import Deed
from messervices.foundations.documents.models import Document
from messervices.foundations.ledger.selectors import assert_books_balance, balance
from messervices.foundations.notifications.models import Message
from messervices.foundations.payouts.actions import order as ordering
from messervices.foundations.payouts.models import Payout
from messervices.foundations.payouts.tests import factories as payouts
from messervices.foundations.students.models import Person
from messervices.foundations.students.tests.factories import give_fact
from messervices.kernel.actor import Actor
from messervices.kernel.errors import Refusal
from messervices.kernel.scope import acting_as
from messervices.kernel.tests.races import as_owner, failures, together
from messervices.services.cvec import actions
from messervices.services.cvec.actions import decide
from messervices.services.cvec.models import Acquittement, Request
from messervices.services.cvec.states import Ground, RequestKind, RequestStatus, Status
from messervices.services.cvec.tests.factories import YEAR, acting, actor_of, paid_student, student
from messervices.services.cvec.tests.test_requests import AGENT, AUTUMN, hand_in, opened, refund_asked, sent

pytestmark = [pytest.mark.django_db(transaction=True)]
AT_ONCE = 16


def accepting(asked: Request) -> list[BaseException]:
    def accept() -> Request:
        return actions.accept_request(by=AGENT, request_id=asked.pk, now=AUTUMN)

    return failures(together([accept] * AT_ONCE, AGENT.scope))


def letters(asked: Request) -> int:
    return Document.objects.filter(person=asked.person, kind="cvec.decision").count()


def answers(asked: Request) -> int:
    return Message.objects.filter(person=asked.person, kind="cvec.request_accepted").count()


def test_sixteen_agents_who_accept_one_refund_at_once_pay_it_once_and_write_one_letter() -> None:
    asked = refund_asked()
    assert accepting(asked) == []
    asked.refresh_from_db()
    assert asked.status == RequestStatus.ACCEPTED
    assert (Payout.objects.count(), letters(asked), answers(asked)) == (1, 1, 1)
    assert Deed.objects.filter(verb="cvec.accept_request").count() == 1
    assert Acquittement.objects.get(pk=asked.acquittement_id).status == Status.REFUNDED
    assert balance("payouts:payable:versailles") == asked.amount_cents
    assert_books_balance()


def test_sixteen_agents_who_grant_one_exemption_at_once_give_one_certificate() -> None:
    person = student()
    asked = opened(person, Ground.REFUGIE, RequestKind.EXEMPTION)
    hand_in(asked)
    sent(asked)
    assert accepting(asked) == []
    assert Document.objects.filter(person=person, kind="cvec.attestation").count() == 1
    assert (letters(asked), answers(asked)) == (1, 1)


def unlocked(request_id: int, _by: Actor) -> Request:
    """The request as it stands, held by nobody."""
    return Request.objects.get(pk=request_id)


@pytest.fixture
def without_keys() -> Iterator[None]:
    """The two rules of the database taken away: a number for one paper, a transfer for one thing."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select conname, pg_get_constraintdef(oid) from pg_constraint"
            " where conrelid = 'documents_document'::regclass and contype = 'u'"
        )
        name, rule = next((name, rule) for name, rule in cursor.fetchall() if "(number)" in rule)
        cursor.execute("select indexdef from pg_indexes where indexname = 'payout_one_for_one_thing'")
        (once,) = cursor.fetchone()
    as_owner(f"alter table documents_document drop constraint {name}", "drop index payout_one_for_one_thing")
    yield
    as_owner(
        "truncate documents_document, payouts_payout cascade",
        f"alter table documents_document add constraint {name} {rule}",
        once,
    )


def test_control_without_the_lock_the_keys_of_the_database_still_pay_it_once() -> None:
    asked = refund_asked()
    with mock.patch.object(decide, "_locked", unlocked):
        raised = accepting(asked)
    assert raised, "without the lock the others fall on the number of the letter"
    assert (Payout.objects.count(), letters(asked)) == (1, 1)


@pytest.mark.usefixtures("without_keys")
def test_control_without_lock_and_keys_one_refund_is_paid_many_times() -> None:
    acquittement = paid_student()
    payouts.tell(acquittement.person, now=AUTUMN)  # too fresh: the transfer waits, and the certificate with it
    asked = opened(acquittement.person, Ground.EXEMPT)
    hand_in(asked)
    sent(asked)
    gate = threading.Barrier(AT_ONCE)
    real = ordering._known

    def look_together(kind: str, reference: str) -> Payout | None:
        known = real(kind, reference)
        gate.wait(20)
        return known

    with (
        mock.patch.object(decide, "_locked", unlocked),
        mock.patch.object(decide, "_decide", decided_unguarded),
        mock.patch.object(decide, "Order"),
        mock.patch.object(ordering, "_known", look_together),
    ):
        accepting(asked)
    assert Payout.objects.count() > 1
    assert letters(asked) > 1


def decided_unguarded(asked: Request, step: str, reason: str, *, by: Actor, now: datetime) -> None:
    """The letter of a decision, without the row that the database locks as it is written."""
    assert (step, reason) == ("accept", "")
    asked.decided_at, asked.decided_by_label = now, by.label
    asked.letter = decide.letter_of(asked, granted=True, now=now)


def test_a_request_sent_and_taken_back_at_once_ends_one_way_and_nobody_is_told_otherwise() -> None:
    for _round in range(4):
        acquittement = paid_student()
        payouts.cooled(acquittement.person)
        asked = opened(acquittement.person, Ground.EXEMPT)
        hand_in(asked)
        by = actor_of(acquittement.person)

        def send(by: Actor = by, asked: Request = asked) -> object:
            return actions.submit_request(by=by, request_id=asked.pk, now=AUTUMN)

        def withdraw(by: Actor = by, asked: Request = asked) -> object:
            return actions.withdraw_request(by=by, request_id=asked.pk, now=AUTUMN)

        raised = failures(together([send, withdraw] * 4, by.scope))
        assert all(isinstance(one, Refusal) and one.code == "step_closed" for one in raised), raised
        asked.refresh_from_db()
        assert asked.status == RequestStatus.WITHDRAWN, "whoever was first, taking it back stays possible, and is final"
        told = Message.objects.filter(person=asked.person, kind="cvec.request_received").count()
        assert told == int(asked.submitted_at is not None)


def test_taken_back_while_an_agent_accepts_it_is_either_withdrawn_or_paid() -> None:
    for _round in range(4):
        asked = refund_asked()
        by = actor_of(asked.person)

        def withdraw(by: Actor = by, asked: Request = asked) -> None:
            with acting_as(by.scope):
                actions.withdraw_request(by=by, request_id=asked.pk, now=AUTUMN)

        def accept(asked: Request = asked) -> object:
            return actions.accept_request(by=AGENT, request_id=asked.pk, now=AUTUMN)

        raised = failures(together([withdraw, accept], AGENT.scope))
        assert [one.code for one in raised if isinstance(one, Refusal)] == ["step_closed"]
        asked.refresh_from_db()
        paid = Payout.objects.filter(person=asked.person).count()
        assert (asked.status, paid) in {(RequestStatus.WITHDRAWN, 0), (RequestStatus.ACCEPTED, 1)}
    assert_books_balance()


def test_two_tabs_that_begin_at_once_begin_one_request() -> None:
    person = paid_student().person
    by = actor_of(person)
    given: list[int] = []
    raised = failures(together([lambda: given.append(opened(person, Ground.EXEMPT).pk)] * 8, by.scope))
    assert raised == []
    assert (len(given), len(set(given))) == (8, 1), "each tab is given the one request"
    with acting(person):
        assert Request.objects.filter(person=person).count() == 1


def test_the_nights_proposal_and_a_student_who_asks_at_once_make_one_request() -> None:
    for _round in range(4):
        person = paid_student().person
        give_fact(person, "boursier", {"echelon": "1"})
        by = actor_of(person)

        def propose(person: Person = person) -> object:
            return actions.propose_refund(person_id=person.pk, year=YEAR, now=AUTUMN)

        assert failures(together([propose, lambda person=person: opened(person)] * 2, by.scope)) == []  # type: ignore[misc]
        with acting(person):
            assert Request.objects.filter(person=person).count() == 1
