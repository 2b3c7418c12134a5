"""The rules, without a database."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from schwifty import IBAN

from messervices.foundations.payouts import rules
from messervices.foundations.payouts.providers import registry
from messervices.foundations.payouts.rules import Account, News, Typed
from messervices.foundations.payouts.tests.factories import IBANS, valid_iban

SEPA = registry.sepa_countries()
NOW = datetime(2026, 8, 28, 12, 0, tzinfo=UTC)


def calm(**changes: object) -> Account:
    known = {"usable_from": NOW, "ever_frozen": False, "shared": False, "resembles": True}
    return Account(**known | changes)


@pytest.mark.parametrize("iban", IBANS.values())
def test_an_account_of_any_country_of_sepa_is_taken(iban: str) -> None:
    assert rules.judge_iban(iban, SEPA) == Typed.RIGHT


@pytest.mark.parametrize(
    ("typed", "judged"),
    [
        ("", Typed.NOT_AN_IBAN), ("12345678901", Typed.NOT_AN_IBAN), ("FR76 3000", Typed.NOT_AN_IBAN),
        ("US63SVBKUS6S3300958879", Typed.WRONG_KEY), ("FR7630006000011234567890188", Typed.WRONG_KEY),
        ("DE8937040044053201300", Typed.WRONG_KEY), ("TR330006100519786457841326", Typed.OUTSIDE_SEPA),
        ("MA64011519000001205000534921", Typed.OUTSIDE_SEPA), ("TN5910006035183598478831", Typed.OUTSIDE_SEPA),
    ],
)  # fmt: skip
def test_what_is_wrong_with_an_iban_is_told_apart(typed: str, judged: Typed) -> None:
    assert rules.judge_iban(rules.plain_iban(typed), SEPA) == judged


def test_an_iban_may_be_typed_in_many_ways() -> None:
    for typed in (
        " fr76 3000 6000 0112 3456 7890 189",
        "IBAN: FR76-3000-6000-0112-3456-7890-189",
        "iban fr76\u00a03000 6000 0112 3456 7890 189",
    ):
        assert rules.plain_iban(typed) == IBANS["fr"]


@given(st.integers(0, 99_999_999_999), st.integers(4, 26), st.sampled_from("0123456789"))
def test_a_right_iban_is_right_to_others_and_one_wrong_digit_is_always_seen(serial: int, place: int, sign: str) -> None:
    iban = valid_iban(serial)
    assert IBAN(iban, validate_bban=True).is_valid
    assert rules.judge_iban(iban, SEPA) == Typed.RIGHT
    wrong = iban[:place] + sign + iban[place + 1 :]
    if wrong != iban:
        assert rules.judge_iban(wrong, SEPA) != Typed.RIGHT


@given(st.text())
def test_no_text_breaks_the_judge(text: str) -> None:
    assert rules.judge_iban(rules.plain_iban(text), SEPA) in Typed


@pytest.mark.parametrize(
    ("holder", "alike"),
    [
        ("Lina Benali", True), ("BENALI LINA", True), ("M. ou Mme Benali-Roux Lina", True), ("L. Benali", True),
        ("Benali L", True), ("Karim Benali", False), ("Lina Martin", False), ("", False), ("Roux Lina", True),
        ("Linà Bénàli", True),
    ],
)  # fmt: skip
def test_a_holder_is_compared_with_the_names_of_the_person(holder: str, alike: bool) -> None:
    assert rules.resembles(holder, ("Benali", "Roux"), "Lina Sofia") is alike


def test_an_establishments_account_bears_one_of_its_names() -> None:
    names = ("Université de Versailles Saint-Quentin-en-Yvelines", "UVSQ", "UVSQ")
    assert rules.resembles_establishment("Agent comptable de l'UVSQ", names)
    assert rules.resembles_establishment("UNIVERSITE VERSAILLES ST QUENTIN", names)
    assert not rules.resembles_establishment("Lina Benali", names)


@given(st.text(max_size=200))
def test_what_is_written_to_a_bank_has_its_signs_alone(text: str) -> None:
    written = rules.sepa_text(text, 70)
    assert len(written) <= 70
    assert written == written.strip()
    assert all(sign.isascii() and (sign.isalnum() or sign in "/-?:().,'+ ") for sign in written)


def test_names_lose_their_accents_and_nothing_else() -> None:
    assert rules.sepa_text("Éléonore d’Arc-Łukasiewicz", 70) == "Eleonore d'Arc-Lukasiewicz"
    assert rules.sepa_text("ალექსანდრე", 70) == ""


@given(st.integers(1, 10**12))
def test_an_amount_written_is_the_amount_read(cents: int) -> None:
    assert rules.read_cents(rules.write_cents(cents)) == cents


@pytest.mark.parametrize("written", ["", "1,00", "-1", "1.005", "1e3", "NaN", "1 000"])
def test_an_amount_that_is_none_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        rules.read_cents(written)


def test_each_thing_that_speaks_against_a_payout_is_listed_and_calm_has_none() -> None:
    def why(cents: int = 500_00, **changes: object) -> list[str]:
        return rules.reasons_to_wait(cents, calm(**changes), limit_cents=500_00, now=NOW)

    assert why() == []
    assert why(500_01) == ["amount"]
    assert why(usable_from=NOW + timedelta(microseconds=1)) == ["recent"]
    assert why(shared=True, resembles=False, ever_frozen=True) == ["shared", "holder", "frozen"]


REASONS = st.lists(st.sampled_from(list(rules.Why)), unique=True)


@given(REASONS, st.none() | REASONS, st.booleans())
def test_nothing_leaves_that_nobody_has_seen(reasons, approved, frozen) -> None:
    leaves = rules.may_leave(reasons, approved, frozen=frozen)
    assert leaves == (not frozen and all(why in (approved or []) for why in reasons))


@given(st.permutations(["accepted", "settled", "debited", "failed"]), st.integers(0, 4))
def test_news_in_any_order_end_alike_and_money_that_came_back_outweighs_all(order, count) -> None:
    known = set(order[:count])
    status = rules.status_after(News(**{name: name in known for name in order}))
    if "failed" in known:
        assert status == "returned"
    elif known & {"settled", "debited"}:
        assert status == "paid"
    else:
        assert status == ("accepted" if known else "sent")


@pytest.mark.parametrize(
    ("status", "meaning"),
    [
        ("ACCP", "accepted"),
        ("ACSP", "accepted"),
        ("ACSC", "settled"),
        ("RJCT", "rejected"),
        ("PDNG", ""),
        ("PART", ""),
        ("", ""),
    ],
)
def test_the_words_of_a_bank(status: str, meaning: str) -> None:
    assert rules.meaning(status) == meaning


def test_the_bank_is_asked_for_a_day_on_which_it_works() -> None:
    days = {
        date(2026, 8, 28): date(2026, 8, 28),
        date(2026, 8, 29): date(2026, 8, 31),
        date(2026, 8, 30): date(2026, 8, 31),
    }
    assert all(rules.execution_day(day) == asked for day, asked in days.items())


@given(st.integers(1, 500), st.integers(1, 60))
def test_lines_are_parted_whole_and_in_order(count: int, most: int) -> None:
    parts = rules.parts(count, most)
    assert [place for first, past in parts for place in range(first, past)] == list(range(count))
    assert all(0 < past - first <= most for first, past in parts)


@given(st.binary(), st.binary())
def test_a_message_has_the_name_of_its_content(one: bytes, other: bytes) -> None:
    assert len(rules.message_id(one)) == 35
    assert (rules.message_id(one) == rules.message_id(other)) is (one == other)


def test_every_return_code_has_its_words_in_both_languages() -> None:
    for code in ("AC01", "AC04", "AC06", "AG01", "AM04", "MD07", "MS03", "RC01"):
        found = registry.return_code(code)
        for language in ("fr", "en"):
            assert found.why(language)
            assert found.advice(language)
    assert registry.return_code("AC04").whose == "payee"
    assert registry.return_code("AM04").whose == "us"
    assert registry.return_code("ZZ99").whose == "bank"
    assert "ZZ99" in registry.return_code("ZZ99").why("fr")
    assert registry.return_code("").why("en")


def test_the_bank_is_named_when_it_is_known() -> None:
    assert registry.bank_of(IBANS["de"]).name == "Commerzbank"
    assert registry.bank_of(IBANS["be"]) == registry.Bank()
    assert registry.bank_of("nonsense") == registry.Bank()
