"""What goes together is paired, written in the books, and nothing is left over on clean books."""

from datetime import timedelta

import pytest

from bank import letters
from messervices.foundations.ledger.selectors import balance
from messervices.foundations.treasury.models import Entry, Mismatch, SettlementLine
from messervices.foundations.treasury.tests.factories import (
    DAY,
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


def test_a_clean_day_clears_to_zero_and_leaves_nothing_over() -> None:
    contract()
    captures = [captured(cents) for cents in (105_00, 91_00, 105_00)]
    settled = remittance([part(one) for one in captures])
    assert load(letters.settlements([settled])).status == "done"
    assert load(statement([credit(settled)])).status == "done"
    assert match() == 0
    assert balance("psp:lyra:receivable") == 0
    assert balance("settlement:lyra:versailles") == 0
    assert balance("bank:suspense:versailles") == 0
    assert balance("fees:lyra:versailles") == -(fee(105_00) * 2 + fee(91_00))
    assert balance("bank:versailles") == -settled.net
    assert Entry.objects.get().match == "settlement"
    assert SettlementLine.objects.filter(matched_at=None).count() == 0
    assert Mismatch.objects.count() == 0
    assert match() == 0


def test_money_given_back_is_settled_too_and_what_was_cancelled_at_once_is_not_missed() -> None:
    contract()
    kept, returned, cancelled = captured(), captured(), captured()
    back = given_back(returned, on=DAY + timedelta(days=1))
    gone = given_back(cancelled, on=DAY)
    gone.rail_tx_id = cancelled.rail_tx_id
    gone.save()
    settled = remittance([part(kept), part(returned), part(back)], day=DAY + timedelta(days=2))
    load(letters.settlements([settled]))
    load(statement([credit(settled)], day=DAY + timedelta(days=3)))
    assert match() == 0
    assert balance("psp:lyra:receivable") == 0
