"""What is known of a sharing out: its terms, the take, what was counted, the shares; and all of it computed again."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

from django.conf import settings
from django.db.models import QuerySet, Sum

from messervices.foundations.crous import selectors as crous
from messervices.foundations.crous.rules import paris_day
from messervices.foundations.documents.providers import drawing, sealing
from messervices.foundations.ledger.selectors import balance
from messervices.kernel.academic_year import AcademicYear
from messervices.kernel.actor import Actor
from messervices.kernel.money import Cents
from messervices.services.cvec import rules
from messervices.services.cvec.models import (
    Beneficiary,
    CrousShare,
    Share,
    ShareGroup,
    ShareTerms,
    Sharing,
)
from messervices.services.cvec.states import ShareStatus, SharingKind, SharingStatus


def terms_of(year: AcademicYear) -> ShareTerms | None:
    """The terms of a year that are in force; ``None`` when none are set."""
    return ShareTerms.objects.filter(year=year, superseded_at=None).first()


def as_rules(terms: ShareTerms) -> rules.Terms:
    """The terms as the rules take them."""
    return rules.Terms(
        public_cents=terms.public_cents, other_cents=terms.other_cents, crous_parts=terms.crous_parts,
        heads_parts=terms.heads_parts, crous_cents=terms.crous_cents,
    )  # fmt: skip


def years_with_terms() -> list[AcademicYear]:
    """The years whose terms are set, latest first."""
    return list(ShareTerms.objects.filter(superseded_at=None).order_by("-year").values_list("year", flat=True))


def slugs() -> dict[int, str]:
    """The word of each Crous in the ledger's paths, by its number."""
    return {office.pk: office.slug for office in crous.crous_list()}


def drawn_before(year: AcademicYear) -> dict[str, int]:
    """What each Crous has put into the common account of a year already, in cents (by its number, as text)."""
    found: dict[str, int] = {}
    for drawn in Sharing.objects.filter(year=year, status=SharingStatus.FINAL).values_list("drawn", flat=True):
        for name, cents in drawn.items():
            found[name] = found.get(name, 0) + cents
    return found


def net_by_crous(year: AcademicYear) -> dict[str, int]:
    """The net take of each Crous for a year, in cents: what it holds of it, and what it has put in common already."""
    before = drawn_before(year)
    return {
        str(pk): balance(rules.collected_account(year, slug)) + before.get(str(pk), 0) for pk, slug in slugs().items()
    }


def groups_by_establishment(sharing: Sharing) -> dict[str, list[rules.Group]]:
    """What was counted, as the rules take it, by establishment."""
    return rules.by_establishment(_groups(ShareGroup.objects.filter(sharing=sharing)))


def _groups(rows: Iterable[ShareGroup]) -> list[rules.Group]:
    return [rules.Group(row.establishment_id, row.rate_cents, row.split, row.heads) for row in rows]


def paid_before(sharing: Sharing) -> dict[str, tuple[int, int]]:
    """What was due to each establishment by the instalments that are final: (cents, its Crous), by UAI."""
    if sharing.kind == SharingKind.REFERENCE:
        return {}
    rows = Share.objects.filter(
        sharing__year=sharing.year, sharing__kind=SharingKind.REFERENCE, sharing__status=SharingStatus.FINAL
    )
    return {uai: (cents, at) for uai, cents, at in rows.values_list("establishment_id", "amount_cents", "crous_id")}


@dataclass(frozen=True, slots=True)
class Kept:
    """What a Crous keeps, and why."""

    crous_id: int
    territory: rules.Territory
    amount_cents: int


