from datetime import timedelta

import pytest

from messervices.foundations.notifications import rules
from messervices.foundations.notifications.rules import Block
from messervices.foundations.notifications.states import MAIL_STEPS, SMS_STEPS, MailStatus, SmsStatus


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
    assert rules.blocks("\n un\n  deux\n \n\n trois\n") == [Block("un deux"), Block("trois")]
    assert rules.without_gaps("\n\na\nb \n\n \n c\n") == "a\nb\n\nc\n"


def test_lists_and_buttons_are_parts_of_their_own() -> None:
    url = "https://messervices.example/a"
    said = rules.blocks(f"Il faut :\n\n- une  pièce\n- un reçu\n\nVoir la page >> {url}\n", frozenset({url}))
    assert said == [Block("Il faut :"), Block(items=("une pièce", "un reçu")), Block("Voir la page", url=url)]
    assert rules.blocks(url, frozenset({url})) == [Block(url=url)]
    assert rules.blocks(url) == [Block(url)]


def test_what_somebody_typed_makes_no_button_and_no_part() -> None:
    typed = "Zoé >> https://evil.example"
    assert rules.blocks(f"Bonjour {typed}", frozenset({"https://messervices.example/"})) == [Block(f"Bonjour {typed}")]
    assert rules.tame({"name": "a\n\n- b\r\nc", "list": ["x\ny"], "n": 3, "deep": {"k": "v\tw"}}) == {
        "name": "a - b c",
        "list": ["x y"],
        "n": 3,
        "deep": {"k": "v w"},
    }


@pytest.mark.parametrize(
    ("names", "greeted"),
    [
        ("Lina Sarah", "Lina"),
        ("Lina, Inès", "Lina"),
        ("Jean-Noël", "Jean-Noël"),
        ("N’Golo", "N’Golo"),
        ("J. R.", "J."),
        ("https://evil.example", ""),
        ("evil.example", ""),
        ("www.evil", ""),
        ("a@b", ""),
        ("<b>", ""),
        ("", ""),
        ("李", "李"),
    ],
)
def test_nobody_is_greeted_by_what_could_be_read_as_an_address(names: str, greeted: str) -> None:
    assert rules.greeted(names) == greeted


def test_a_message_id_is_the_rows_own() -> None:
    assert (
        rules.message_id("message", 7, 1_787_918_400, "a1b2", "messervices.example")
        == "<message.7.1787918400.a1b2@messervices.example>"
    )


def test_a_full_mailbox_is_left_alone_for_longer_and_longer() -> None:
    waits = [rules.wait_after_bounce(bounces) for bounces in range(1, rules.MAX_BOUNCES + 1)]
    assert waits == [timedelta(hours=h) for h in (1, 6, 36, 36)]
    questions = [rules.wait_after_question(asked) for asked in range(1, rules.MAX_QUESTIONS)]
    assert timedelta(hours=20) < sum(questions, timedelta()) < timedelta(hours=30)


# SMS -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "gsm"),
    [
        ("Votre délai : 48\u00a0h", "Votre délai : 48 h"),
        ("Ça va être prêt à Noël, garçon", "Ça va etre pret à Noel, garcon"),
        ("L’« œuvre » … 5\u202f€", 'L\'"oeuvre" ... 5 €'),
        ("你好", "??"),
    ],
)
def test_an_sms_is_written_with_the_signs_that_telephones_count_once(text: str, gsm: str) -> None:
    assert rules.gsm(text) == gsm


@pytest.mark.parametrize(
    ("text", "parts"),
    [("", 1), ("a" * 160, 1), ("a" * 161, 2), ("a" * 306, 2), ("a" * 307, 3), ("€" * 80, 1), ("€" * 81, 2)],
)
def test_parts_of_an_sms_are_counted_as_they_are_paid(text: str, parts: int) -> None:
    assert rules.parts_of_sms(text) == parts


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("06 12 34 56 78", "+33612345678"),
        ("06.12.34.56.78", "+33612345678"),
        ("+33 (0)6 12 34 56 78", "+33612345678"),
        ("0033612345678", "+33612345678"),
        ("+39 347 123 4567", "+393471234567"),
        ("0039 347 123 4567", "+393471234567"),
        ("+86 138 0013 8000", "+8613800138000"),
        ("+1 (415) 555-2671", "+14155552671"),
        ("0692 12 34 56", "+33692123456"),
        ("12", ""),
        ("abc", ""),
        ("+0612345678", ""),
        ("", ""),
        ("+33612345678901234", ""),
    ],
)
def test_a_number_of_any_country_is_read(typed: str, number: str) -> None:
    assert rules.phone_number(typed, "33") == number


# What comes back -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "code", "meaning"),
    [
        ("5.1.1", 0, "hard"),
        ("5.1.10", 0, "hard"),
        ("5.2.1", 0, "hard"),
        ("5.0.0", 0, "hard"),
        ("5.2.2", 0, "soft"),
        ("4.2.2", 0, "soft"),
        ("4.4.1", 0, "soft"),
        ("5.7.1", 0, "refused"),
        ("5.3.4", 0, "refused"),
        ("5.1.8", 0, "refused"),
        ("", 550, "hard"),
        ("", 554, "refused"),
        ("", 452, "soft"),
        ("5.7.1", 550, "refused"),
        ("nonsense", 0, "soft"),
    ],
)
def test_only_a_dead_address_is_called_dead(status: str, code: int, meaning: str) -> None:
    assert rules.meaning_of(status, code) == meaning


def test_a_status_is_found_in_what_a_server_said() -> None:
    assert rules.status_in("smtp; 550-5.1.1 The account does not exist. (gsmtp)") == "5.1.1"
    assert rules.status_in("at 12.05.2026 from 5.1.2.3") == ""


@pytest.mark.parametrize("status", MailStatus)
@pytest.mark.parametrize("step", list(MAIL_STEPS.steps))
def test_every_step_is_open_where_the_table_says_and_nowhere_else(step: str, status: str) -> None:
    sources, target = MAIL_STEPS.steps[step]
    assert (step in MAIL_STEPS.open_steps(status)) == (status in sources)
    if status in sources:
        assert MAIL_STEPS.target(step, status) == target


@pytest.mark.parametrize("status", SmsStatus)
@pytest.mark.parametrize("step", list(SMS_STEPS.steps))
def test_every_step_of_an_sms_is_open_where_the_table_says_and_nowhere_else(step: str, status: str) -> None:
    sources, target = SMS_STEPS.steps[step]
    assert (step in SMS_STEPS.open_steps(status)) == (status in sources)
    if status in sources:
        assert SMS_STEPS.target(step, status) == target
