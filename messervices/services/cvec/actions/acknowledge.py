"""Acknowledge the CVEC of a year: at once when exempt, otherwise with an order to pay it."""

from datetime import datetime

from django.db import connection
from django.urls import reverse
from django.utils.translation import gettext as _

from messervices.foundations.crous import selectors as crous
from messervices.foundations.crous.models import Crous
from messervices.foundations.payments import actions as payments
from messervices.foundations.students import actions as students
from messervices.kernel.academic_year import AcademicYear
from messervices.kernel.action import action
from messervices.kernel.actor import Actor
from messervices.kernel.errors import Refusal
from messervices.kernel.money import Cents
from messervices.services.cvec import rules, selectors
from messervices.services.cvec.actions.certify import certify, tell
from messervices.services.cvec.actions.row import held, record
from messervices.services.cvec.models import Acquittement
from messervices.services.cvec.states import STEPS, VALID

OPEN = """
    insert into cvec_acquittement (person_id, year_start, crous_id, commune_id, status, amount_cents, motive, opened_at)
    values (%s, %s, %s, %s, 'awaiting_payment', %s, '', %s) on conflict do nothing
"""
"""Two tabs at once: one of them writes the row, the other waits for it and finds it."""


@action
def open_acquittement(*, by: Actor, person_id: int, year: AcademicYear, now: datetime) -> Acquittement:
    """A student acknowledges the CVEC of a year: at once when exempt, otherwise with an order to pay it.

    Idempotent: again, from a second tab or after a payment, it gives what is there. When the city of study has moved to
    another Crous meanwhile, the order follows; payments refuses it while a payment is under way at the bank.

    Raises ``Refusal``: ``campaign_closed``, ``amount_unknown``, ``city_missing``, or one of ``payments``.
    """
    known = selectors.knowledge_of(person_id, year)
    amount = _amount_open(year, now)
    if not known.commune:
        raise Refusal(
            "city_missing",
            _("Dites d’abord dans quelle ville se trouve votre établissement."),
            next_url=reverse("cvec:city", args=[year]),
            next_label=_("Choisir ma ville d’études"),
        )
    office = crous.crous_of_commune(known.commune)
    with connection.cursor() as cursor:
        cursor.execute(OPEN, (person_id, year.start, office.pk, known.commune, amount, now))
        begun = cursor.rowcount == 1
    acquittement = held(person_id, year)
    if acquittement.status in VALID:
        return acquittement
    if begun:
        students.attach_to_crous(person_id=person_id, crous_id=office.pk)
        record(acquittement, "cvec.open_acquittement", by=by, now=now)
    elif acquittement.commune_id != known.commune:
        _move(acquittement, office, known.commune, by=by, now=now)
    if known.motive:
        exempt(acquittement, known.motive, by=by, now=now)
    else:
        _ask_payment(acquittement, amount, now=now)
    return acquittement


def _amount_open(year: AcademicYear, now: datetime) -> Cents:
    """The amount of a campaign that is open now, in cents."""
    campaign = selectors.campaign_of(year, now)
    if campaign is None or campaign.opening != rules.Opening.OPEN:
        raise Refusal(
            "campaign_closed",
            _("La CVEC %(year)s ne s’acquitte pas en ce moment. Rien n’a été débité.") % {"year": year},
            next_url=reverse("cvec:home"),
            next_label=_("Voir les dates"),
        )
    if campaign.amount_cents is None:
        raise Refusal("amount_unknown", _("Le montant de la CVEC %(year)s n’est pas encore fixé.") % {"year": year})
    return campaign.amount_cents


def _move(acquittement: Acquittement, office: Crous, commune: str, *, by: Actor, now: datetime) -> None:
    """Follow the city of study before anything is paid; the order follows in ``_ask_payment``."""
    acquittement.status = STEPS.target("move", acquittement.status)
    if acquittement.crous_id != office.pk:
        students.attach_to_crous(person_id=acquittement.person_id, crous_id=office.pk)
        acquittement.crous = office
    acquittement.commune_id = commune
    acquittement.save(update_fields=["status", "crous", "commune"])
    record(acquittement, "cvec.move_acquittement", by=by, now=now)


def _ask_payment(acquittement: Acquittement, amount: Cents, *, now: datetime) -> None:
    """Have one open order to pay it; the one there is, when there is one, with the Crous and the amount of today."""
    year, office = acquittement.year, crous.crous_of(acquittement.crous_id)
    order = payments.start(
        kind="cvec",
        reference=str(acquittement.pk),
        person_id=acquittement.person_id,
        crous_id=office.pk,
        amount_cents=amount,
        credit_account=rules.collected_account(year, office.slug),
        label=f"CVEC {year}",
        return_path=reverse("cvec:certificate", args=[year]),
        now=now,
    )
    if (acquittement.order_id, acquittement.amount_cents) != (order.pk, order.amount_cents):
        acquittement.order, acquittement.amount_cents = order, order.amount_cents
        acquittement.save(update_fields=["order", "amount_cents"])


def exempt(acquittement: Acquittement, motive: str, *, by: Actor, now: datetime) -> None:
    """Give the certificate to who owes nothing. An open order is cancelled: money that still comes goes back."""
    acquittement.status = STEPS.target("exempt", acquittement.status)
    if acquittement.order_id is not None:
        payments.cancel(
            order_id=acquittement.order_id, by=by, reason=_("La CVEC n’est plus due : exonération."), now=now
        )
    acquittement.motive, acquittement.amount_cents, acquittement.settled_at = motive, Cents(0), now
    certify(acquittement, on=now, now=now)
    acquittement.save(update_fields=["status", "motive", "amount_cents", "document", "settled_at"])
    tell(acquittement, "cvec.grant_exemption", by=by, now=now)
