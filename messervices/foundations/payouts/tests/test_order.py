"""A payout is ordered once, waits when something speaks against it, is confirmed by somebody else."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from messervices.foundations.ledger.selectors import balance
from messervices.foundations.notifications.models import Message
from messervices.foundations.payouts import actions, selectors
from messervices.foundations.payouts.models import Payout
from messervices.foundations.payouts.tests.factories import (
    ACCOUNT,
    CHECKER,
    COOL,
    IBANS,
    LYON,
    MAKER,
    NOW,
    FakeService,
    agent,
    cooled,
    order,
    tell,
)  # fmt: skip
from messervices.foundations.students.tests.factories import PersonFactory
from messervices.kernel.errors import Refusal

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("books", "service")]
PAYABLE = "payouts:payable:versailles"


def test_a_payout_to_an_account_known_for_long_is_ready_at_once_and_is_owed() -> None:
    payout = order(cooled())
    assert (payout.status, payout.why) == ("ready", [])
    assert (balance(ACCOUNT), balance(PAYABLE)) == (-105_00, 105_00)


def test_ordered_twice_it_is_one_and_for_another_amount_it_is_refused() -> None:
    details = cooled()
    first = order(details)
    assert order(details).pk == first.pk
    assert balance(PAYABLE) == 105_00
    with pytest.raises(Refusal, match="ordered_otherwise"):
        order(details, amount_cents=106_00)


def test_a_kind_that_no_service_pays_out_is_a_bug() -> None:
    with pytest.raises(LookupError):
        order(cooled(), kind="nobody")


def test_nobody_is_paid_to_somebody_elses_account_nor_to_one_replaced() -> None:
    details = cooled()
    with pytest.raises(Refusal, match="details_not_theirs"):
        order(details, person_id=PersonFactory().pk)
    tell(details.person, IBANS["de"])
    with pytest.raises(Refusal, match="details_replaced"):
        order(details)


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda: order(cooled(), amount_cents=500_01), ["amount"]),
        (lambda: order(tell(PersonFactory())), ["recent"]),
        (lambda: order([cooled(iban=IBANS["be"]), cooled(iban=IBANS["be"])][1]), ["shared"]),
        (lambda: order(cooled(holder="Quelqu'un Dautre")), ["holder"]),
    ],
    ids=["amount", "recent", "shared", "holder"],
)
def test_what_speaks_against_it_makes_it_wait_for_a_second_person(make, why) -> None:
    payout = make()
    assert (payout.status, payout.why) == ("waiting", why)
    with pytest.raises(Refusal, match="second_person"):
        actions.approve(payout_id=payout.pk, by=MAKER, now=NOW)
    with pytest.raises(Refusal, match="not_allowed"):
        actions.approve(payout_id=payout.pk, by=agent(8, rights=frozenset()), now=NOW)
    with pytest.raises(Refusal, match="not_allowed"):
        actions.approve(payout_id=payout.pk, by=agent(8, crous_id=LYON), now=NOW)
    with pytest.raises(Refusal, match="own_file"):
        actions.approve(payout_id=payout.pk, by=agent(8, person_id=payout.person_id, national=True), now=NOW)
    assert actions.approve(payout_id=payout.pk, by=CHECKER, now=NOW).status == "ready"
    with pytest.raises(Refusal, match="step_closed"):
        actions.approve(payout_id=payout.pk, by=CHECKER, now=NOW)


def test_five_hundred_euros_still_leave_on_one_persons_word() -> None:
    assert order(cooled(), amount_cents=500_00).status == "ready"


def test_the_database_itself_refuses_one_person_in_two_roles_and_doubt_without_consent() -> None:
    payout = order(tell(PersonFactory()))
    for changes in ({"approved_by_id": MAKER.user_id, "approved_at": NOW}, {"status": "ready"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Payout.objects.filter(pk=payout.pk).update(**changes)


def test_an_account_that_has_cooled_off_lets_go_what_waited_for_that_alone() -> None:
    alone, doubtful = order(tell(PersonFactory())), order(tell(PersonFactory()), amount_cents=900_00)
    told = [selectors.payouts_of(one.person_id)[0].sentence for one in (alone, doubtful)]
    assert ["pourra partir le" in sentence for sentence in told] == [True, False], "a delay is told to who waits for it"
    assert actions.end_cooling(now=COOL - timedelta(seconds=1)) == 0
    assert actions.end_cooling(now=COOL) == 1
    assert actions.end_cooling(now=COOL) == 0
    alone.refresh_from_db()
    doubtful.refresh_from_db()
    assert (alone.status, doubtful.status) == ("ready", "waiting")


def test_refused_it_gives_the_money_back_and_says_why(service: FakeService) -> None:
    payout = order(cooled(), amount_cents=900_00)
    with pytest.raises(Refusal, match="reason_missing"):
        actions.refuse(payout_id=payout.pk, by=CHECKER, reason=" ", now=NOW)
    actions.refuse(payout_id=payout.pk, by=CHECKER, reason="Montant à revoir.", now=NOW)
    assert balance(PAYABLE) == balance(ACCOUNT) == 0
    assert service.statuses == ["cancelled"]
    assert Message.objects.filter(person=payout.person_id, kind="payouts.cancelled").count() == 1
    with pytest.raises(Refusal, match="step_closed"):
        actions.refuse(payout_id=payout.pk, by=CHECKER, reason="Encore.", now=NOW)
    assert order(payout.details, amount_cents=905_00).pk != payout.pk, "the thing may be paid again, afresh"


def test_a_second_agent_who_opened_the_iban_is_written_and_only_while_it_waits() -> None:
    payout = order(tell(PersonFactory(), IBANS["fr"]))
    assert actions.read_iban(payout_id=payout.pk, by=CHECKER, now=NOW) == IBANS["fr"]
    with pytest.raises(Refusal, match="not_allowed"):
        actions.read_iban(payout_id=payout.pk, by=agent(8, rights=frozenset()), now=NOW)
    actions.approve(payout_id=payout.pk, by=CHECKER, now=NOW)
    with pytest.raises(Refusal, match="not_waiting"):
        actions.read_iban(payout_id=payout.pk, by=CHECKER, now=NOW)
