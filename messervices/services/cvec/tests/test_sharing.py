"""Sharing out, from lists to transfers: counted as the rule says, frozen, reviewed by a second person, paid once."""

import random
from contextlib import suppress
from datetime import UTC, datetime
from fractions import Fraction
from unittest import mock

import pytest
from django.db import IntegrityError, connection, transaction

from messervices.foundations.ledger.selectors import assert_books_balance, balance
from messervices.foundations.notifications.models import OutgoingMail
from messervices.foundations.payouts.models import Payout
from messervices.foundations.payouts.states import PayoutNews
from messervices.kernel import crash
from messervices.kernel.errors import Refusal
from messervices.kernel.money import Cents
from messervices.services.cvec import actions, rules, selectors, tasks
from messervices.services.cvec.actions import share_out
from messervices.services.cvec.models import Acquittement, Beneficiary, CrousShare, Share, ShareGroup, Sharing
from messervices.services.cvec.tests.factories import YEAR
from messervices.services.cvec.tests.rolls import (
    AUTUMN,
    INSA,
    LYON_1,
    UVSQ,
    certified,
    daughter_of,
    file_in,
    line_of,
)
from messervices.services.cvec.tests.sharings import (
    CHECKER,
    JANUARY,
    JUNE,
    MAKER,
    agent,
    draw,
    give_account,
    lists,
    settle,
    take,
)
from messervices.services.cvec.tests.test_invariants import broken

pytestmark = pytest.mark.django_db


def test_the_first_instalment_pays_the_reference_and_halves_who_is_listed_twice() -> None:
    lists()
    take(10_000_00)
    give_account()
    sharing = settle("reference", JANUARY)
    shares = {row.establishment_id: row for row in Share.objects.all()}
    assert {uai: (row.heads, row.amount_cents) for uai, row in shares.items()} == {
        UVSQ: ("7/2", 150_50), LYON_1: ("5/2", 107_50),
    }  # fmt: skip
    assert (shares[UVSQ].status, shares[LYON_1].status) == ("ordered", "no_account")
    payout = Payout.objects.get()
    assert (payout.amount_cents, payout.establishment_id, payout.kind) == (150_50, UVSQ, "cvec.share")
    assert sharing.drawn["26"] == 258_00
    assert balance("cvec:2026:shared") == 107_50, "what waits for an account"
    assert_books_balance()
    assert OutgoingMail.objects.filter(template="cvec/mail/share").count() == 1, "the one referent there is, once"


def test_the_balance_shares_all_that_is_left_and_takes_off_what_was_paid() -> None:
    lists()
    take(10_000_00)
    take(500_00, "lyon")
    give_account()
    settle("reference", JANUARY)
    sharing = settle("balance", JUNE)
    shares = list(Share.objects.filter(sharing=sharing))
    kept = list(CrousShare.objects.filter(sharing=sharing))
    assert sharing.crous_cents == 10_500_00 * 15 // 100 == sum(row.amount_cents for row in kept)
    assert sum(row.total_cents for row in shares) + sharing.crous_cents == sharing.net_cents == 10_500_00
    assert {row.establishment_id: row.before_cents for row in shares} == {UVSQ: 150_50, LYON_1: 107_50}
    assert Fraction(sharing.per_head) == Fraction(10_500_00 - 1_575_00 - 258_00, 6)
    assert {row.crous_id for row in kept} == {26, 12}
    assert balance("cvec:2026:collected:versailles") == balance("cvec:2026:collected:lyon") == 0
    owed = sum(row.total_cents for row in shares if row.establishment_id == LYON_1)
    assert balance("cvec:2026:shared") == owed, "the other’s two transfers are ordered"
    assert Payout.objects.count() == 2
    assert_books_balance()


def test_a_list_that_shrank_leaves_something_to_take_back() -> None:
    files = certified(40)
    file_in(*(line_of(one) for one in files))
    take(2_000_00)
    settle("reference", JANUARY)
    Acquittement.objects.filter(pk__in=[one.pk for one in files[1:]]).update(status="cancelled")
    other = certified(9)
    file_in(*(line_of(one, LYON_1) for one in other), uai=LYON_1)
    sharing = settle("balance", JUNE)
    share = Share.objects.get(sharing=sharing, establishment_id=UVSQ)
    assert (share.before_cents, share.status) == (1_720_00, "nothing")
    assert share.amount_cents < 0
    assert Payout.objects.count() == 0


