"""Every bank keeps to one contract: the same questions, over real HTTP, to each adapter at the demonstration bank."""

import inspect
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from bank.web import Bank
from messervices.foundations.payments.providers import rail_named
from messervices.foundations.payments.providers.eficash import Eficash
from messervices.foundations.payments.providers.rail import (
    BankForm,
    BeginRefusedByBank,
    Handover,
    Rail,
    RefundRefusedByBank,
)
from messervices.foundations.payments.rules import STILL_OPEN, Outcome
from messervices.foundations.payments.states import MEANS, RailName, Verdict
from messervices.foundations.payments.tests.banks import RAILS, arrive, playing
from messervices.foundations.payments.tests.factories import NOW, FakeRail
from messervices.kernel.errors import ProviderUnavailable

CARD, NO_NOTICE = "4970100000000022", "notice_never"
every_rail = pytest.mark.parametrize("name", RAILS)


@pytest.fixture
def bank(tmp_path: Path) -> Iterator[Bank]:
    """The three banks, which tell nothing by themselves."""
    with playing(tmp_path) as running:
        yield running


def an_attempt(number: str = "K7Q2M4X9TB-1", **changes: Any) -> Handover:
    return Handover(
        number, "abc123", 105_00, datetime.now(UTC), label="CVEC – 2026-2027 été", back_url="http://shop.example/back",
        notice_url="http://127.0.0.1:9/notice", mail="lina@etudiant.example", **changes,
    )  # fmt: skip


def begun(rail: Rail, number: str = "K7Q2M4X9TB-1") -> tuple[Handover, BankForm]:
    """Begin an attempt; give it as it is asked about afterwards."""
    attempt = an_attempt(number)
    form = rail.begin(attempt)
    return replace(attempt, rail_ref=form.ref), form


# The interface


@pytest.mark.parametrize("name", RailName.values)
def test_a_rail_keeps_to_the_interface(name: str) -> None:
    rail = rail_named(name)
    for method, wanted in inspect.getmembers(Rail, inspect.isfunction):
        if not method.startswith("_"):
            assert inspect.signature(getattr(type(rail), method)) == inspect.signature(wanted), method
    assert (rail.name, rail.receivable) == (name, f"psp:{name}:receivable")
    assert rail.terms.door <= rail.terms.free <= rail.terms.life


@pytest.mark.django_db
def test_the_fake_of_the_tests_has_the_same_methods() -> None:
    for name, method in inspect.getmembers(Rail, inspect.isfunction):
        if not name.startswith("_"):
            assert list(inspect.signature(getattr(FakeRail, name)).parameters) == list(
                inspect.signature(method).parameters
            )


def test_no_rail_is_called_what_none_is() -> None:
    with pytest.raises(LookupError):
        rail_named("barter")


def test_every_bank_serves_a_means_and_a_post_office_serves_none() -> None:
    served = {rail for rails in MEANS.values() for rail in rails}
    assert served == set(RAILS) == set(RailName.values) - {Eficash().name}


@every_rail
@given(st.binary(max_size=300), st.text(max_size=60))
def test_no_bytes_are_believed_by_chance_and_none_raises(name: str, raw: bytes, signature: str) -> None:
    assert rail_named(name).read(raw, signature, NOW).verdict in {Verdict.UNREADABLE, Verdict.FORGED, Verdict.HINT}


# At the bank


@every_rail
def test_beginning_leads_to_a_page_and_begins_nothing_twice(bank: Bank, name: str) -> None:
    rail = rail_named(name)
    attempt, form = begun(rail)
    again = rail.begin(replace(attempt, rail_ref=""))
    assert bool(form.ref) is rail.terms.calls
    if name == "payfip":  # it knows no keys: the second operation is never shown to anybody
        assert again.ref != form.ref
    else:
        assert again == form
        assert len(bank.book.payments()) <= 1
    assert arrive(bank, form)


@every_rail
def test_a_page_that_is_open_is_not_an_end(bank: Bank, name: str) -> None:
    attempt, form = begun(rail_named(name))
    arrive(bank, form)
    assert rail_named(name).ask(attempt).facts.outcome in STILL_OPEN


@every_rail
def test_an_attempt_that_the_bank_does_not_know_is_no_payment(bank: Bank, name: str) -> None:
    attempt = an_attempt("NOBODY-1", rail_ref="00000000-0000-0000-0000-000000000000")
    assert rail_named(name).ask(attempt).facts.outcome == Outcome.NEVER_SEEN


@every_rail
def test_money_is_told_when_asked_and_by_the_notice(bank: Bank, name: str) -> None:
    rail = rail_named(name)
    attempt, form = begun(rail)
    token = arrive(bank, form)
    bank.teller.try_card(token, CARD)
    asked = rail.ask(attempt)
    payment = bank.book.payments(state="authorised")[0]
    raw, headers = bank.postman.writers[name](payment, "right", "PAY")
    told = rail.read(raw, headers.get("Stripe-Signature", ""), datetime.now(UTC))
    assert (asked.facts.outcome, asked.facts.amount_cents, asked.facts.currency) == (Outcome.PAID, 105_00, "EUR")
    assert asked.facts.tx_id
    assert asked.raw
    assert abs((datetime.fromisoformat(asked.facts.at) - datetime.now(UTC)).total_seconds()) < 70
    if name == "payfip":
        assert (told.verdict, told.ref, told.facts) == (Verdict.HINT, attempt.rail_ref, None)
    else:
        assert told.verdict == Verdict.GOOD
        assert told.facts is not None
        for word in ("number", "outcome", "amount_cents", "currency", "tx_id"):
            assert getattr(told.facts, word) == getattr(asked.facts, word), word


