"""Lyra's adapter: first alone, then against the demonstration bank over real HTTP (the contract: test_rails.py)."""

import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bank.web import Bank
from messervices.foundations.payments.providers import rail_named
from messervices.foundations.payments.providers.lyra import Lyra, sign
from messervices.foundations.payments.providers.rail import Handover, RefundRefusedByBank
from messervices.foundations.payments.rules import Outcome
from messervices.foundations.payments.states import Verdict
from messervices.foundations.payments.tests.banks import playing
from messervices.foundations.payments.tests.factories import NOW, notice
from messervices.kernel.errors import ProviderUnavailable

KEY = "1122334455667788"
LYRA = Lyra(
    payment_url="http://bank.example/vads-payment/",
    api_url="http://127.0.0.1:9/api-payment/V4/",
    site_id="12345678",
    keys=(KEY,),
    mode="TEST",
    password="secret",
    shop_name="MesServices",
)
TRY = Handover(
    "K7Q2M4X9TB-1", "abc123", 105_00, datetime(2026, 11, 23, 10, 11, 12, tzinfo=UTC), label="CVEC – 2026-2027 é"
)


def fields(raw: bytes) -> dict[str, str]:
    return dict(parse_qsl(raw.decode(), keep_blank_values=True))


# The form


def test_the_signature_is_the_one_two_independent_implementations_give() -> None:
    vector = {
        "vads_action_mode": "INTERACTIVE", "vads_amount": "10500", "vads_ctx_mode": "TEST", "vads_currency": "978",
        "vads_page_action": "PAYMENT", "vads_payment_config": "SINGLE", "vads_site_id": "12345678",
        "vads_trans_date": "20261123101112", "vads_trans_id": "abc123", "vads_version": "V2",
    }  # fmt: skip
    assert sign(vector, KEY) == "ogXNE8q6fv06MbBQ30kHl3ucrk+bPp7ydpKKiRraw6E="


def test_the_same_try_gives_the_same_form() -> None:
    assert LYRA.begin(TRY) == LYRA.begin(TRY)
    form = LYRA.begin(TRY)
    assert form.action_url == LYRA.payment_url
    assert form.fields["vads_trans_date"] == "20261123101112"
    assert form.fields["signature"] == sign(form.fields, KEY)


def test_a_date_of_another_zone_is_sent_in_utc() -> None:
    there = replace(TRY, begun_at=datetime.fromisoformat("2026-11-23T14:11:12+04:00"))
    assert LYRA.begin(there).fields["vads_trans_date"] == "20261123101112"


def test_a_crous_with_a_card_contract_of_its_own_is_paid_into_it() -> None:
    shop = replace(LYRA, contracts={26: "2000026"})
    form = shop.begin(replace(TRY, crous_id=26)).fields
    assert form["vads_contracts"] == "CB=2000026"
    assert form["signature"] == sign({name: said for name, said in form.items() if name != "signature"}, KEY)
    for crous_id in (12, None):
        assert "vads_contracts" not in shop.begin(replace(TRY, crous_id=crous_id)).fields


def test_the_form_tells_the_bank_nothing_of_the_student() -> None:
    said = LYRA.begin(TRY).fields
    assert not [name for name in said if name.startswith("vads_cust")]


# Notices


def test_a_notice_is_read_in_our_words() -> None:
    read = LYRA.read(notice("K7-1"), "", NOW)
    assert read.verdict == Verdict.GOOD
    assert read.facts is not None
    assert (read.facts.number, read.facts.outcome, read.facts.amount_cents) == ("K7-1", Outcome.PAID, 10500)
    assert (read.facts.currency, read.facts.at) == ("EUR", "2026-08-28T12:05:00+00:00")


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ("AUTHORISED", Outcome.PAID), ("CAPTURED", Outcome.PAID), ("WAITING_AUTHORISATION", Outcome.WAITING),
        ("AUTHORISED_TO_VALIDATE", Outcome.WAITING), ("REFUSED", Outcome.REFUSED), ("ABANDONED", Outcome.ABANDONED),
        ("CANCELLED", Outcome.ABANDONED), ("EXPIRED", Outcome.ABANDONED), ("INITIAL", Outcome.UNFINISHED),
        ("SOMETHING_NEW", Outcome.UNCLEAR),
    ],
)  # fmt: skip
def test_every_status_of_the_bank_has_one_meaning(status: str, outcome: Outcome) -> None:
    facts = LYRA.read(notice("K7-1", status), "", NOW).facts
    assert facts is not None
    assert facts.outcome == outcome


