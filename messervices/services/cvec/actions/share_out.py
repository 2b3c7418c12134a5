"""Drawing a sharing out: its terms and the take are frozen, the lists counted by portions, the shares computed."""

from dataclasses import asdict
from datetime import datetime, timedelta
from fractions import Fraction

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from messervices.foundations.audit import actions as audit
from messervices.foundations.crous.rules import paris_midnight
from messervices.kernel import crash, jobs
from messervices.kernel.academic_year import AcademicYear
from messervices.kernel.action import action
from messervices.kernel.actor import Actor
from messervices.kernel.errors import Refusal
from messervices.kernel.money import Cents
from messervices.services.cvec import rules, selectors
from messervices.services.cvec.actions.class_beneficiary import refuse_unless_national
from messervices.services.cvec.models import Acquittement, CrousShare, Share, ShareTerms, Sharing
from messervices.services.cvec.states import SHARING_STEPS, VALID, Right, SharingKind, SharingStatus

COUNT = "services.cvec.tasks.count_sharing"
PORTION = 50_000
"""Certificates a transaction: a second or two of work; their numbers follow each other, their lists do not matter."""

_COUNT = """
    with listed as (
        select e.acquittement_id, e.filer_id, max(case b.share_class
            when 'public' then %(public)s when 'other' then %(other)s else 0 end) as rate
          from cvec_rollentry e
          join cvec_beneficiary b on b.establishment_id = e.establishment_id
          join cvec_acquittement a on a.id = e.acquittement_id and a.status = any(%(valid)s)
         where e.acquittement_id > %(after)s and e.acquittement_id <= %(upto)s and e.until is null
           and e.year_start = %(year)s and e.since < %(as_of)s
         group by e.acquittement_id, e.filer_id
    ), counted as (
        select filer_id, max(rate) over per as rate, count(*) over per as split from listed where rate > 0
        window per as (partition by acquittement_id)
    )
    insert into cvec_sharegroup as known (sharing_id, establishment_id, crous_id, rate_cents, split, heads)
    select %(sharing)s, filer_id, (
            select coalesce(d.crous_id, 0) from crous_establishment s
              left join crous_commune c on c.code = s.commune_id
              left join crous_departement d on d.code = c.departement_id where s.uai = filer_id),
        rate, split, count(*)
      from counted group by filer_id, rate, split
    on conflict (sharing_id, establishment_id, rate_cents, split) do update set heads = known.heads + excluded.heads
"""
"""As ``rules.halved``, which the tests hold beside it: once a student and beneficiary, at the higher rate, divided."""


@action
def draw_sharing(*, by: Actor, year: AcademicYear, kind: str, now: datetime) -> Sharing:
    """Draw a sharing out, to be reviewed by somebody else. Raises ``Refusal``.

    ``not_allowed``, ``terms_missing``, ``too_early`` (lists may still come in time, or the take still change),
    ``sharing_there`` (one of the kind stands: drop it first).
    """
    refuse_unless_national(by, Right.SHARE)
    terms = selectors.terms_of(year)
    if terms is None:
        raise Refusal("terms_missing", _("Les paramètres du partage %(year)s ne sont pas fixés.") % {"year": year})
    as_of = _as_of(terms, kind)
    if now < as_of:
        raise Refusal("too_early", _("Ce partage se prépare à partir du %(day)s.") % {"day": f"{as_of:%d/%m/%Y}"})
    net = selectors.net_by_crous(year)
    try:
        with transaction.atomic():
            made = Sharing.objects.create(
                year=year, kind=kind, as_of=as_of, terms=asdict(selectors.as_rules(terms)), net=net,
                net_cents=sum(net.values()), counted_to=_last_acquittement(year), made_at=now,
                made_by_id=by.user_id or 0, made_by_label=by.label,
            )  # fmt: skip
    except IntegrityError as there:
        raise Refusal(
            "sharing_there", _("Un partage de cette année est déjà préparé : abandonnez-le d’abord.")
        ) from there
    record(made, "cvec.draw_sharing", by=by, now=now)
    jobs.enqueue(COUNT, sharing_id=made.pk)
    return made