def test_counting_by_sql_is_the_rule_itself_whatever_the_portions() -> None:
    chance = random.Random(7)
    daughter_of(UVSQ, INSA)
    Beneficiary.objects.filter(pk=LYON_1).update(share_class="other")
    Beneficiary.objects.filter(pk="0780412Z").update(share_class="none")
    files = certified(60)
    rates = {UVSQ: 43_00, INSA: 43_00, LYON_1: 20_00, "0780412Z": 0}
    filers = {UVSQ: (UVSQ, INSA), LYON_1: (LYON_1,), "0780412Z": ("0780412Z",)}
    lines = []
    for filer, uais in filers.items():
        own = [(one, uai) for one in files for uai in uais if chance.random() < 0.5]
        file_in(*(line_of(one, uai) for one, uai in own), uai=filer)
        lines += [(one.pk, filer, rates[uai]) for one, uai in own]
    Acquittement.objects.filter(pk=files[0].pk).update(status="cancelled")
    lines = [line for line in lines if line[0] != files[0].pk]
    take(1_000_000_00)
    with mock.patch.object(share_out, "PORTION", 7):
        sharing = draw("reference", JANUARY)
    found = rules.by_establishment(
        rules.Group(row.establishment_id, row.rate_cents, row.split, row.heads) for row in sharing.groups.all()
    )
    assert found == rules.by_establishment(rules.halved(lines))


def test_a_list_that_comes_too_late_waits_for_the_balance() -> None:
    early, late = certified(2)
    file_in(line_of(early))
    file_in(line_of(late), now=datetime(2026, 10, 16, 0, 0, tzinfo=UTC))
    take(1_000_00)
    assert Fraction(draw("reference", JANUARY).shares.get().heads) == 1
    assert Fraction(draw("balance", JUNE).shares.get().heads) == 2


def test_who_draws_does_not_review_and_a_crous_does_neither() -> None:
    lists()
    take(10_000_00)
    sharing = draw("reference", JANUARY)
    for by, code in ((MAKER, "second_person"), (agent(3, 26), "not_allowed"), (agent(4, rights=()), "not_allowed")):
        with pytest.raises(Refusal) as refused:
            actions.review_sharing(by=by, sharing_id=sharing.pk, now=JANUARY)
        assert refused.value.code == code
    with pytest.raises(Refusal, match="step_closed"):
        actions.finalise_sharing(by=MAKER, sharing_id=sharing.pk, now=JANUARY)
    with pytest.raises(IntegrityError), transaction.atomic():
        Sharing.objects.filter(pk=sharing.pk).update(reviewed_by_id=1, reviewed_at=JANUARY)
    with pytest.raises(Refusal, match="not_allowed"):
        actions.draw_sharing(by=agent(3, 26), year=YEAR, kind="balance", now=JUNE)


def test_a_draft_that_was_tampered_with_is_not_passed() -> None:
    lists()
    take(10_000_00)
    sharing = draw("reference", JANUARY)
    assert selectors.replayed(sharing) == []
    Share.objects.filter(establishment_id=UVSQ).update(reference_cents=1, total_cents=1, amount_cents=1)
    assert selectors.replayed(sharing) == [UVSQ]
    with pytest.raises(Refusal, match="not_the_same"):
        actions.review_sharing(by=CHECKER, sharing_id=sharing.pk, now=JANUARY)


def test_final_is_refused_when_the_books_moved_and_after_a_drop_another_is_drawn() -> None:
    lists()
    take(10_000_00)
    sharing = draw("balance", JUNE)
    actions.review_sharing(by=CHECKER, sharing_id=sharing.pk, now=JUNE)
    take(1_00)
    with pytest.raises(Refusal, match="net_moved"):
        actions.finalise_sharing(by=CHECKER, sharing_id=sharing.pk, now=JUNE)
    with pytest.raises(Refusal, match="sharing_there"):
        actions.draw_sharing(by=MAKER, year=YEAR, kind="balance", now=JUNE)
    for _twice in range(2):
        actions.drop_sharing(by=CHECKER, sharing_id=sharing.pk, reason="encaissements", now=JUNE)
    assert settle("balance", JUNE).net_cents == 10_001_00
    with pytest.raises(Refusal, match="step_closed"):
        actions.drop_sharing(by=CHECKER, sharing_id=Sharing.objects.get(status="final").pk, reason="x", now=JUNE)


def test_what_cannot_be_drawn_is_refused() -> None:
    with pytest.raises(Refusal, match="too_early"):
        actions.draw_sharing(by=MAKER, year=YEAR, kind="reference", now=AUTUMN)
    with pytest.raises(Refusal, match="too_early"):
        actions.draw_sharing(by=MAKER, year=YEAR, kind="balance", now=JANUARY)
    with pytest.raises(Refusal, match="terms_missing"):
        actions.draw_sharing(by=MAKER, year=YEAR.next.next, kind="reference", now=JUNE)
    lists()
    sharing = draw("reference", JANUARY)
    actions.review_sharing(by=CHECKER, sharing_id=sharing.pk, now=JANUARY)
    with pytest.raises(Refusal, match="not_enough"):
        actions.finalise_sharing(by=MAKER, sharing_id=sharing.pk, now=JANUARY)


