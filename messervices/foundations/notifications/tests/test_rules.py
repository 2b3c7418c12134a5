from datetime import timedelta

import pytest

from messervices.foundations.notifications import rules
from messervices.foundations.notifications.states import MAIL_STEPS, MailStatus


def test_a_mail_is_tried_for_about_half_a_day() -> None:
    waits = [rules.wait_after(attempt) for attempt in range(1, rules.MAX_ATTEMPTS)]
    assert waits[:4] == [timedelta(minutes=m) for m in (1, 2, 4, 8)]
    assert max(waits) == timedelta(hours=1)
    assert timedelta(hours=9) < sum(waits, timedelta()) < timedelta(hours=15)


@pytest.mark.parametrize(
    ("subject", "line"),
    [("Un\n\nsujet \n", "Un sujet"), ("À: x\r\nBcc: y", "À: x Bcc: y"), ("x" * 200, "x" * 119 + "…")],
)
def test_a_subject_is_one_line(subject: str, line: str) -> None:
    assert rules.one_line(subject) == line


def test_a_kind_names_its_templates() -> None:
    assert rules.template_of("cvec.certificate", "mail") == "cvec/mail/certificate"


@pytest.mark.parametrize("kind", ["cvec", "cvec.a.b", "../x.y", "cvec.", "Cvec.x", "cvec/x.y", ""])
def test_what_is_no_kind_is_refused(kind: str) -> None:
    with pytest.raises(ValueError, match="kind"):
        rules.template_of(kind, "mail")


def test_paragraphs_are_parted_at_blank_lines_and_each_is_one_line() -> None:
    assert rules.paragraphs("\n un\n  deux\n \n\n trois\n") == ["un deux", "trois"]
    assert rules.without_gaps("\n\na\nb \n\n \n c\n") == "a\nb\n\nc\n"


def test_a_message_id_is_the_rows_own() -> None:
    assert (
        rules.message_id("message", 7, 1_787_918_400, "messervices.example")
        == "<message.7.1787918400@messervices.example>"
    )


@pytest.mark.parametrize("status", MailStatus)
@pytest.mark.parametrize("step", list(MAIL_STEPS.steps))
def test_every_step_is_open_where_the_table_says_and_nowhere_else(step: str, status: str) -> None:
    sources, target = MAIL_STEPS.steps[step]
    assert (step in MAIL_STEPS.open_steps(status)) == (status in sources)
    if status in sources:
        assert MAIL_STEPS.target(step, status) == target