def test_money_that_leaves_is_never_taken_for_money_that_comes() -> None:
    facts = LYRA.read(notice("K7-1", operation_type="CREDIT"), "", NOW).facts
    assert facts is not None
    assert facts.outcome == Outcome.GIVEN_BACK


@pytest.mark.parametrize("changes", [{"effective_amount": "10400"}, {"amount": "1e4", "effective_amount": "1e4"}])
def test_amounts_that_disagree_or_are_none_are_unclear(changes: dict[str, str]) -> None:
    facts = LYRA.read(notice("K7-1", **changes), "", NOW).facts
    assert facts is not None
    assert facts.outcome == Outcome.UNCLEAR


def test_another_currency_keeps_its_name() -> None:
    facts = LYRA.read(notice("K7-1", effective_currency="840"), "", NOW).facts
    assert facts is not None
    assert facts.currency == "840"


@pytest.mark.parametrize("place", ["vads_amount", "vads_order_id", "vads_trans_status", "vads_trans_uuid", "signature"])
def test_one_changed_sign_makes_a_notice_forged(place: str) -> None:
    said = fields(notice("K7-1"))
    said[place] = said[place] + "0"
    assert LYRA.read(urlencode(said).encode(), "", NOW).verdict == Verdict.FORGED


def test_a_signature_left_out_or_not_latin_is_forged() -> None:
    said = fields(notice("K7-1"))
    bare = {name: value for name, value in said.items() if name != "signature"}
    assert LYRA.read(urlencode(bare).encode(), "", NOW).verdict == Verdict.FORGED
    assert LYRA.read(urlencode(said | {"signature": "é€"}).encode(), "", NOW).verdict == Verdict.FORGED


def test_a_field_renamed_under_the_signature_is_not_read() -> None:
    """The protocol signs the values in the order of their names, not the names."""
    said = fields(notice("K7-1"))
    renamed = {name.replace("vads_currency", "vads_c~"): value for name, value in said.items()}
    assert sign(renamed, KEY) == said["signature"], "the signature does not see it"
    assert LYRA.read(urlencode(renamed).encode(), "", NOW).verdict == Verdict.UNREADABLE


def test_the_forms_own_signed_values_cannot_be_turned_into_a_notice() -> None:
    values = "+".join(value for name, value in LYRA.begin(replace(TRY, label="A + AUTHORISED")).fields.items())
    assert "+AUTHORISED" not in values
    assert "A   AUTHORISED" in values


def test_two_keys_are_believed_while_they_are_changed_and_one_afterwards() -> None:
    old = notice("K7-1", key="the previous key")
    assert LYRA.read(old, "", NOW).verdict == Verdict.FORGED
    changing = replace(LYRA, keys=(KEY, "the previous key"))
    assert changing.read(old, "", NOW).verdict == Verdict.GOOD
    assert changing.read(notice("K7-1"), "", NOW).verdict == Verdict.GOOD
    assert changing.begin(TRY) == LYRA.begin(TRY), "forms are signed with the current key"


@pytest.mark.parametrize(("name", "value"), [("site_id", "87654321"), ("ctx_mode", "PRODUCTION")])
def test_a_notice_for_another_shop_or_mode_is_foreign(name: str, value: str) -> None:
    assert LYRA.read(notice("K7-1", **{name: value}), "", NOW).verdict == Verdict.FOREIGN


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"hello", b"\xff\xfe=\x00", b"vads_order_id=%ff&vads_trans_status=AUTHORISED", b"{}",
        b"vads_trans_status=AUTHORISED&vads_order_id=a&vads_order_id=b", b"&".join([b"a=1"] * 300),
        b"vads_trans_status=A&vads_order_id=a&comment=x",
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_unreadable_and_raises_nothing(raw: bytes) -> None:
    assert LYRA.read(raw, "", NOW).verdict == Verdict.UNREADABLE


@given(st.binary(max_size=400))
def test_no_bytes_are_believed_by_chance(raw: bytes) -> None:
    assert LYRA.read(raw, "", NOW).verdict in {Verdict.UNREADABLE, Verdict.FORGED}


def test_accents_and_plus_signs_survive_the_way() -> None:
    said = fields(notice("K7-1", order_info="Été + hiver & 100 % « CVEC »"))
    assert LYRA.read(urlencode(said).encode(), "", NOW).verdict == Verdict.GOOD


# Against the demonstration bank


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[tuple[Bank, Lyra]]:
    """A running bank, and the adapter that reaches it."""
    with playing(tmp_path) as running:
        yield running, rail_named("lyra")  # type: ignore[misc]  # it is a Lyra