def test_the_terms_are_frozen_with_the_draft() -> None:
    lists()
    take(10_000_00)
    sharing = draw("reference", JANUARY)
    with connection.cursor() as cursor:
        cursor.execute("update cvec_shareterms set public_cents = 1")
    assert selectors.replayed(sharing) == []


@pytest.mark.parametrize("point", ["cvec.shares_counted", "cvec.shares_computed", "cvec.sharing_final", "cvec.ordered"])
def test_killed_at_each_point_a_sharing_goes_on_and_pays_once(point: str) -> None:
    lists()
    take(10_000_00)
    give_account()

    class Killed(BaseException):
        pass

    left = [1]

    def pass_by(name: str) -> None:
        if name == point and left[0]:
            left[0] -= 1
            raise Killed

    sharing = actions.draw_sharing(by=MAKER, year=YEAR, kind="reference", now=JANUARY)
    with mock.patch.object(crash, "point", pass_by):
        for _try in range(2):
            with suppress(Killed):
                actions.count_sharing(sharing_id=sharing.pk, now=JANUARY)
        actions.review_sharing(by=CHECKER, sharing_id=sharing.pk, now=JANUARY)
        for _try in range(2):
            with suppress(Killed):
                actions.finalise_sharing(by=MAKER, sharing_id=sharing.pk, now=JANUARY)
        for _try in range(2):
            with suppress(Killed):
                actions.pay_shares(sharing_id=sharing.pk, now=JANUARY)
    assert left == [0]
    assert ShareGroup.objects.count() == 4
    assert Payout.objects.count() == 1
    assert balance("cvec:2026:shared") == 107_50
    assert_books_balance()


def test_a_share_follows_its_transfer() -> None:
    lists()
    take(10_000_00)
    give_account()
    settle("reference", JANUARY)
    share, payout = Share.objects.get(establishment_id=UVSQ), Payout.objects.get()
    for status, becomes in (("accepted", "ordered"), ("paid", "paid"), ("paid", "paid"), ("returned", "returned")):
        news = PayoutNews(
            payout_id=payout.pk, number=payout.number, kind="cvec.share", reference=str(share.pk), person_id=None,
            establishment_uai=UVSQ, crous_id=26, amount_cents=Cents(150_50), status=status, reason="", at=JANUARY,
        )  # fmt: skip
        with transaction.atomic():
            actions.note_payout(payout_id=payout.pk, reference=str(share.pk), news=news, now=JANUARY, by=MAKER)
        share.refresh_from_db()
        assert (share.status, share.paid_at is not None) == (becomes, becomes == "paid")


def test_an_account_given_later_is_paid_the_next_night() -> None:
    lists()
    take(10_000_00)
    settle("reference", JANUARY)
    assert Payout.objects.count() == 0
    give_account()
    tasks.pay_late_shares(now=JANUARY)
    assert Share.objects.get(establishment_id=UVSQ).status == "ordered"


def test_an_establishment_is_classed_from_a_source() -> None:
    for _twice in range(2):
        row = actions.class_beneficiary(by=MAKER, uai=UVSQ, share_class="other", source="Arrêté", now=AUTUMN)
    assert (row.share_class, row.certainty, row.shipped) == ("other", "sourced", False)
    for step in actions.reference_steps():
        step.run(AUTUMN) if step.name == "beneficiaries" else None
    assert Beneficiary.objects.get(pk=UVSQ).share_class == "other", "the files no longer change it"
    with pytest.raises(Refusal, match="not_allowed"):
        actions.class_beneficiary(by=agent(3, 26), uai=UVSQ, share_class="none", source="x", now=AUTUMN)


SHARES = (
    "the shares and what the Crous keep are the net take, to the cent",
    "what a final sharing out took from the Crous is what it shares",
    "every share counts the students that were counted",
    "every share that is final has its letter, of the same sum",
    "every share that is ordered has its transfer, of the same sum",
)


def test_the_invariants_hold_after_a_year_and_each_breach_is_seen() -> None:
    lists()
    take(10_000_00)
    give_account()
    settle("reference", JANUARY)
    sharing = settle("balance", JUNE)
    assert not broken() & set(SHARES)
    Share.objects.filter(sharing=sharing).update(
        total_cents=1, variable_cents=1, reference_cents=0, before_cents=0, amount_cents=1
    )
    ShareGroup.objects.filter(sharing=sharing).update(heads=77)
    assert set(SHARES) <= broken()
