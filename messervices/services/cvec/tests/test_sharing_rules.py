"""Sharing out is exact: to the cent, whatever the order, and as the published campaign was."""

import random
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from messervices.services.cvec import rules
from messervices.services.cvec.rules import Group, Terms, Territory

TERMS = Terms(public_cents=43_00, other_cents=20_00, crous_parts=1_500, heads_parts=5_000)
uais = st.sampled_from([f"{n:07d}A" for n in range(12)])
lines = st.lists(st.tuples(st.integers(0, 40), uais, st.sampled_from([0, 20_00, 41_00, 43_00])), max_size=200)
weights = st.dictionaries(uais, st.fractions(0, 1_000, max_denominator=97), min_size=1, max_size=12)


def test_a_student_listed_by_two_counts_once_at_the_higher_rate_halved() -> None:
    groups = rules.halved([(1, "A", 41_00), (1, "B", 20_00), (2, "B", 20_00)])
    assert groups == [Group("A", 41_00, 2, 1), Group("B", 20_00, 1, 1), Group("B", 41_00, 2, 1)]
    assert rules.reference_of([groups[0]]) == 20_50
    assert rules.heads_of(groups) == 2, "two students, three lines"


def test_a_school_that_is_no_beneficiary_takes_nothing_from_one_that_is() -> None:
    assert rules.halved([(1, "A", 43_00), (1, "Z", 0)]) == [Group("A", 43_00, 1, 1)]
    assert rules.halved([(1, "Z", 0)]) == []


def test_two_daughters_of_one_beneficiary_are_one() -> None:
    assert rules.halved([(1, "A", 20_00), (1, "A", 43_00)]) == [Group("A", 43_00, 1, 1)]


@settings(deadline=None)
@given(lines, st.randoms())
def test_halving_does_not_depend_on_the_order_and_loses_no_student(rows, chance: random.Random) -> None:
    shuffled = list(rows)
    chance.shuffle(shuffled)
    groups = rules.halved(rows)
    assert rules.halved(shuffled) == groups == rules.halved(rows + rows)
    beneficiaries = {certificate for certificate, _uai, rate in rows if rate}
    assert rules.heads_of(groups) == len(beneficiaries)
    best = {one: max(rate for other, _uai, rate in rows if other == one) for one in beneficiaries}
    assert rules.reference_of(groups) == sum(best.values()), "each student brings the higher rate, once"


@settings(deadline=None)
@given(weights, st.integers(0, 10**12))
def test_a_split_adds_up_to_the_cent_and_nobody_is_a_cent_away_from_exact(shares, total: int) -> None:
    split = rules.pro_rata(shares, total)
    whole = sum(shares.values())
    assert sum(split.values()) == (total if whole else 0)
    for name, cents in split.items():
        assert abs(cents - (shares[name] * total / whole if whole else 0)) < 1
    backwards = dict(reversed(shares.items()))
    assert rules.pro_rata(backwards, total) == split


@pytest.mark.parametrize(
    ("heads", "said"),
    [
        (Fraction(36_561, 2), "18\u202f280\u202f½"),
        (Fraction(3), "3"),
        (Fraction(7, 3), "2\u202f⅓"),
        (Fraction(23, 7), "3 + 2/7"),
    ],
)
def test_how_many_count_is_written_without_a_decimal(heads: Fraction, said: str) -> None:
    assert rules.counted(heads) == said


def test_shares_that_do_not_add_up_are_refused() -> None:
    with pytest.raises(ValueError, match="cents would be left"):
        rules.largest_remainder({"A": Fraction(1)}, 5)
    assert rules.largest_remainder({}, 0) == {}


@settings(deadline=None)
@given(lines, st.integers(0, 20_000_000_00), st.integers(750, 1_500), st.randoms())
def test_what_is_shared_is_the_net_take_to_the_cent(rows, net: int, parts: int, chance: random.Random) -> None:
    terms = Terms(43_00, 20_00, parts, 5_000)
    groups = rules.halved(rows)
    found = rules.share_out(net, terms, groups)
    assert found.establishments_cents + found.crous_cents == net
    assert all(share.reference_cents >= 0 and share.variable_cents >= 0 for share in found.shares)
    chance.shuffle(groups)
    assert rules.share_out(net, terms, groups) == found, "the order does not matter"
    for share in found.shares:
        exact = rules.reference_of(g for g in groups if g.uai == share.uai) + share.heads * found.per_head
        assert found.per_head == 0 or abs(share.total_cents - exact) < 1