def computed(sharing: Sharing) -> tuple[rules.Outcome, list[Kept]]:
    """Compute a sharing out from its frozen inputs alone, for ever alike; an instalment leaves nothing to the Crous."""
    rows = list(ShareGroup.objects.filter(sharing=sharing))
    groups, terms = _groups(rows), rules.Terms(**sharing.terms)
    if sharing.kind == SharingKind.REFERENCE:
        shares = rules.reference_instalment(groups)
        nothing = Cents(0)
        return rules.Outcome(Cents(sharing.net_cents), nothing, Fraction(0), shares), []
    outcome = rules.share_out(sharing.net_cents, terms, groups)
    territories = _territories(rows)
    split = rules.crous_split(outcome.crous_cents, territories, terms)
    if not any(split.values()):  # nobody is listed: each keeps what it took
        split = rules.pro_rata(
            {name: Fraction(max(cents, 0)) for name, cents in sharing.net.items()}, outcome.crous_cents
        )
    nobody = rules.Territory(Fraction(0), 0)
    kept = [Kept(int(name), territories.get(name, nobody), cents) for name, cents in sorted(split.items())]
    return outcome, [one for one in kept if one.crous_id]


def _territories(rows: list[ShareGroup]) -> dict[str, rules.Territory]:
    """Students counted and establishments by Crous; a school abroad is of no territory."""
    heads: dict[str, Fraction] = {}
    places: dict[str, set[str]] = {}
    for row in rows:
        if row.crous_id:
            name = str(row.crous_id)
            heads[name] = heads.get(name, Fraction(0)) + Fraction(row.heads, row.split)
            places.setdefault(name, set()).add(row.establishment_id)
    return {name: rules.Territory(heads[name], len(places[name])) for name in heads}


def replayed(sharing: Sharing) -> list[str]:
    """Compute a sharing out again and say which of its shares differ (their UAI, or ``crous:26``); none, as a rule."""
    outcome, kept = computed(sharing)
    wanted = {share.uai: (str(share.heads), share.reference_cents, share.variable_cents) for share in outcome.shares}
    rows = Share.objects.filter(sharing=sharing).exclude(heads="0")
    found = {row.establishment_id: (row.heads, row.reference_cents, row.variable_cents) for row in rows}
    mine = dict(CrousShare.objects.filter(sharing=sharing).values_list("crous_id", "amount_cents"))
    theirs = {one.crous_id: one.amount_cents for one in kept}
    wrong = [uai for uai in sorted(wanted.keys() | found.keys()) if wanted.get(uai) != found.get(uai)]
    wrong += [f"crous:{pk}" for pk in sorted(mine.keys() | theirs.keys()) if mine.get(pk) != theirs.get(pk)]
    return wrong


def shares_to_pay(sharing_id: int) -> list[int]:
    """The shares of a final sharing out that no transfer was ordered for."""
    waiting = (ShareStatus.PLANNED, ShareStatus.NO_ACCOUNT, ShareStatus.CANCELLED)
    rows = Share.objects.filter(sharing_id=sharing_id, sharing__status=SharingStatus.FINAL, status__in=waiting)
    return list(rows.order_by("pk").values_list("pk", flat=True))


def unpaid_sharings() -> list[int]:
    """The final sharings out of which a share still waits, for an account as a rule."""
    waiting = Share.objects.filter(status__in=(ShareStatus.PLANNED, ShareStatus.NO_ACCOUNT))
    return sorted(set(waiting.filter(sharing__status=SharingStatus.FINAL).values_list("sharing_id", flat=True)))


def letter_contents(sharing: Sharing, share: Share, groups: list[rules.Group], now: datetime) -> dict[str, Any]:
    """All that the letter of a share says, to be frozen: figures, and how they come about. No fraction, no float."""
    return {
        "number": f"CVEC-{sharing.year.start}-{sharing.pk}-{share.establishment_id}",
        "year": sharing.year.label,
        "kind": sharing.kind,
        "establishment": share.establishment.name,
        "uai": share.establishment_id,
        "lines": [
            {"heads": one.heads, "rate_cents": one.rate_cents, "split": one.split, "cents": _cents(one)}
            for one in groups
        ],
        "heads": share.counted,
        "reference_cents": share.reference_cents,
        "variable_cents": share.variable_cents,
        "total_cents": share.total_cents,
        "before_cents": share.before_cents,
        "amount_cents": share.amount_cents,
        "as_of": paris_day(sharing.as_of - timedelta(minutes=1)).isoformat(),
        "issued_on": paris_day(now).isoformat(),
    }


