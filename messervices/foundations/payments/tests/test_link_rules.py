"""The law of a payer's link: how long, which secret, what its holder is shown. No database."""

import itertools
from datetime import UTC, date, datetime, timedelta

import pytest

from messervices.foundations.payments import rules, selectors
from messervices.foundations.payments.rules import Delay, PayerState, delay_in_force, payer_state, read_token
from messervices.foundations.payments.states import LINK_LIVE, LINK_OVER, AttemptStatus, LinkStatus

TOKEN = rules.link_token("c0ffee", "key")


def test_a_link_lives_forty_eight_hours_by_a_dated_parameter() -> None:
    assert selectors.link_lasts(datetime(2026, 8, 28, tzinfo=UTC)) == timedelta(hours=48)


def test_the_delay_of_a_day_is_the_last_one_before_it() -> None:
    known = [
        Delay("link", date(2018, 1, 1), timedelta(hours=48)),
        Delay("link", date(2027, 1, 1), timedelta(hours=72)),
        Delay("other", date(2020, 1, 1), timedelta(hours=1)),
    ]
    assert delay_in_force(known, "link", date(2026, 12, 31)) == timedelta(hours=48)
    assert delay_in_force(known, "link", date(2027, 1, 1)) == timedelta(hours=72)
    with pytest.raises(LookupError):
        delay_in_force(known, "link", date(2017, 12, 31))


def test_a_secret_has_128_bits_and_depends_on_the_link_and_on_the_key() -> None:
    assert len(TOKEN) == 26
    assert len({TOKEN, rules.link_token("c0ffef", "key"), rules.link_token("c0ffee", "kez")}) == 3
    assert rules.link_token("c0ffee", "key") == TOKEN
    assert TOKEN not in rules.secret_hash(TOKEN)


@pytest.mark.parametrize("typed", [TOKEN, TOKEN.upper(), f"{TOKEN}.", f" {TOKEN}/", f"{TOKEN}»", f"<{TOKEN}>"])
def test_a_secret_is_read_however_a_mail_program_mangled_it(typed: str) -> None:
    assert read_token(typed) == TOKEN


@pytest.mark.parametrize(
    "typed", ["", TOKEN[:-1], TOKEN + "a", "0" + TOKEN[1:], "../" + TOKEN[:20], TOKEN[:13], "é" * 26]
)
def test_what_is_no_secret_is_not_looked_up(typed: str) -> None:
    assert read_token(typed) == ""


EVERYTHING = list(
    itertools.product(LinkStatus.values, ["", *AttemptStatus.values], [True, False], [True, False], [True, False])
)


@pytest.mark.parametrize(("status", "tried", "late", "theirs", "surplus"), EVERYTHING)
def test_what_a_holder_is_shown(status: str, tried: str, *, late: bool, theirs: bool, surplus: bool) -> None:
    seen = payer_state(status, tried, is_late=late, is_theirs=theirs, has_surplus=surplus)
    if status == LinkStatus.PAID:
        assert seen == (PayerState.PAID if theirs else PayerState.OVER)
    elif status in LINK_OVER:
        assert seen == (PayerState.GIVEN_BACK if theirs and surplus else PayerState.OVER)
    elif tried in {"begun", "unconfirmed", "doubtful"}:
        assert seen == (PayerState(tried) if theirs else PayerState.BUSY), (
            "begun in time, it may end well after the end"
        )
    elif tried == "captured":
        assert seen == (PayerState.UNCONFIRMED if theirs else PayerState.BUSY), "paid between the two reads"
    elif late:
        assert seen == PayerState.OVER
    else:
        assert seen == (PayerState.AGAIN if tried else PayerState.ASKED)


@pytest.mark.parametrize("status", [status for status in LinkStatus.values if status not in LINK_LIVE])
def test_a_stranger_cannot_tell_one_dead_link_from_another(status: str) -> None:
    for tried in ["", *AttemptStatus.values]:
        assert payer_state(status, tried, is_late=False, is_theirs=False, has_surplus=True) == PayerState.OVER