def test_without_enough_for_the_reference_each_has_its_part_of_what_there_is() -> None:
    groups = [Group("A", 43_00, 1, 100), Group("B", 20_00, 1, 100)]
    found = rules.share_out(1_000_00, TERMS, groups)
    assert (found.per_head, found.establishments_cents) == (0, 850_00)
    assert [share.total_cents for share in found.shares] == [580_16, 269_84]


def test_without_any_beneficiary_the_crous_keep_all() -> None:
    assert rules.share_out(100_00, TERMS, []).crous_cents == 100_00


@pytest.mark.parametrize(("parts", "fixed"), [(700, None), (1_600, None), (1_500, 100), (1_500, 20_01)])
def test_the_crous_keep_between_seven_and_a_half_and_fifteen_in_a_hundred(parts: int, fixed: int | None) -> None:
    with pytest.raises(ValueError, match="between"):
        rules.share_out(100_00, Terms(43_00, 20_00, parts, 5_000, fixed), [])


def test_the_first_instalment_is_the_whole_reference_and_nothing_else() -> None:
    shares = rules.reference_instalment([Group("A", 43_00, 1, 3), Group("A", 43_00, 2, 1), Group("B", 43_00, 2, 1)])
    assert [(share.uai, share.heads, share.total_cents) for share in shares] == [
        ("A", Fraction(7, 2), 150_50), ("B", Fraction(1, 2), 21_50),
    ]  # fmt: skip
    thirds = rules.reference_instalment([Group(uai, 20_00, 3, 1) for uai in "ABC"])
    assert sum(share.total_cents for share in thirds) == 20_00


@settings(deadline=None)
@given(st.integers(0, 10**11), st.dictionaries(uais, st.tuples(st.integers(0, 10**5), st.integers(0, 90)), min_size=1))
def test_what_the_crous_keep_is_split_between_them_to_the_cent(kept: int, served) -> None:
    territories = {name: Territory(Fraction(heads, 2), places) for name, (heads, places) in served.items()}
    split = rules.crous_split(kept, territories, TERMS)
    some = any(one.heads for one in territories.values()) and any(one.establishments for one in territories.values())
    assert sum(split.values()) == (kept if some else 0)


# The campaign of 2021-2022, as it was published ------------------------------------------------------------------

NET, ESTABLISHMENTS, CROUS = 149_974_704_00, 127_478_498_43, 22_496_205_57


def test_the_published_campaign_is_shared_out_to_the_cent() -> None:
    """Net, both parts, and the variable part of 21.70 €. The page gives no number of students: ours lead there."""
    terms = Terms(43_00, 20_00, 1_500, 5_000, crous_cents=CROUS)
    others = 40_000
    public = round(Fraction(ESTABLISHMENTS - others * (20_00 + 21_70), 43_00 + 21_70))
    chance = random.Random(2021)
    groups, left = [], public
    for n in range(1_200):
        heads = left if n == 1_199 else min(left, chance.randrange(3_000))
        groups.append(Group(f"{n:07d}A", 43_00, 1, heads))
        left -= heads
    groups += [Group(f"{9_000_000 + n}A", 20_00, 1, 100) for n in range(others // 100)]
    found = rules.share_out(NET, terms, groups)
    assert (found.crous_cents, found.establishments_cents) == (CROUS, ESTABLISHMENTS)
    assert round(found.per_head) == 21_70
    assert CROUS + ESTABLISHMENTS == NET
    assert sum(share.total_cents for share in found.shares) == ESTABLISHMENTS


def test_fifteen_in_a_hundred_of_that_take_is_three_cents_more_than_published() -> None:
    """Why the sum may be fixed by a decision: the printed parts come from per-head amounts already rounded."""
    assert rules.crous_part(NET, TERMS) == CROUS + 3


def test_nobody_reviews_their_own_sharing_out() -> None:
    assert rules.may_check(1, 2)
    assert not rules.may_check(1, 1)
    assert not rules.may_check(None, None)