def _cents(group: rules.Group) -> int:
    """What a line of the letter comes to, cut to the cent below."""
    return group.heads * group.rate_cents // group.split


def letter_pdf(share: Share, now: datetime) -> bytes:
    """Draw and seal the letter of a share that is final, from what was frozen: the same words for ever."""
    assert share.letter is not None and share.sharing.final_at is not None  # noqa: S101, PT018 - the caller has looked
    drawn = drawing.draw(
        template="cvec/share_letter.typ", contents=share.letter, issued_at=share.sharing.final_at,
        specimen=settings.DEMO,
    )  # fmt: skip
    return sealing.sealer().seal(drawn, at=now)


# Desk and establishment ------------------------------------------------------------------------------------------


def sharings() -> list[Sharing]:
    """Every sharing out, latest year first."""
    return list(Sharing.objects.order_by("-year", "-pk"))


def sharing_of(pk: int) -> Sharing | None:
    """One sharing out."""
    return Sharing.objects.filter(pk=pk).first()


def _seen_by(actor: Actor, rows: QuerySet[Share]) -> QuerySet[Share]:
    return rows if actor.national else rows.filter(crous_id__in=actor.crous_ids)


def shares_at_desk(actor: Actor, sharing: Sharing, *, after: str = "", limit: int = 50) -> list[Share]:
    """The shares of a sharing out that the agent's Crous follows, by UAI; the national desk sees all."""
    rows = _seen_by(actor, Share.objects.filter(sharing=sharing, establishment_id__gt=after))
    return list(rows.select_related("establishment").order_by("establishment_id")[:limit])


def share_at_desk(actor: Actor, pk: int) -> Share | None:
    """One share, with its sharing out."""
    rows = _seen_by(actor, Share.objects.select_related("sharing", "establishment"))
    return rows.filter(pk=pk).first()


def groups_of(share: Share) -> list[ShareGroup]:
    """What was counted for a share, the highest rate first."""
    rows = ShareGroup.objects.filter(sharing=share.sharing_id, establishment_id=share.establishment_id)
    return list(rows.order_by("-rate_cents", "split"))


def kept_of(sharing: Sharing) -> list[CrousShare]:
    """What each Crous keeps of a sharing out, by name."""
    return list(CrousShare.objects.filter(sharing=sharing).select_related("crous").order_by("crous__name"))


def progress_of_sharing(sharing: Sharing) -> int:
    """How far the counting is, in hundredths."""
    return 100 * sharing.counted_upto // max(sharing.counted_to, 1) if sharing.counted_to else 100


def shares_of(uai: str) -> list[Share]:
    """The shares of an establishment that are final, latest first."""
    rows = Share.objects.filter(establishment_id=uai, sharing__status=SharingStatus.FINAL).select_related("sharing")
    return list(rows.order_by("-sharing__final_at"))


def share_of(uai: str, pk: int) -> Share | None:
    """One final share of an establishment."""
    rows = Share.objects.filter(establishment_id=uai, pk=pk, sharing__status=SharingStatus.FINAL)
    return rows.select_related("sharing").first()


def beneficiaries() -> list[Beneficiary]:
    """Every establishment with its class, by name."""
    return list(Beneficiary.objects.select_related("establishment").order_by("establishment__search_key"))


def beneficiary_of(uai: str) -> Beneficiary | None:
    """The class of an establishment."""
    return Beneficiary.objects.select_related("establishment").filter(pk=uai).first()


def still_owed(sharing: Sharing) -> int:
    """What was shared and is not ordered yet, in cents."""
    rows = Share.objects.filter(sharing=sharing, amount_cents__gt=0).exclude(
        status__in=(ShareStatus.ORDERED, ShareStatus.PAID)
    )
    return int(rows.aggregate(total=Sum("amount_cents"))["total"] or 0)


def to_review(actor: Actor) -> int:
    """How many sharings out wait for the agent's word: the desk's queue."""
    if not actor.national:
        return 0
    waiting = Sharing.objects.filter(status__in=(SharingStatus.DRAFT, SharingStatus.REVIEWED))
    return waiting.exclude(status=SharingStatus.DRAFT, made_by_id=actor.user_id or 0).count()
