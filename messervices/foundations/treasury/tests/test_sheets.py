"""Day sheets: closed once a day is over, each beginning where the last one ended; and what waits, by age."""

from datetime import UTC, date, datetime, timedelta

import pytest

from bank import letters
from messervices.foundations.ledger.selectors import balance
from messervices.foundations.treasury import actions, selectors
from messervices.foundations.treasury.models import Mismatch, Sheet
from messervices.foundations.treasury.tests.factories import (
    ACCOUNTANT,
    DAY,
    NOW,
    TODAY,
    VERSAILLES,
    captured,
    contract,
    credit,
    fee,
    given_back,
    load,
    match,
    part,
    remittance,
    statement,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("books")]


def test_a_day_says_what_was_owed_what_came_and_what_is_owed() -> None:
    contract()
    captures = [captured(), captured(), captured(on=DAY + timedelta(days=1))]
    given_back(captures[1], on=DAY + timedelta(days=1))
    settled = remittance([part(captures[0])])
    load(letters.settlements([settled]))
    load(statement([credit(settled)]))
    match()
    (first,) = selectors.day_sheet(VERSAILLES, DAY, NOW)
    (second,) = selectors.day_sheet(VERSAILLES, DAY + timedelta(days=1), NOW)
    (today,) = selectors.day_sheet(VERSAILLES, TODAY, NOW)
    assert (first.opening_cents, first.collected_cents, first.collected, first.closing_cents) == (0, 210_00, 2, 210_00)
    assert (second.opening_cents, second.refunded_cents, second.closing_cents) == (210_00, 105_00, 210_00)
    assert (today.fees_cents, today.settled_cents) == (fee(105_00), settled.net)
    assert today.closing_cents == 105_00
    assert today.closing_cents == -balance("psp:lyra:receivable") - balance("settlement:lyra:versailles")
    assert not today.is_closed


def test_a_closed_day_says_the_same_and_is_closed_once() -> None:
    contract()
    captured()
    given_back(captured(on=DAY + timedelta(days=2)), on=DAY + timedelta(days=4))
    before = [selectors.day_sheet(VERSAILLES, DAY + timedelta(days=n), NOW) for n in range(6)]
    assert actions.close_days(now=NOW) == 3
    assert actions.close_days(now=NOW) == 0
    after = [selectors.day_sheet(VERSAILLES, DAY + timedelta(days=n), NOW) for n in range(6)]
    assert [[one.closing_cents for one in day] for day in after] == [
        [one.closing_cents for one in day] for day in before
    ]
    assert [row.closing_cents for row in Sheet.objects.order_by("day")] == [105_00, 210_00, 105_00]
    assert after[0][0].is_closed


def test_a_day_is_not_closed_before_it_is_over_where_the_crous_is() -> None:
    contract()
    captured(on=date(2026, 9, 14))
    midnight = datetime(2026, 9, 14, 22, 0, tzinfo=UTC)  # Paris: the 15th begins
    assert actions.close_days(now=midnight + timedelta(minutes=59)) == 0
    assert actions.close_days(now=midnight + timedelta(minutes=61)) == 1


def test_the_next_closing_goes_on_from_the_last() -> None:
    contract()
    captured()
    assert actions.close_days(now=NOW) == 1
    captured(91_00, on=TODAY)
    assert actions.close_days(now=NOW + timedelta(days=1)) == 1
    assert list(Sheet.objects.order_by("day").values_list("opening_cents", "closing_cents")) == [
        (0, 105_00), (105_00, 196_00),
    ]  # fmt: skip


def test_what_is_explained_by_hand_stands_in_its_day_and_so_does_its_mirror() -> None:
    contract()
    capture = captured()
    match()
    mismatch = Mismatch.objects.get()
    actions.resolve(mismatch_id=mismatch.pk, by=ACCOUNTANT, reason="Perdu par la banque.", now=NOW)
    (today,) = selectors.day_sheet(VERSAILLES, TODAY, NOW)
    assert (today.adjusted_cents, today.closing_cents) == (105_00, 0)
    load(letters.settlements([remittance([part(capture)])]))
    actions.match(crous_id=VERSAILLES, now=NOW)
    (today,) = selectors.day_sheet(VERSAILLES, TODAY, NOW)
    assert (today.adjusted_cents, today.fees_cents, today.closing_cents) == (0, 37, 104_63)


def test_what_waits_is_shown_by_account_and_age_as_the_ledger_says() -> None:
    contract()
    old, young = captured(on=DAY - timedelta(days=30)), captured(on=TODAY - timedelta(days=1))
    settled = remittance([part(captured(on=DAY))])
    load(letters.settlements([settled]))
    load(statement([letters.Booking(50_00, TODAY - timedelta(days=5), "U1")], day=TODAY))
    match()
    found = {one.account: one for one in selectors.transits_of(VERSAILLES, NOW)}
    assert found["receivable"].ages == (105_00, 0, 0, 105_00)
    assert found["receivable"].cents == 210_00 == -balance("psp:lyra:receivable")
    assert found["settlement"].cents == settled.net
    assert found["suspense"].ages == (0, 50_00, 0, 0)
    assert all(one.agrees for one in found.values())
    items = selectors.items_of(VERSAILLES, "receivable", "lyra", 10)
    assert [item.pk for item in items] == [old.pk, young.pk]


def test_periods_are_summed_by_day_and_rail() -> None:
    contract()
    captured()
    captured(91_00, on=DAY + timedelta(days=1))
    actions.close_days(now=NOW)
    assert selectors.collected_by_day(VERSAILLES, DAY, TODAY) == {
        DAY: {"lyra": 105_00}, DAY + timedelta(days=1): {"lyra": 91_00},
    }  # fmt: skip
    assert selectors.summed_between(VERSAILLES, DAY, TODAY)["lyra"]["collected_cents"] == 196_00
    assert len(selectors.sheets_between(VERSAILLES, DAY, TODAY)) == 2
