"""Dates and amounts, as the national desk sets them. A change adds a row; nothing is overwritten."""

from collections.abc import Callable, Sequence
from datetime import datetime

from django.db import connection, transaction
from django.utils.translation import gettext as _

from messervices.foundations.audit import actions as audit
from messervices.foundations.crous import rules
from messervices.foundations.crous.models import Amount, Window
from messervices.foundations.crous.selectors import amounts_kept, windows_kept
from messervices.foundations.crous.states import Right
from messervices.kernel.academic_year import AcademicYear
from messervices.kernel.action import action
from messervices.kernel.actor import Actor
from messervices.kernel.errors import Refusal
from messervices.kernel.period import Period


def _check(by: Actor, right: Right, reason: str) -> None:
    """Check the actor and the reason, then wait for any other edit of dates and amounts: they are rare."""
    if by.kind != "system" and not rules.may_administer(right, by.rights, national=by.national):
        raise Refusal("not_allowed", _("Seul un administrateur national peut faire ce changement."))
    if not reason.strip():
        raise Refusal("reason_missing", _("Dites pourquoi : la raison est gardée avec le changement."))
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtext('crous.amend'))")


def forget_now_and_then(forget: Callable[[], None]) -> None:
    """Forget a kept table at once, for what follows in this transaction, and again when others can read it."""
    forget()
    transaction.on_commit(forget)


@action
def set_window(
    *,
    by: Actor,
    service: str,
    year: AcademicYear,
    crous_id: int | None,
    period: Period,
    source: str,
    certainty: str,
    reason: str,
    now: datetime,
    replaces: Sequence[int] | None = None,
) -> Window:
    """Set from when to when a service is open for a year, nationally or (``crous_id``) for one Crous.

    The new row takes the place of every period in force of that campaign; ``replaces`` names the rows to supersede
    instead, and may be empty: the campaign is opened again, beside the period it had. Saying again what is in force
    changes nothing. Raises ``Refusal``: ``not_allowed``, ``reason_missing``, ``dates_reversed``, ``dates_overlap``.
    """
    _check(by, Right.SET_WINDOW, reason)
    if period.opens_at and period.closes_at and period.opens_at >= period.closes_at:
        raise Refusal("dates_reversed", _("La fin doit venir après le début."))
    wanted = {"opens_at": period.opens_at, "closes_at": period.closes_at, "source": source, "certainty": certainty}
    rows = list(Window.objects.filter(service=service, year=year, crous=crous_id, superseded_at=None))
    same = next((row for row in rows if {field: getattr(row, field) for field in wanted} == wanted), None)
    old = [row for row in rows if row is not same and (replaces is None or row.pk in replaces)]
    if same and not old:
        return same
    for row in rows:
        if row is not same and row not in old and rules.overlap(Period(row.opens_at, row.closes_at), period):
            raise Refusal("dates_overlap", _("Ces dates en recouvrent d’autres de la même campagne."))
    Window.objects.filter(pk__in=[row.pk for row in old]).update(superseded_at=now)
    made = same or Window.objects.create(
        service=service, year=year, crous_id=crous_id, **wanted,
        known_on=rules.paris_day(now), set_at=now, set_by_id=by.user_id, set_by_label=by.label,
    )  # fmt: skip
    audit.record(
        by=by, verb="crous.set_window", subject=f"crous.window:{made.pk}", now=now, crous_id=crous_id, reason=reason,
        details={
            "service": service, "year": str(year),
            "before": [[row.opens_at, row.closes_at] for row in old], "after": [period.opens_at, period.closes_at],
        },
    )  # fmt: skip
    forget_now_and_then(windows_kept.forget)
    return made


@action
def set_amount(
    *,
    by: Actor,
    kind: str,
    year: AcademicYear,
    amount_cents: int,
    source: str,
    certainty: str,
    reason: str,
    now: datetime,
) -> Amount:
    """Set an amount of a year, in euro cents. Saying again what is in force changes nothing.

    Certificates and orders already issued keep the amount they were made with. Raises ``Refusal``: ``not_allowed``,
    ``reason_missing``, ``amount_negative``.
    """
    _check(by, Right.SET_AMOUNT, reason)
    if amount_cents < 0:
        raise Refusal("amount_negative", _("Un montant ne peut pas être négatif."))
    old = Amount.objects.filter(kind=kind, year=year, superseded_at=None).first()
    if old and (old.amount_cents, old.source, old.certainty) == (amount_cents, source, certainty):
        return old
    if old:
        Amount.objects.filter(pk=old.pk).update(superseded_at=now)
    made = Amount.objects.create(
        kind=kind, year=year, amount_cents=amount_cents, source=source, certainty=certainty,
        known_on=rules.paris_day(now), set_at=now, set_by_id=by.user_id, set_by_label=by.label,
    )  # fmt: skip
    audit.record(
        by=by, verb="crous.set_amount", subject=f"crous.amount:{made.pk}", now=now, reason=reason,
        details={"kind": kind, "year": str(year), "before": old and old.amount_cents, "after": amount_cents},
    )  # fmt: skip
    forget_now_and_then(amounts_kept.forget)
    return made
