"""Each workflow, walked over all (status × step)."""

import pytest

from messervices.foundations.payments import states
from messervices.foundations.payments.rules import END_STEPS
from messervices.kernel.errors import Refusal

WORKFLOWS = [
    (
        states.ORDER_STEPS,
        states.OrderStatus,
        {("open", "pay"): "paid", ("open", "cancel"): "cancelled"},
    ),
    (
        states.ATTEMPT_STEPS,
        states.AttemptStatus,
        {
            ("begun", "come_back"): "unconfirmed",
            ("unconfirmed", "reopen"): "begun",
            ("begun", "wait"): "unconfirmed",
            ("unconfirmed", "wait"): "unconfirmed",
            **{(live, "doubt"): "doubtful" for live in states.LIVE},
            **{(live, "refuse"): "refused" for live in states.LIVE},
            **{(live, "abandon"): "abandoned" for live in states.LIVE},
            **{(live, "expire"): "expired" for live in states.LIVE},
            **{
                (status, "capture"): "captured"
                for status in ("begun", "unconfirmed", "doubtful", "refused", "abandoned", "expired")
            },
        },
    ),
    (
        states.EVENT_STEPS,
        states.EventStatus,
        {
            ("new", "read"): "done",
            ("new", "not_ours"): "unknown",
            ("new", "question"): "incident",
            ("refused", "trust"): "new",
            ("unknown", "close"): "closed",
            ("incident", "close"): "closed",
        },
    ),
    (
        states.REFUND_STEPS,
        states.RefundStatus,
        {
            ("queued", "send"): "sending",
            ("sending", "send"): "sending",
            ("sending", "confirm"): "given",
            ("sending", "fail"): "failed",
            ("failed", "retry"): "queued",
            ("failed", "move"): "moved",
            ("moved", "move"): "moved",
        },
    ),
]


@pytest.mark.parametrize(("workflow", "statuses", "expected"), WORKFLOWS)
def test_every_step_from_every_status_is_what_the_table_says(workflow, statuses, expected) -> None:
    for status in statuses.values:
        for step in workflow.steps:
            if (status, step) in expected:
                assert workflow.target(step, status) == expected[status, step]
            else:
                with pytest.raises(Refusal, match="step_closed"):
                    workflow.target(step, status)


def test_outcomes_without_money_are_steps_of_an_attempt() -> None:
    assert set(END_STEPS.values()) <= set(states.ATTEMPT_STEPS.steps)


def test_money_is_never_undone_by_a_step() -> None:
    assert states.ATTEMPT_STEPS.open_steps("captured") == ()
    assert states.ORDER_STEPS.open_steps("paid") == ()
    assert states.REFUND_STEPS.open_steps("given") == ()
