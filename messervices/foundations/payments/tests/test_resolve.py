"""An agent files what did not fit."""

import pytest

from messervices.foundations.payments import actions, selectors
from messervices.foundations.payments.models import OutsideEvent
from messervices.foundations.payments.tests.factories import (
    AGENT,
    LATER,
    VERSAILLES,
    FakeService,
    OrderFactory,
    begin,
    go,
    notice,
    tell,
)  # fmt: skip
from messervices.kernel.actor import Actor
from messervices.kernel.errors import Refusal

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("books")]


def test_filing_the_last_question_frees_the_order(service: FakeService) -> None:
    order = OrderFactory()
    attempt = begin(order)
    for cents in ("10400", "10300"):
        tell(notice(attempt.number, amount=cents, effective_amount=cents))
    first, second = selectors.incidents(AGENT)
    actions.close_event(event_id=first.pk, by=AGENT, reason="Vu avec la banque", now=LATER)
    attempt.refresh_from_db()
    assert attempt.status == "doubtful"
    actions.close_event(event_id=second.pk, by=AGENT, reason="Vu avec la banque", now=LATER)
    attempt.refresh_from_db()
    assert attempt.status == "expired"
    assert go(order, LATER).form is not None
    with pytest.raises(Refusal, match="step_closed"):
        actions.close_event(event_id=second.pk, by=AGENT, reason="encore", now=LATER)


@pytest.mark.parametrize(
    ("by", "reason", "code"),
    [
        (Actor.anonymous(), "x", "not_yours"),
        (Actor(kind="agent", crous_ids=(VERSAILLES,)), "x", "not_yours"),
        (Actor(kind="agent", crous_ids=(3,), rights=AGENT.rights), "x", "not_yours"),
        (AGENT, "  ", "reason_missing"),
    ],
)
def test_only_an_agent_of_that_crous_files_a_question_and_says_why(by: Actor, reason: str, code: str) -> None:
    tell(notice(begin(OrderFactory()).number, amount="1", effective_amount="1"))
    event = OutsideEvent.objects.get()
    with pytest.raises(Refusal, match=code):
        actions.close_event(event_id=event.pk, by=by, reason=reason, now=LATER)
