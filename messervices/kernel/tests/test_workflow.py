"""A step leads somewhere, or is refused with a sentence."""

import pytest

from messervices.kernel.errors import Refusal
from messervices.kernel.workflow import Workflow

STEPS = Workflow(
    {"pay": ({"awaiting"}, "paid"), "refund": ({"paid"}, "refunded"), "cancel": ({"awaiting", "paid"}, "cancelled")}
)


@pytest.mark.parametrize(("step", "status", "target"), [("pay", "awaiting", "paid"), ("refund", "paid", "refunded")])
def test_an_open_step_leads_to_its_status(step: str, status: str, target: str) -> None:
    assert STEPS.target(step, status) == target


@pytest.mark.parametrize(("step", "status"), [("pay", "paid"), ("refund", "awaiting"), ("pay", "unknown")])
def test_a_closed_step_is_refused_with_a_sentence(step: str, status: str) -> None:
    with pytest.raises(Refusal) as refusal:
        STEPS.target(step, status)
    assert refusal.value.code == "step_closed"
    assert str(refusal.value.sentence)


def test_the_buttons_are_the_open_steps() -> None:
    assert STEPS.open_steps("paid") == ("refund", "cancel")
    assert STEPS.open_steps("refunded") == ()


def test_an_unknown_step_is_a_bug() -> None:
    with pytest.raises(KeyError):
        STEPS.target("fly", "paid")
