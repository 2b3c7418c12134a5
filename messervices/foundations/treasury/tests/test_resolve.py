"""Explaining what does not fit: a reason, a second person above the limit, transfers that clear, mirrors that undo."""

import pytest

from bank import letters
from bank.letters import Booking, Deal
from messervices.foundations.audit.models import Deed
from messervices.foundations.ledger.selectors import balance
from messervices.foundations.treasury import actions, selectors
from messervices.foundations.treasury.models import Adjustment, Entry, Mismatch, Settlement, SettlementLine
from messervices.foundations.treasury.tests.factories import (
    ACCOUNTANT,
    DAY,
    NOW,
    OF_LYON,
    SECOND,
    VERSAILLES,
    account,
    captured,
    contract,
    credit,
    load,
    match,
    part,
    remittance,
    statement,
)
from messervices.kernel.actor import Actor
from messervices.kernel.errors import Refusal

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("books")]

REASON = "Vu avec la banque : virement d’un particulier, à rendre."


def unknown(cents: int = 50_00) -> Mismatch:
    """A credit that nothing explains."""
    account()
    load(statement([Booking(cents, DAY, "U1", deals=(Deal(cents, end_to_end="X9"),))], day=DAY))
    assert match() == 1
    return Mismatch.objects.get()


def resolve(mismatch: Mismatch, by: Actor = ACCOUNTANT, reason: str = REASON) -> str:
    return actions.resolve(mismatch_id=mismatch.pk, by=by, reason=reason, now=NOW)


def test_an_unknown_credit_is_explained_by_hand_and_the_suspense_clears() -> None:
    mismatch = unknown()
    assert balance("bank:suspense:versailles") == 50_00
    assert resolve(mismatch) == "resolved"
    assert balance("bank:suspense:versailles") == 0
    assert balance("treasury:adjustments:versailles") == 50_00
    assert Entry.objects.get().adjusted_at == NOW
    assert match() == 0
    with pytest.raises(Refusal, match="step_closed"):
        resolve(mismatch)
    assert Deed.objects.filter(verb="treasury.resolve_mismatch").count() == 1


def test_a_large_one_waits_for_a_second_person_who_is_another() -> None:
    mismatch = unknown(1_000_00)
    assert resolve(mismatch) == "proposed"
    assert balance("bank:suspense:versailles") == 1_000_00
    with pytest.raises(Refusal, match="same_person"):
        actions.confirm(mismatch_id=mismatch.pk, by=ACCOUNTANT, now=NOW)
    assert actions.confirm(mismatch_id=mismatch.pk, by=SECOND, now=NOW) == "resolved"
    assert balance("bank:suspense:versailles") == 0
    mismatch.refresh_from_db()
    assert (mismatch.by_id, mismatch.second_id) == (ACCOUNTANT.user_id, SECOND.user_id)
    with pytest.raises(Refusal, match="step_closed"):
        actions.confirm(mismatch_id=mismatch.pk, by=SECOND, now=NOW)


def test_a_proposal_may_be_put_back_to_work() -> None:
    mismatch = unknown(1_000_00)
    resolve(mismatch)
    with pytest.raises(Refusal, match="reason_missing"):
        actions.withdraw(mismatch_id=mismatch.pk, by=SECOND, reason=" ", now=NOW)
    assert actions.withdraw(mismatch_id=mismatch.pk, by=SECOND, reason="Pas d’accord", now=NOW) == "open"
    with pytest.raises(Refusal, match="step_closed"):
        actions.withdraw(mismatch_id=mismatch.pk, by=SECOND, reason="Pas d’accord", now=NOW)
    assert resolve(mismatch, by=SECOND) == "proposed"


@pytest.mark.parametrize(
    ("by", "reason", "code"),
    [
        (OF_LYON, REASON, "not_yours"),
        (Actor("agent", 9, "X", crous_ids=(VERSAILLES,)), REASON, "not_yours"),
        (ACCOUNTANT, "  ", "reason_missing"),
    ],
)
def test_who_may_not_and_why_not(by: Actor, reason: str, code: str) -> None:
    mismatch = unknown()
    with pytest.raises(Refusal, match=code):
        resolve(mismatch, by, reason)
    assert balance("bank:suspense:versailles") == 50_00


def test_what_was_explained_and_comes_after_all_is_undone_by_its_mirror() -> None:
    contract()
    settled = remittance([part(captured())])
    load(statement([credit(settled)]))
    match()
    for mismatch in Mismatch.objects.order_by("pk"):
        resolve(mismatch)
    assert balance("bank:suspense:versailles") == 0
    assert balance("psp:lyra:receivable") == 0
    load(letters.settlements([settled]))
    assert match() == 0
    assert balance("treasury:adjustments:versailles") == 0
    assert balance("settlement:lyra:versailles") == 0
    assert set(Mismatch.objects.values_list("status", flat=True)) == {"cleared"}
    assert Adjustment.objects.filter(undoes=True).count() == 2
    assert match() == 0


def test_another_amount_explained_clears_both_sides_and_leaves_the_difference() -> None:
    contract()
    capture = captured(105_00)
    settled = remittance([part(capture, cents=104_90)])
    load(letters.settlements([settled]))
    load(statement([credit(settled)]))
    assert match() == 1
    mismatch = Mismatch.objects.get()
    assert (mismatch.kind, mismatch.amount_cents) == ("other_amount", 10)
    resolve(mismatch)
    assert balance("psp:lyra:receivable") == 0
    assert balance("settlement:lyra:versailles") == 0
    assert balance("treasury:adjustments:versailles") == -10
    assert match() == 0


def test_a_credit_of_another_amount_explained_closes_the_settlement() -> None:
    contract()
    settled = remittance([part(captured())])
    load(letters.settlements([settled]))
    load(
        statement(
            [credit(settled, cents=settled.net - 5, deals=(Deal(settled.net - 5, end_to_end=settled.reference),))]
        )
    )
    assert match() == 1
    resolve(Mismatch.objects.get())
    assert balance("settlement:lyra:versailles") == 0
    assert balance("bank:suspense:versailles") == 0
    assert Settlement.objects.get().adjusted_at == NOW
    assert match() == 0


def test_a_charge_back_explained_leaves_the_rail_square() -> None:
    contract()
    capture = captured()
    chargeback = part(capture, kind="charge_back", cents=-capture.amount_cents, fee=0)
    settled = remittance([part(capture), chargeback])
    load(letters.settlements([settled]))
    load(statement([credit(settled)]))
    match()
    mismatch = Mismatch.objects.get()
    assert (mismatch.kind, mismatch.capture_id) == ("charge_back", capture.pk)
    resolve(mismatch)
    assert balance("settlement:lyra:versailles") == 0
    assert balance("treasury:adjustments:versailles") == -capture.amount_cents
    assert SettlementLine.objects.get(kind="charge_back").adjusted_at == NOW


def test_what_moves_no_money_is_only_filed() -> None:
    contract()
    settled = remittance([part(captured(), fee=99)])
    load(letters.settlements([settled]))
    load(statement([credit(settled)]))
    match()
    mismatch = Mismatch.objects.get()
    assert mismatch.kind == "fee_unexpected"
    assert resolve(mismatch) == "resolved"
    assert not Adjustment.objects.exists()
    assert match() == 0
    assert [one.count for one in selectors.piles_of(ACCOUNTANT, VERSAILLES)] == [0] * 12
