"""A payer's link: each deed, done twice, too late, by the wrong one; and the money that comes by it."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from messervices.foundations.audit.models import Deed
from messervices.foundations.ledger.selectors import balance
from messervices.foundations.notifications.models import OutgoingMail
from messervices.foundations.payments import actions, selectors, states
from messervices.foundations.payments.models import Attempt, Order, PayerLink
from messervices.foundations.payments.rules import secret_hash
from messervices.foundations.payments.tests.factories import (
    ACCOUNT,
    AGENT,
    NOW,
    FakeRail,
    FakeService,
    OrderFactory,
    begin,
    notice,
    tell,
)  # fmt: skip
from messervices.foundations.payments.tests.links import (
    FATHER,
    MOTHER,
    accept,
    cancel,
    make_link,
    student,
    token_of,
)  # fmt: skip
from messervices.foundations.students.tests.factories import PersonFactory
from messervices.kernel.errors import Refusal
from messervices.kernel.scope import NOBODY, Scope, acting_as

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("books")]

IN_TIME = NOW + timedelta(hours=47)
TOO_LATE = NOW + timedelta(hours=48, seconds=1)


@pytest.fixture
def order() -> Order:
    return OrderFactory()


def status(link: PayerLink) -> str:
    link.refresh_from_db()
    return link.status


def deeds(verb: str) -> int:
    return Deed.objects.filter(verb=f"payments.{verb}").count()


# Made


def test_a_link_is_made_once_lives_48_hours_and_only_the_hash_of_its_secret_is_kept(order: Order) -> None:
    link = make_link(order)
    assert make_link(order, IN_TIME).pk == link.pk
    assert link.expires_at - link.opened_at == timedelta(hours=48)
    assert (link.person_id, link.crous_id, link.status) == (order.person_id, order.crous_id, "open")
    assert link.token_hash == secret_hash(token_of(link))
    assert selectors.link_address(link).endswith(f"/pay/link/{token_of(link)}")
    row = PayerLink.objects.values().get()
    assert token_of(link) not in str(row)
    assert deeds("open_link") == 1


def test_making_a_link_costs_few_queries(order: Order, django_assert_num_queries) -> None:
    with django_assert_num_queries(12):
        actions.open_link(uuid=order.uuid, person_id=order.person_id, by=student(order), now=NOW)
    with django_assert_num_queries(7):
        actions.open_link(uuid=order.uuid, person_id=order.person_id, by=student(order), now=NOW)


def test_a_link_is_made_for_ones_own_open_order_only(service: FakeService, order: Order) -> None:
    with pytest.raises(Order.DoesNotExist):
        actions.open_link(uuid=order.uuid, person_id=PersonFactory().pk, by=AGENT, now=NOW)
    with pytest.raises(Order.DoesNotExist):
        actions.open_link(uuid=uuid4(), person_id=order.person_id, by=AGENT, now=NOW)
    tell(notice(begin(order).number))
    assert actions.open_link(uuid=order.uuid, person_id=order.person_id, by=student(order), now=NOW) is None
    gone = OrderFactory(status="cancelled", cancelled_at=NOW)
    with pytest.raises(Refusal, match="order_cancelled"):
        actions.open_link(uuid=gone.uuid, person_id=gone.person_id, by=student(gone), now=NOW)


def test_another_link_has_another_secret_its_whole_time_and_closes_the_first(order: Order) -> None:
    first = make_link(order)
    second = make_link(order, IN_TIME, renew=True)
    assert status(first) == "cancelled"
    assert second.expires_at - second.opened_at == timedelta(hours=48)
    assert token_of(second) != token_of(first)
    with pytest.raises(Refusal, match="link_over"):
        accept(first, IN_TIME)
    assert accept(second, IN_TIME).form is not None


def test_a_link_whose_time_is_over_gives_way_to_a_new_one(order: Order) -> None:
    first = make_link(order)
    assert make_link(order, TOO_LATE).pk != first.pk
    assert status(first) == "expired"


def test_when_our_key_has_changed_the_old_link_still_works_and_is_not_shown_wrongly(order: Order, settings) -> None:
    link = make_link(order)
    token = token_of(link)
    settings.SECRET_KEY = "another"
    assert selectors.link_address(link) == ""
    assert selectors.link_by_token(token) == link


def test_the_database_refuses_two_live_links_and_one_accepted_after_its_end(order: Order) -> None:
    link = make_link(order)
    fields = {"order": order, "person_id": order.person_id, "crous_id": order.crous_id, "opened_at": NOW}
    with pytest.raises(IntegrityError, match="payer_link_one_live"), transaction.atomic():
        PayerLink.objects.create(**fields, token_hash="x", expires_at=TOO_LATE)
    for wrong in ({"accepted_at": link.expires_at}, {"status": "paid"}, {"status": "expired"}, {"ended_at": NOW}):
        with pytest.raises(IntegrityError), transaction.atomic():
            PayerLink.objects.filter(pk=link.pk).update(**wrong)


def test_a_link_is_isolated_and_found_by_its_secret_alone(order: Order) -> None:
    link = make_link(order)
    other = PersonFactory()
    for scope in (NOBODY, Scope("somebody", person=other.pk), Scope("agent", crous=(12,))):
        with acting_as(scope):
            assert not PayerLink.objects.exists()
            assert selectors.link_by_token(token_of(link)) == link
            assert selectors.link_by_token("a" * 26) is None
    with acting_as(Scope("agent", crous=(order.crous_id,))):
        assert PayerLink.objects.get() == link


# Accepted and paid


def test_a_payment_by_a_link_is_the_orders_and_says_who_paid(service: FakeService, order: Order) -> None:
    link = make_link(order)
    gone = accept(link, IN_TIME, language="en")
    attempt = Attempt.objects.get()
    assert gone.form is not None
    assert (attempt.link_id, attempt.language, status(link), link.language) == (link.pk, "en", "accepted", "en")
    assert tell(notice(attempt.number), TOO_LATE) == "captured"
    assert (status(link), Order.objects.get().status) == ("paid", "paid")
    assert [facts.payer for facts in service.told] == [states.Payer.THIRD_PARTY]
    assert balance(ACCOUNT) == 105_00
    assert deeds("accept_link") == 1


def test_a_payment_by_the_student_says_so(service: FakeService, order: Order) -> None:
    tell(notice(begin(order).number))
    assert [facts.payer for facts in service.told] == [states.Payer.STUDENT]


def test_settling_what_came_by_a_link_costs_no_query_more(
    service: FakeService, order: Order, django_assert_num_queries, transactional_db
) -> None:
    accept(make_link(order))
    actions.receive(rail="lyra", raw=notice(Attempt.objects.get().number), now=NOW)
    event_id = selectors.unread_events(NOW + timedelta(hours=1))[0]
    with django_assert_num_queries(5):
        assert actions.settle(event_id=event_id, now=NOW) == "captured"


def test_accepting_again_goes_on_with_the_same_try(order: Order) -> None:
    link = make_link(order)
    first, second = accept(link), accept(link, NOW + timedelta(minutes=1))
    assert first.form == second.form
    assert Attempt.objects.count() == 1
    assert deeds("accept_link") == 1


def test_who_comes_second_waits(order: Order) -> None:
    link = make_link(order)
    assert accept(link, key=MOTHER).form is not None
    assert accept(link, key=FATHER).form is None
    tell(notice(Attempt.objects.get().number, "REFUSED"))
    assert accept(link, key=FATHER).form is not None
    assert accept(link, key=MOTHER).form is None
    assert Attempt.objects.count() == 2


def test_a_refused_card_may_be_tried_again_until_the_end(order: Order) -> None:
    link = make_link(order)
    accept(link)
    tell(notice(Attempt.objects.get().number, "REFUSED"))
    assert status(link) == "accepted"
    assert accept(link, IN_TIME).form is not None
    tell(notice(Attempt.objects.get(rank=2).number, "ABANDONED"))
    with pytest.raises(Refusal, match="link_over"):
        accept(link, TOO_LATE)


def test_a_try_begun_in_time_may_be_gone_on_with_after_the_end_by_who_began_it(order: Order, bank: FakeRail) -> None:
    link = make_link(order)
    before = NOW + timedelta(hours=48) - timedelta(seconds=2)
    form = accept(link, before).form
    assert accept(link, TOO_LATE).form == form
    assert accept(link, TOO_LATE, key=FATHER).form is None


def test_after_the_end_nothing_begins(order: Order) -> None:
    link = make_link(order)
    with pytest.raises(Refusal, match="link_over"):
        accept(link, TOO_LATE)
    assert not Attempt.objects.exists()


def test_the_student_back_from_the_bank_is_not_the_payer_back_from_it(order: Order) -> None:
    link = make_link(order)
    accept(link)
    actions.note_return(order_id=order.pk, now=NOW)
    assert Attempt.objects.get().status == "begun"
    for _turn in range(2):
        actions.note_return(order_id=order.pk, link_id=link.pk, now=NOW)
    assert Attempt.objects.get().status == "unconfirmed"


# Sent


def test_the_link_is_mailed_and_nothing_of_it_is_kept_afterwards(order: Order) -> None:
    link = make_link(order, timezone.now())
    given = {"uuid": order.uuid, "person_id": order.person_id, "by": student(order), "now": timezone.now()}
    for _turn in range(2):
        actions.mail_link(to="mere@example.org", language="en", **given)
    mail = OutgoingMail.objects.order_by("pk")[0]
    assert (mail.to, mail.language, mail.params["url"]) == ("mere@example.org", "en", selectors.link_address(link))
    assert set(mail.params) == {"first_name_asking", "label", "amount_cents", "until", "url", "relayed"}
    for _turn in range(4):
        actions.mail_link(to="mere@example.org", language="en", **given)
    with pytest.raises(Refusal, match="too_many"):
        actions.mail_link(to="mere@example.org", language="en", **given)
    cancel(order, timezone.now())
    with pytest.raises(Refusal, match="link_over"):
        actions.mail_link(to="mere@example.org", language="en", **given)


STEPS = {
    ("open", "accept"): "accepted",
    ("accepted", "accept"): "accepted",
    ("accepted", "pay"): "paid",
    **{(live, "refuse"): "refused" for live in states.LINK_LIVE},
    **{(live, "cancel"): "cancelled" for live in states.LINK_LIVE},
    **{(live, "expire"): "expired" for live in states.LINK_LIVE},
}


@pytest.mark.parametrize("status", states.LinkStatus.values)
@pytest.mark.parametrize("step", states.LINK_STEPS.steps)
def test_every_step_from_every_status(status: str, step: str) -> None:
    if (status, step) in STEPS:
        assert states.LINK_STEPS.target(step, status) == STEPS[status, step]
    else:
        with pytest.raises(Refusal, match="step_closed"):
            states.LINK_STEPS.target(step, status)