def _as_of(terms: ShareTerms, kind: str) -> datetime:
    """The first instant that is too late: the day named is included."""
    day = terms.list_by if kind == SharingKind.REFERENCE else terms.final_on
    return paris_midnight(day + timedelta(days=1))


def _last_acquittement(year: AcademicYear) -> int:
    return Acquittement.objects.filter(year=year).order_by("-pk").values_list("pk", flat=True).first() or 0


def count_sharing(*, sharing_id: int, now: datetime) -> None:
    """Count every portion that is left, then compute. Run again after a kill, it goes on where it was."""
    while Sharing.objects.filter(pk=sharing_id, status=SharingStatus.COUNTING).exists():
        count_portion(sharing_id=sharing_id, now=now)


@action
def count_portion(*, sharing_id: int, now: datetime) -> None:
    """Count the lists of the next certificates, or compute the shares when all are counted."""
    sharing = locked(sharing_id)
    if sharing.status != SharingStatus.COUNTING:
        return
    if sharing.counted_upto >= sharing.counted_to:
        _compute(sharing)
        crash.point("cvec.shares_computed")
        return
    upto = min(sharing.counted_upto + PORTION, sharing.counted_to)
    with connection.cursor() as cursor:
        cursor.execute("set local statement_timeout = '2min'")
        cursor.execute(
            _COUNT,
            {
                "sharing": sharing.pk, "after": sharing.counted_upto, "upto": upto, "year": sharing.year.start,
                "as_of": sharing.as_of, "public": sharing.terms["public_cents"],
                "other": sharing.terms["other_cents"], "valid": list(VALID),
            },
        )  # fmt: skip
    sharing.counted_upto = upto
    sharing.save(update_fields=["counted_upto"])
    crash.point("cvec.shares_counted")


def _compute(sharing: Sharing) -> None:
    """Compute the shares from what was counted, by the rules, and leave them to a second person."""
    outcome, kept = selectors.computed(sharing)
    before = selectors.paid_before(sharing)
    offices = dict(sharing.groups.values_list("establishment_id", "crous_id"))
    offices |= {uai: crous_id for uai, (_cents, crous_id) in before.items() if uai not in offices}
    rows = {share.uai: share for share in outcome.shares}
    for uai in before.keys() - rows.keys():
        rows[uai] = rules.Share(uai, Fraction(0), Cents(0), Cents(0))
    Share.objects.bulk_create(
        Share(
            sharing=sharing, establishment_id=uai, crous_id=offices[uai], heads=str(share.heads),
            reference_cents=share.reference_cents, variable_cents=share.variable_cents,
            total_cents=share.total_cents, before_cents=before.get(uai, (0, 0))[0],
            amount_cents=share.total_cents - before.get(uai, (0, 0))[0],
        )
        for uai, share in sorted(rows.items())
    )  # fmt: skip
    CrousShare.objects.bulk_create(
        CrousShare(
            sharing=sharing, crous_id=one.crous_id, heads=str(one.territory.heads),
            establishments=one.territory.establishments, amount_cents=one.amount_cents,
        )
        for one in kept
    )  # fmt: skip
    sharing.crous_cents, sharing.per_head = outcome.crous_cents, str(outcome.per_head)
    sharing.shared_cents = outcome.establishments_cents
    sharing.status = SHARING_STEPS.target("counted", sharing.status)
    sharing.save(update_fields=["crous_cents", "per_head", "shared_cents", "status"])


def locked(sharing_id: int) -> Sharing:
    """A sharing out, for whoever decides of it."""
    return Sharing.objects.select_for_update(of=("self",)).get(pk=sharing_id)


def record(sharing: Sharing, verb: str, *, by: Actor, now: datetime, reason: str = "") -> None:
    """Record a deed on a sharing out."""
    audit.record(
        by=by, verb=verb, subject=f"cvec.sharing:{sharing.pk}", now=now, reason=reason,
        details={"year": sharing.year.start, "kind": sharing.kind},
    )  # fmt: skip