@every_rail
def test_another_amount_is_told_as_it_is(bank: Bank, name: str) -> None:
    attempt, form = begun(rail_named(name))
    token = arrive(bank, form)
    bank.teller.try_card(token, "4970100000000113")
    bank.teller.answer_code(token, "1234")
    assert rail_named(name).ask(attempt).facts.amount_cents == 104_00


@every_rail
def test_a_payment_given_up_is_over(bank: Bank, name: str) -> None:
    attempt, form = begun(rail_named(name))
    bank.teller.abandon(arrive(bank, form))
    assert rail_named(name).ask(attempt).facts.outcome == Outcome.ABANDONED


@every_rail
def test_a_forged_notice_is_not_believed(bank: Bank, name: str) -> None:
    rail = rail_named(name)
    attempt, form = begun(rail)
    bank.teller.try_card(arrive(bank, form), CARD)
    raw, headers = bank.postman.writers[name](bank.book.payments(state="authorised")[0], "forged", "PAY")
    read = rail.read(raw, headers.get("Stripe-Signature", ""), datetime.now(UTC))
    assert read.facts is None
    assert read.verdict == (Verdict.HINT if name == "payfip" else Verdict.FORGED)
    assert read.ref != attempt.rail_ref or name != "payfip", "it names an operation that is none"


@every_rail
def test_money_is_given_back_once_or_not_at_all(bank: Bank, name: str) -> None:
    rail = rail_named(name)
    attempt, form = begun(rail)
    bank.teller.try_card(arrive(bank, form), CARD)
    tx_id = rail.ask(attempt).facts.tx_id
    assert rail.given_back(attempt, tx_id) is None
    if not rail.terms.gives_back:
        with pytest.raises(RefundRefusedByBank, match="no_way_back"):
            rail.give_back(tx_id, 105_00, "refund-1")
        return
    done = rail.give_back(tx_id, 105_00, "refund-1")
    assert rail.given_back(attempt, tx_id) == done
    assert done.amount_cents == 105_00
    with pytest.raises(RefundRefusedByBank):
        rail.give_back(tx_id, 105_00, "refund-2")
    assert len(bank.book.refunds(bank.book.payments(state="authorised")[0].id)) == 1
    assert rail.ask(attempt).facts.outcome == Outcome.PAID, "what went back is not an outcome of the attempt"


@every_rail
def test_a_bank_that_can_close_its_page_takes_no_money_by_it_afterwards(bank: Bank, name: str) -> None:
    rail = rail_named(name)
    attempt, form = begun(rail)
    token = arrive(bank, form)
    closed = rail.close(attempt)
    assert closed is (name == "stripe")
    if closed:
        assert bank.teller.try_card(token, CARD).state == "abandoned"
        assert rail.ask(attempt).facts.outcome == Outcome.ABANDONED
        assert rail.close(attempt) is False


def test_a_page_already_paid_cannot_be_closed(bank: Bank) -> None:
    attempt, form = begun(rail_named("stripe"))
    bank.teller.try_card(arrive(bank, form), CARD)
    assert rail_named("stripe").close(attempt) is False


@every_rail
def test_a_bank_out_of_service_is_silent_to_every_question_and_the_others_go_on(bank: Bank, name: str) -> None:
    rail = rail_named(name)
    attempt, _form = begun(rail)
    bank.control.handle("down", {"seconds": 60, "house": name})
    questions = [lambda: rail.ask(attempt)]
    if rail.terms.gives_back:
        questions += [lambda: rail.given_back(attempt, "tx"), lambda: rail.give_back("tx", 1_00, "key")]
    if rail.terms.calls:
        questions += [lambda: rail.begin(attempt)]
    for question in questions:
        with pytest.raises(ProviderUnavailable):
            question()
    for other in set(RAILS) - {name}:
        assert begun(rail_named(other), "OTHER-1")
    bank.control.handle("down", {"seconds": 0, "house": name})
    assert rail.ask(attempt).facts.outcome in STILL_OPEN


@pytest.mark.parametrize(("name", "cents"), [("stripe", 49), ("payfip", 99)])
def test_an_amount_that_a_bank_does_not_take_is_refused_and_not_a_silence(bank: Bank, name: str, cents: int) -> None:
    with pytest.raises(BeginRefusedByBank):
        rail_named(name).begin(replace(an_attempt(), amount_cents=cents))


@pytest.mark.django_db
@every_rail
def test_the_columns_hold_what_the_banks_give(bank: Bank, name: str) -> None:
    """References and addresses of the real banks are as long as these, or longer: the columns say how long."""
    _attempt, form = begun(rail_named(name))
    with connection.cursor() as cursor:
        cursor.execute(
            "select character_maximum_length from information_schema.columns"
            " where table_name = 'payments_attempt' and column_name = 'rail_ref'"
        )
        assert len(form.ref) <= cursor.fetchone()[0]
