"""How the proceeds are shared out between establishments and Crous (D841-5 to D841-7), to the cent, and replayable.

Everything is exact (``Fraction``) until the one rounding, by the largest remainder: the shares add up to what is
shared, whatever the order in which the establishments come. What the texts leave open is said here to be assumed.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from messervices.kernel.academic_year import AcademicYear
from messervices.kernel.money import Cents

TEN_THOUSAND = 10_000
"""Parts are written in ten-thousandths: 1 500 is 15 %."""

LEAST, MOST = 750, 1_500
"""What the Crous may keep of the net take: between 7.5 % and 15 %."""


@dataclass(frozen=True, slots=True)
class Terms:
    """The parameters of a year, in euro cents and ten-thousandths.

    ``public_cents`` and ``other_cents`` are the reference for a student; ``crous_parts`` is what the Crous keep of the
    net take, unless a decision fixes the sum itself (``crous_cents``); ``heads_parts`` is how much of it is split
    between Crous by students, the rest being split by establishments (assumed: the texts name both and no weight).
    """

    public_cents: int
    other_cents: int
    crous_parts: int
    heads_parts: int
    crous_cents: int | None = None


@dataclass(frozen=True, slots=True, order=True)
class Group:
    """Students of an establishment who count alike: ``heads`` of them, at ``rate_cents``, divided by ``split``."""

    uai: str
    rate_cents: int
    split: int
    heads: int


def halved(lines: Iterable[tuple[int, str, int]]) -> list[Group]:
    """Group lines (certificate, beneficiary, rate in cents): a student listed by two counts once, at the higher rate.

    Each of the two has half (41 € → 20.50 €); with three, a third (assumed: the rule is written for two). Two lines of
    one beneficiary, for two of its daughters, are one, at the higher rate. A rate of 0 is no beneficiary: not counted.
    """
    rates: dict[int, dict[str, int]] = defaultdict(dict)
    for certificate, uai, rate in lines:
        if rate > 0:
            rates[certificate][uai] = max(rate, rates[certificate].get(uai, 0))
    groups = Counter((uai, max(of.values()), len(of)) for of in rates.values() for uai in of)
    return sorted(Group(*key, heads) for key, heads in groups.items())


def reference_of(groups: Iterable[Group]) -> Fraction:
    """The reference part of an establishment, in cents, exact."""
    return sum((Fraction(group.rate_cents * group.heads, group.split) for group in groups), Fraction(0))


def heads_of(groups: Iterable[Group]) -> Fraction:
    """How many students an establishment counts: one listed twice counts half."""
    return sum((Fraction(group.heads, group.split) for group in groups), Fraction(0))


_PARTS = {
    Fraction(0): "", Fraction(1, 2): "½", Fraction(1, 3): "⅓", Fraction(2, 3): "⅔", Fraction(1, 4): "¼",
    Fraction(3, 4): "¾", Fraction(1, 6): "⅙", Fraction(5, 6): "⅚",
}  # fmt: skip
_THIN = "\u202f"


def counted(heads: Fraction) -> str:
    """Write how many students are counted, in any language: ``18 280 ½``; ``3 + 2/7`` for a part that has no sign."""
    whole, rest = divmod(heads, 1)
    said = f"{whole:,}".replace(",", _THIN)
    part = _PARTS.get(rest)
    return f"{said} + {rest}" if part is None else f"{said}{_THIN}{part}" if part else said


def largest_remainder(exact: Mapping[str, Fraction], total: int) -> dict[str, int]:
    """Round exact shares that add up to ``total`` (whole cents), so that the rounded ones do too.

    Each is cut to the cent below; the cents left go one by one to those who lost most, by name when they lost alike.
    Raises ``ValueError`` when the exact shares do not add up to ``total``, or to within a cent of it.
    """
    floors = {name: share.numerator // share.denominator for name, share in exact.items()}
    left = total - sum(floors.values())
    if not 0 <= left <= len(exact):
        msg = f"{left} cents would be left for {len(exact)} shares"
        raise ValueError(msg)
    losers = sorted(exact, key=lambda name: (floors[name] - exact[name], name))
    return floors | {name: floors[name] + 1 for name in losers[:left]}


def pro_rata(weights: Mapping[str, Fraction], total: int) -> dict[str, int]:
    """Split ``total`` in proportion to weights, to the cent; nothing at all when every weight is 0."""
    whole = sum(weights.values(), Fraction(0))
    if not whole:
        return dict.fromkeys(weights, 0)
    return largest_remainder({name: weight * total / whole for name, weight in weights.items()}, total)


def crous_part(net_cents: int, terms: Terms) -> Cents:
    """What the Crous keep of the net take, rounded down to the cent; or the sum that a decision fixed.

    Raises ``ValueError`` when it is not between 7.5 % and 15 % of the net take.
    """
    fixed = terms.crous_cents
    kept = net_cents * terms.crous_parts // TEN_THOUSAND if fixed is None else fixed
    if not LEAST * net_cents <= kept * TEN_THOUSAND + TEN_THOUSAND or kept * TEN_THOUSAND > MOST * net_cents:
        msg = "the Crous keep between 7.5 % and 15 % of the net take"
        raise ValueError(msg)
    return Cents(kept)


@dataclass(frozen=True, slots=True)
class Share:
    """What comes to an establishment: the reference for its students, and its part of what remains. In cents.

    ``heads`` is exact. The variable part is what the total holds beyond the reference; it may hide a cent of rounding.
    """

    uai: str
    heads: Fraction
    reference_cents: Cents
    variable_cents: Cents

    @property
    def total_cents(self) -> Cents:
        """Both parts."""
        return Cents(self.reference_cents + self.variable_cents)


@dataclass(frozen=True, slots=True)
class Outcome:
    """A whole sharing out. ``per_head`` is the variable part for a student, exact, in cents."""

    net_cents: Cents
    crous_cents: Cents
    per_head: Fraction
    shares: tuple[Share, ...]

    @property
    def establishments_cents(self) -> Cents:
        """What comes to all establishments together."""
        return Cents(sum(share.total_cents for share in self.shares))


def by_establishment(groups: Iterable[Group]) -> dict[str, list[Group]]:
    """Part the groups by establishment, in the order of their UAI."""
    found: dict[str, list[Group]] = defaultdict(list)
    for group in sorted(groups):
        found[group.uai].append(group)
    return dict(found)


def reference_instalment(groups: Iterable[Group]) -> tuple[Share, ...]:
    """The first payment: the whole reference for each student listed in time, and nothing else yet."""
    parted = by_establishment(groups)
    exact = {uai: reference_of(own) for uai, own in parted.items()}
    rounded = largest_remainder(exact, _nearest(sum(exact.values(), Fraction(0))))
    return tuple(Share(uai, heads_of(parted[uai]), Cents(rounded[uai]), Cents(0)) for uai in parted)


def _nearest(cents: Fraction) -> int:
    """The nearest whole cent; half a cent goes up."""
    return (2 * cents.numerator + cents.denominator) // (2 * cents.denominator)


def share_out(net_cents: int, terms: Terms, groups: Iterable[Group]) -> Outcome:
    """Share the net take of a year: the Crous their part, each establishment its reference and its part of the rest.

    The rest is split by students. When the take does not even pay the reference, each has its part of what there is
    (assumed). Without any beneficiary the Crous keep all. Raises ``ValueError`` as ``crous_part`` does.
    """
    parted = by_establishment(groups)
    kept = crous_part(net_cents, terms)
    if not parted:
        return Outcome(Cents(net_cents), Cents(net_cents), Fraction(0), ())
    reference = {uai: reference_of(own) for uai, own in parted.items()}
    heads = {uai: heads_of(own) for uai, own in parted.items()}
    shared = net_cents - kept
    owed = sum(reference.values(), Fraction(0))
    if owed > shared:
        rounded = pro_rata(reference, shared)
        shares = tuple(Share(uai, heads[uai], Cents(rounded[uai]), Cents(0)) for uai in parted)
        return Outcome(Cents(net_cents), kept, Fraction(0), shares)
    per_head = (shared - owed) / sum(heads.values(), Fraction(0))
    rounded = largest_remainder({uai: reference[uai] + heads[uai] * per_head for uai in parted}, shared)
    shares = tuple(
        Share(uai, heads[uai], Cents(_floor(reference[uai])), Cents(rounded[uai] - _floor(reference[uai])))
        for uai in parted
    )
    return Outcome(Cents(net_cents), kept, per_head, shares)


def _floor(cents: Fraction) -> int:
    return cents.numerator // cents.denominator


@dataclass(frozen=True, slots=True)
class Territory:
    """What a Crous serves: students counted at the establishments of its territory, and how many establishments."""

    heads: Fraction
    establishments: int


def crous_split(kept_cents: int, territories: Mapping[str, Territory], terms: Terms) -> dict[str, int]:
    """Split what the Crous keep: a part by students, the rest by establishments, to the cent."""
    heads = sum((one.heads for one in territories.values()), Fraction(0))
    places = sum(one.establishments for one in territories.values())
    if not heads or not places:
        return dict.fromkeys(territories, 0)
    by_heads = Fraction(terms.heads_parts, TEN_THOUSAND)
    weights = {
        name: by_heads * one.heads / heads + (1 - by_heads) * Fraction(one.establishments, places)
        for name, one in territories.items()
    }
    return pro_rata(weights, kept_cents)


def shared_account(year: AcademicYear) -> str:
    """Name the ledger's account that the take of a year is shared out from."""
    return f"cvec:{year.start}:shared"


def kept_account(year: AcademicYear, crous_slug: str) -> str:
    """Name the ledger's account of what a Crous keeps of a year."""
    return f"cvec:{year.start}:kept:{crous_slug}"


def may_check(maker_id: int | None, checker_id: int | None) -> bool:
    """Tell whether somebody may review a sharing out: anybody but who made it."""
    return checker_id is not None and checker_id != maker_id
