"""A student asks for an exemption or for their money: what is asked, who decides, what it does."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from messervices.foundations.documents import actions as documents
from messervices.foundations.documents.models import Document, Upload
from messervices.foundations.documents.tests import honest
from messervices.foundations.ledger.selectors import assert_books_balance, balance
from messervices.foundations.notifications.models import Message
from messervices.foundations.payouts import actions as payout_actions
from messervices.foundations.payouts.models import Payout
from messervices.foundations.payouts.states import PayoutNews
from messervices.foundations.payouts.tests import factories as payouts
from messervices.foundations.students.models import Fact, Person
from messervices.foundations.students.tests.factories import give_fact
from messervices.kernel.actor import Actor
from messervices.kernel.errors import Refusal
from messervices.services.cvec import actions, selectors
from messervices.services.cvec.invariants import invariants as cvec_invariants
from messervices.services.cvec.models import Acquittement, Request
from messervices.services.cvec.states import Ground, RequestKind, RequestStatus, Status, certificate_code
from messervices.services.cvec.tests.factories import LYON, VERSAILLES, YEAR, acting, paid_student, student

pytestmark = pytest.mark.django_db
AUTUMN = datetime(2026, 10, 12, 9, 0, tzinfo=UTC)
RIGHTS = frozenset({"cvec:request:decide"})
AGENT = Actor(kind="agent", user_id=7, label="Mme Roche", crous_ids=(VERSAILLES,), rights=RIGHTS)
ELSEWHERE = Actor(kind="agent", user_id=8, label="M. Petit", crous_ids=(LYON,), rights=RIGHTS)


@pytest.fixture(autouse=True)
def _books() -> Iterator[None]:
    """After every test the books agree, and so does everything else of this room."""
    yield
    assert_books_balance()
    for one in cvec_invariants():
        with connection.cursor() as cursor:
            cursor.execute(one.sql)
            assert cursor.fetchone()[0] == 0, one.name


def opened(person: Person, ground: str = Ground.SCHOLAR, kind: str = RequestKind.REFUND, **changes: Any) -> Request:
    with acting(person) as actor:
        given = {"by": actor, "person_id": person.pk, "year": YEAR, "kind": kind, "ground": ground, "words": ""}
        return actions.open_request(**given | {"now": AUTUMN} | changes)


def hand_in(asked: Request, slot: str = "proof") -> None:
    """Put a paper in, already verified."""
    with acting(asked.person) as actor:
        upload = documents.receive_upload(
            by=actor, person_id=asked.person_id, crous_id=asked.crous_id, subject=asked.subject, slot=slot,
            name="papier.pdf", content=honest.pdf(), identity=True, now=AUTUMN,
        )  # fmt: skip
    documents.check_upload(upload_id=upload.pk, now=AUTUMN)
    assert Upload.objects.get(pk=upload.pk).status == "clean"


def sent(asked: Request, now: datetime = AUTUMN) -> Request:
    with acting(asked.person) as actor:
        return actions.submit_request(by=actor, request_id=asked.pk, now=now)


def refund_asked(ground: str = Ground.EXEMPT) -> Request:
    """A refund that waits at the desk, with its paper and an account that has cooled off."""
    acquittement = paid_student()
    payouts.cooled(acquittement.person)
    asked = opened(acquittement.person, ground)
    hand_in(asked)
    return sent(asked)


def refusal(deed: Any, *args: Any, **kwargs: Any) -> str:
    with pytest.raises(Refusal) as refused:
        deed(*args, **kwargs)
    return refused.value.code


def test_a_scholar_whom_we_know_gives_an_account_and_is_refunded_at_once() -> None:
    acquittement = paid_student()
    person = acquittement.person
    give_fact(person, "boursier", {"echelon": "3"})
    actions.propose_refund(person_id=person.pk, year=YEAR, now=AUTUMN)
    assert actions.propose_refund(person_id=person.pk, year=YEAR, now=AUTUMN) is None
    asked = Request.objects.get()
    assert (asked.status, asked.amount_cents) == (RequestStatus.PROPOSED, 105_00)
    with acting(person) as actor:
        assert refusal(actions.submit_request, by=actor, request_id=asked.pk, now=AUTUMN) == "details_missing"
    payouts.tell(person, payouts.IBANS["de"], now=AUTUMN - timedelta(days=9))
    assert sent(asked).status == RequestStatus.ACCEPTED
    assert sent(asked).status == RequestStatus.ACCEPTED
    acquittement.refresh_from_db()
    assert acquittement.status == Status.REFUNDED
    assert certificate_code(acquittement.status) == 98
    assert Document.objects.get(pk=acquittement.document_id).cancelled_at is None
    payout = Payout.objects.get()
    assert (payout.amount_cents, payout.status) == (105_00, "ready")
    assert balance("cvec:2026:collected:versailles") == 0
    assert balance("payouts:payable:versailles") == 105_00
    kinds = list(Message.objects.filter(person=person).values_list("kind", flat=True))
    assert {"cvec.refund_proposed", "cvec.request_accepted"} <= set(kinds)


def test_a_conditional_scholarship_or_a_declared_one_gives_nothing_back_by_itself() -> None:
    for value, certainty in (({"stage": "conditional"}, "verified"), ({"echelon": "1"}, "declared")):
        acquittement = paid_student()
        give_fact(acquittement.person, "boursier", value, certainty=certainty)
        assert (acquittement.person_id, YEAR) not in selectors.to_propose(AUTUMN)
        asked = opened(acquittement.person)
        assert [slot.code for slot in selectors.slots_of(asked)] == ["proof"]


def test_the_night_proposes_to_those_who_became_scholars_and_to_nobody_else() -> None:
    scholar, other = paid_student(), paid_student()
    give_fact(scholar.person, "boursier", {"echelon": "1"})
    give_fact(other.person, "boursier", {"echelon": "1"}, year=YEAR.previous)
    assert selectors.to_propose(AUTUMN) == [(scholar.person_id, YEAR)]
    assert selectors.to_propose(datetime(2027, 6, 2, tzinfo=UTC)) == []
    asked = actions.propose_refund(person_id=scholar.person_id, year=YEAR, now=AUTUMN)
    assert asked is not None
    with acting(scholar.person) as actor:
        actions.withdraw_request(by=actor, request_id=asked.pk, now=AUTUMN)
    assert selectors.to_propose(AUTUMN) == []


def test_who_never_owed_it_gets_the_money_back_and_the_certificate_ends() -> None:
    asked = refund_asked(Ground.NOT_LIABLE)
    actions.accept_request(by=AGENT, request_id=asked.pk, now=AUTUMN)
    actions.accept_request(by=AGENT, request_id=asked.pk, now=AUTUMN)
    assert Acquittement.objects.get(pk=asked.acquittement_id).status == Status.PAID, "until the money has left"
    news(Payout.objects.get(), "paid")
    with pytest.raises(Refusal, match="certificate_ended"):
        news(Payout.objects.get(), "cancelled")
    acquittement = Acquittement.objects.get(pk=asked.acquittement_id)
    assert acquittement.status == Status.CANCELLED
    assert Document.objects.get(pk=acquittement.document_id).cancelled_at == AUTUMN
    known = Fact.objects.get(person=asked.person, kind="cvec_acquittee", superseded_at=None)
    assert known.value is False
    assert Payout.objects.count() == 1
    assert Document.objects.filter(kind="cvec.decision", person=asked.person).count() == 1


def test_an_agent_asks_for_a_paper_then_refuses_and_the_student_may_ask_again() -> None:
    asked = refund_asked()
    day = AUTUMN.date() + timedelta(days=10)
    assert refusal(actions.ask_paper, by=AGENT, request_id=asked.pk, wanted=" ", wanted_by=day, now=AUTUMN)
    actions.ask_paper(by=AGENT, request_id=asked.pk, wanted="La notification", wanted_by=day, now=AUTUMN)
    asked.refresh_from_db()
    assert [slot.code for slot in selectors.slots_of(asked)] == ["proof", "wanted"]
    with acting(asked.person) as actor:
        assert refusal(actions.submit_request, by=actor, request_id=asked.pk, now=AUTUMN) == "papers_missing"
    hand_in(asked, "wanted")
    late = datetime(2027, 6, 20, 12, 0, tzinfo=UTC)
    assert sent(asked, late).status == RequestStatus.SUBMITTED, "asked in time, a paper may come later"
    assert refusal(actions.refuse_request, by=AGENT, request_id=asked.pk, reason="", now=AUTUMN) == "reason_missing"
    actions.refuse_request(by=AGENT, request_id=asked.pk, reason="Elle est d’une autre année.", now=AUTUMN)
    actions.refuse_request(by=AGENT, request_id=asked.pk, reason="Encore.", now=AUTUMN)
    asked.refresh_from_db()
    assert (asked.status, asked.reason) == (RequestStatus.REFUSED, "Elle est d’une autre année.")
    assert asked.letter is not None
    assert Upload.objects.filter(shred_on=AUTUMN.date() + timedelta(days=183)).count() == 2
    assert opened(asked.person, Ground.EXEMPT).pk != asked.pk


def test_another_crous_and_whoever_decides_for_themselves_are_refused() -> None:
    asked = refund_asked()
    assert refusal(actions.accept_request, by=ELSEWHERE, request_id=asked.pk, now=AUTUMN) == "not_allowed"
    own = Actor(kind="agent", user_id=7, label="Moi", crous_ids=(VERSAILLES,), rights=RIGHTS, person_id=asked.person_id)
    assert refusal(actions.accept_request, by=own, request_id=asked.pk, now=AUTUMN) in {"own_file", "not_allowed"}
    assert selectors.request_at_desk(ELSEWHERE, asked.pk) is None


def test_a_protected_person_is_exempted_on_request() -> None:
    person = student()
    asked = opened(person, Ground.REFUGIE, RequestKind.EXEMPTION, now=datetime(2026, 9, 2, 9, 0, tzinfo=UTC))
    hand_in(asked)
    sent(asked, AUTUMN)
    actions.accept_request(by=AGENT, request_id=asked.pk, now=AUTUMN)
    acquittement = Acquittement.objects.get(person=person)
    assert (acquittement.status, acquittement.motive, acquittement.amount_cents) == (Status.EXEMPT, "REFUGIE", 0)
    assert certificate_code(acquittement.status, acquittement.motive) == 73
    assert refusal(opened, person, Ground.ASILE, RequestKind.EXEMPTION) in {"already_sent", "valid"}


def test_nothing_is_asked_without_a_ground_of_the_list_a_city_or_a_payment() -> None:
    assert refusal(opened, student(), Ground.REFUGIE) == "ground_unknown"
    assert refusal(opened, student(), Ground.SCHOLAR) == "not_paid"
    nowhere = student(city="")
    assert refusal(opened, nowhere, Ground.ASILE, RequestKind.EXEMPTION) == "city_missing"
    paid = paid_student().person
    assert refusal(opened, paid, Ground.ASILE, RequestKind.EXEMPTION) == "valid"
    assert refusal(opened, paid, now=datetime(2026, 8, 28, tzinfo=UTC)) == "not_yet"
    assert refusal(opened, paid, now=datetime(2027, 6, 2, tzinfo=UTC)) == "too_late"


def test_what_the_bank_sends_back_waits_for_another_account_and_what_it_pays_is_told() -> None:
    asked = refund_asked()
    actions.accept_request(by=AGENT, request_id=asked.pk, now=AUTUMN)
    payout = Payout.objects.get()
    for status in ("accepted", "paid", "paid", "returned", "paid"):
        news(payout, status)
        asked.refresh_from_db()
        assert asked.status == status


def test_a_transfer_that_an_agent_cancels_takes_the_decision_back() -> None:
    asked = refund_asked()
    actions.accept_request(by=AGENT, request_id=asked.pk, now=AUTUMN)
    payout = Payout.objects.get()
    second = payouts.agent(8)
    payout_actions.refuse(payout_id=payout.pk, by=second, reason="Compte d’un autre.", now=AUTUMN)
    asked.refresh_from_db()
    assert (asked.status, asked.reason) == ("refused", "Compte d’un autre.")
    assert Acquittement.objects.get(pk=asked.acquittement_id).status == Status.PAID
    assert balance("cvec:2026:collected:versailles") == 105_00
    letters = Document.objects.filter(kind="cvec.decision", person=asked.person).order_by("pk")
    assert [letter.contents["granted"] for letter in letters] == [True, False]
    assert asked.letter_id == letters[1].pk


def test_who_never_owed_it_keeps_the_certificate_when_the_transfer_is_cancelled_before_it_leaves() -> None:
    asked = refund_asked(Ground.NOT_LIABLE)
    actions.accept_request(by=AGENT, request_id=asked.pk, now=AUTUMN)
    payout_actions.refuse(payout_id=Payout.objects.get().pk, by=payouts.agent(8), reason="Doute.", now=AUTUMN)
    acquittement = Acquittement.objects.get(pk=asked.acquittement_id)
    assert acquittement.status == Status.PAID
    assert Document.objects.get(pk=acquittement.document_id).cancelled_at is None


def news(payout: Payout, status: str) -> None:
    """What payouts writes and tells of a transfer."""
    if status != "cancelled":
        dated = {f"{status}_at": AUTUMN, "return_code": "AC04" if status == "returned" else ""}
        Payout.objects.filter(pk=payout.pk).update(status=status, **dated)
    told = PayoutNews(
        payout_id=payout.pk, number=payout.number, kind=payout.kind, reference=payout.reference,
        person_id=payout.person_id, establishment_uai="", crous_id=payout.crous_id,
        amount_cents=payout.amount_cents, status=status, reason="", at=AUTUMN,
    )  # fmt: skip
    with transaction.atomic():
        actions.follow_payout(
            payout_id=payout.pk, reference=payout.reference, news=told, now=AUTUMN, by=Actor.system("bank")
        )
