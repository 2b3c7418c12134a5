"""T22: twelve kinds of mismatch, twenty of each drawn by chance; all are found, and nothing else is."""

from collections.abc import Iterable
from datetime import date, timedelta
from random import Random

import pytest

from bank import letters
from bank.letters import Booking
from bank.spoil import KINDS, Books, spoil
from messervices.foundations.ledger.selectors import balance
from messervices.foundations.treasury.models import Entry, Mismatch, Settlement, SettlementLine
from messervices.foundations.treasury.states import NEXT, MismatchKind
from messervices.foundations.treasury.tests.factories import (
    DAY,
    assert_whole,
    captured,
    contract,
    credit,
    load,
    match,
    part,
    remittance,
    statement,
)

pytestmark = pytest.mark.django_db

DAYS, A_DAY, TIMES = 20, 3, 20


def clean(draw: Random, days: int = DAYS) -> Books:
    """Twenty days of clean books: captures here, their settlements, the credits of those."""
    remittances = []
    for place in range(days):
        on = DAY - timedelta(days=days - place)
        captures = [captured(draw.choice([105_00, 91_00, 40_00]), on=on) for _ in range(A_DAY)]
        remittances.append(remittance([part(one) for one in captures], day=on + timedelta(days=1)))
    return Books(tuple(remittances), tuple(credit(one) for one in remittances))


def statements(bookings: Iterable[Booking], gap_cents: int = 0) -> list[bytes]:
    """The statements of those bookings, a day each; the middle one begins elsewhere when there is a gap."""
    by_day: dict[date, list[Booking]] = {}
    for one in bookings:
        by_day.setdefault(one.booked, []).append(one)
    written, opening = [], 0
    for place, day in enumerate(sorted(by_day)):
        opening += gap_cents if place == len(by_day) // 2 else 0
        written.append(statement(by_day[day], day=day, opening=opening, sequence=place + 1))
        opening += sum(one.cents for one in by_day[day])
    return written


def files(books: Books) -> list[bytes]:
    return [
        *(letters.settlements([one]) for one in books.remittances), *statements(books.bookings, books.gap_cents)
    ]  # fmt: skip


def test_every_kind_has_its_next_action_and_the_bank_plays_them_all() -> None:
    assert set(KINDS) == set(MismatchKind.values) == {str(kind) for kind in NEXT}
    assert len(KINDS) == 12


def test_on_clean_books_nothing_is_found() -> None:
    contract()
    for content in files(clean(Random(0))):
        assert load(content).status == "done"
    assert match() == 0
    assert Mismatch.objects.count() == 0
    for account in ("psp:lyra:receivable", "settlement:lyra:versailles", "bank:suspense:versailles"):
        assert balance(account) == 0
    assert_whole()


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_each_kind_is_found_twenty_times_and_nothing_else(kind: str) -> None:
    contract()
    draw, books, gaps = Random(kind), Books((), ()), []
    for turn in range(TIMES):
        wrong = spoil(kind, _moved(clean(draw, 2), turn), Random(f"{kind} {turn}"))
        books = Books(books.remittances + wrong.remittances, books.bookings + wrong.bookings)
        gaps.append(wrong.gap_cents)
    contents = [letters.settlements([one]) for one in books.remittances]
    contents += _broken(books.bookings, gaps) if any(gaps) else statements(books.bookings)
    for content in contents:
        assert load(content).status == "done"
    match()
    assert list(Mismatch.objects.values_list("kind", flat=True)) == [kind] * TIMES
    assert match() == TIMES, "found once, however often one looks"
    assert Mismatch.objects.count() == TIMES
    assert_whole()


def _moved(books: Books, turn: int) -> Books:
    """The same day under other references: each of the twenty has its own."""
    names = {one.reference: f"{one.reference}-{turn}" for one in books.remittances}
    remittances = tuple(
        letters.Remittance(one.rail, one.contract, names[one.reference], one.day, one.credit_on, one.parts)
        for one in books.remittances
    )
    return Books(remittances, tuple(credit(one) for one in remittances))


def _broken(bookings: tuple[Booking, ...], gaps: list[int]) -> list[bytes]:
    """One statement a booking; every second one begins where the one before did not end."""
    written, opening = [], 0
    for place, one in enumerate(sorted(bookings, key=lambda booking: booking.booked)):
        opening += gaps[place // 2] if place % 2 else 0
        written.append(statement([one], day=one.booked, opening=opening, number=f"B{place:03d}", sequence=place + 1))
        opening += one.cents
    return written


def test_what_arrives_later_clears_what_was_missing() -> None:
    contract()
    captures = [captured() for _ in range(2)]
    settled = remittance([part(one) for one in captures])
    load(statement([credit(settled)]))
    assert match() == 3  # an unknown credit, two captures that are in no settlement
    load(letters.settlements([settled]))
    assert match() == 0
    assert set(Mismatch.objects.values_list("status", flat=True)) == {"cleared"}
    assert not SettlementLine.objects.filter(posting=None).exists()
    assert Entry.objects.get().match_id == Settlement.objects.get().pk
    assert_whole()
