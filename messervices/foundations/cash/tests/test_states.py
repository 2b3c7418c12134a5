"""Each workflow, walked over all (status × step)."""

import pytest

from messervices.foundations.cash import states
from messervices.kernel.errors import Refusal

WORKFLOWS = [
    (
        states.NOTICE_STEPS, states.NoticeStatus,
        {
            ("open", "cancel"): "cancelled", ("open", "expire"): "expired",
            **{(status, "pay"): "paid" for status in ("open", "cancelled", "expired")},
        },
    ),
    (
        states.FILE_STEPS, states.FileStatus,
        {
            ("received", "believe"): "reading", ("received", "reject"): "rejected", ("reading", "stop"): "stopped",
            ("stopped", "resume"): "reading", ("reading", "finish"): "read",
        },
    ),
    (
        states.LINE_STEPS, states.LineStatus,
        {
            **{(status, "match"): "fits" for status in ("unknown", "other_amount")},
            **{(status, "close"): "closed" for status in ("unknown", "other_amount", "clash")},
        },
    ),
]  # fmt: skip


@pytest.mark.parametrize(("workflow", "statuses", "open_steps"), WORKFLOWS)
def test_every_step_from_every_status(workflow, statuses, open_steps) -> None:
    for status in statuses:
        for step in workflow.steps:
            expected = open_steps.get((status.value, step))
            if expected is None:
                with pytest.raises(Refusal, match="step_closed"):
                    workflow.target(step, status)
            else:
                assert workflow.target(step, status) == expected