def now_try(number: str = "K7Q2M4X9TB-1") -> Handover:
    return replace(TRY, number=number, begun_at=datetime.now(UTC))


def pay(bank: Bank, lyra: Lyra, attempt: Handover, card: str) -> None:
    bank.control.handle("pay", {"form": lyra.begin(attempt).fields, "card": card})


def test_the_bank_takes_our_form_and_resumes_it(demo) -> None:
    bank, lyra = demo
    attempt = now_try()
    assert bank.teller.receive(lyra.begin(attempt).fields) == bank.teller.receive(lyra.begin(attempt).fields)


@pytest.mark.parametrize(
    ("card", "outcome", "cents"),
    [
        ("notice_never", Outcome.PAID, 10500), ("other_amount", Outcome.PAID, 10400),
        ("refused", Outcome.REFUSED, 10500),
        ("no_funds", Outcome.REFUSED, 10500), ("challenge_refused", Outcome.REFUSED, 10500),
        ("waiting", Outcome.WAITING, 10500), ("abandon", Outcome.ABANDONED, 10500),
    ],
)  # fmt: skip
def test_asking_gives_what_the_bank_knows(demo, card: str, outcome: Outcome, cents: int) -> None:
    bank, lyra = demo
    attempt = now_try()
    pay(bank, lyra, attempt, card)
    facts = lyra.ask(attempt).facts
    assert (facts.number, facts.outcome, facts.amount_cents, facts.currency) == (attempt.number, outcome, cents, "EUR")
    assert facts.tx_id == bank.book.payments()[0].tx_uuid
    assert datetime.fromisoformat(facts.at).tzinfo is not None


def test_asking_about_a_page_still_open_or_never_opened(demo) -> None:
    bank, lyra = demo
    attempt = now_try()
    assert lyra.ask(attempt).facts.outcome == Outcome.NEVER_SEEN
    bank.teller.receive(lyra.begin(attempt).fields)
    assert lyra.ask(attempt).facts.outcome == Outcome.UNFINISHED


def test_money_is_given_back_once_and_seen_to_be(demo) -> None:
    bank, lyra = demo
    attempt = now_try()
    pay(bank, lyra, attempt, "notice_never")
    tx_id = bank.book.payments()[0].tx_uuid
    assert lyra.given_back(attempt, tx_id) is None
    given = lyra.give_back(tx_id, 10500, "key")
    assert lyra.given_back(attempt, tx_id) == given
    with pytest.raises(RefundRefusedByBank):
        lyra.give_back(tx_id, 10500, "key")
    assert lyra.ask(attempt).facts.outcome == Outcome.PAID, "a credit is not an outcome of the attempt"


def test_the_notices_of_the_bank_are_read(demo) -> None:
    from bank.notices import body

    bank, lyra = demo
    attempt = now_try()
    pay(bank, lyra, attempt, "notice_never")
    payment = bank.book.payments()[0]
    assert lyra.read(body(payment, "right", "PAY", KEY), "", NOW).facts.outcome == Outcome.PAID
    assert lyra.read(body(payment, "forged", "PAY", KEY), "", NOW).verdict == Verdict.FORGED
    assert lyra.read(body(payment, "other_amount", "PAY", KEY), "", NOW).facts.amount_cents == 10400


def test_a_bank_that_is_down_or_away_or_talks_nonsense_is_unavailable(demo) -> None:
    bank, lyra = demo
    bank.teller.go_down(60)
    with pytest.raises(ProviderUnavailable):
        lyra.ask(now_try())
    with pytest.raises(ProviderUnavailable):
        LYRA.ask(now_try())
    bank.teller.go_down(0)
    with pytest.raises(ProviderUnavailable):
        replace(lyra, password="wrong").ask(now_try())
    for nonsense in (f"{bank.url}/healthz?", f"{bank.url}/?"):
        with pytest.raises(ProviderUnavailable):
            replace(lyra, api_url=nonsense).ask(now_try())


def test_a_bank_that_takes_the_call_and_says_nothing_is_unavailable(settings) -> None:
    settings.BANK_TIMEOUT_SECONDS = 0.2
    with socket.create_server(("127.0.0.1", 0)) as mute, pytest.raises(ProviderUnavailable, match="TimeoutError"):
        replace(LYRA, api_url=f"http://127.0.0.1:{mute.getsockname()[1]}/").ask(TRY)


def test_the_bank_refuses_a_form_before_we_think_it_dead() -> None:
    from bank.form import STALE_SECONDS
    from messervices.foundations.payments.rules import FORM_LIFE

    assert timedelta(seconds=STALE_SECONDS) < FORM_LIFE, "while the bank may take it, we must not begin another"
