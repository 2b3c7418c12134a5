"""The signature and the door."""

from collections.abc import Callable

import pytest

from bank.form import STALE_SECONDS, faults, is_signed, sign

KEY = "1122334455667788"
VECTOR = {
    "vads_action_mode": "INTERACTIVE",
    "vads_amount": "10500",
    "vads_ctx_mode": "TEST",
    "vads_currency": "978",
    "vads_page_action": "PAYMENT",
    "vads_payment_config": "SINGLE",
    "vads_site_id": "12345678",
    "vads_trans_date": "20261123101112",
    "vads_trans_id": "abc123",
    "vads_version": "V2",
}
AT = 1795428672.0  # 2026-11-23 10:11:12 UTC


def test_signature_is_the_one_two_independent_implementations_give() -> None:
    assert sign(VECTOR, KEY) == "ogXNE8q6fv06MbBQ30kHl3ucrk+bPp7ydpKKiRraw6E="


def test_fields_outside_the_protocol_are_not_signed() -> None:
    assert sign(VECTOR | {"comment": "x"}, KEY) == sign(VECTOR, KEY)


def test_a_form_signed_with_any_of_the_keys_is_taken() -> None:
    signed = VECTOR | {"signature": sign(VECTOR, "old")}
    assert is_signed(signed, (KEY, "old"))
    assert not is_signed(signed, (KEY,))
    assert not is_signed(VECTOR, (KEY,))


def test_a_good_form_has_no_fault() -> None:
    assert faults(VECTOR, site_id="12345678", mode="TEST", now=AT) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("vads_amount", "0"),
        ("vads_amount", "105.00"),
        ("vads_amount", "1" * 13),
        ("vads_currency", "840"),
        ("vads_trans_id", "abc12"),
        ("vads_trans_id", "abc-12"),
        ("vads_trans_date", "20261341101112"),
        ("vads_site_id", "87654321"),
        ("vads_ctx_mode", "PRODUCTION"),
        ("vads_version", "V1"),
        ("vads_order_id", "é" * 3),
        ("vads_order_id", "x" * 33),
        ("vads_return_mode", "PUT"),
        ("vads_url_return", "javascript:alert(1)"),
        ("vads_order_info", "x" * 256),
    ],
)
def test_a_wrong_field_is_named(name: str, value: str) -> None:
    assert faults(VECTOR | {name: value}, site_id="12345678", mode="TEST", now=AT) == [name]


@pytest.mark.parametrize("name", sorted(VECTOR))
def test_a_missing_field_is_named(name: str) -> None:
    fields = {key: value for key, value in VECTOR.items() if key != name}
    assert faults(fields, site_id="12345678", mode="TEST", now=AT) == [name]


def test_a_form_of_another_day_is_refused() -> None:
    assert faults(VECTOR, site_id="12345678", mode="TEST", now=AT + STALE_SECONDS) == []
    assert faults(VECTOR, site_id="12345678", mode="TEST", now=AT + STALE_SECONDS + 1) == ["vads_trans_date"]


def test_the_fixture_makes_forms_that_are_taken(form: Callable[..., dict[str, str]]) -> None:
    assert is_signed(form(), (KEY,))
