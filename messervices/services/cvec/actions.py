"""Writes of the CVEC: choose a city, acknowledge, be confirmed by the bank, be checked by an establishment."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from messervices.foundations.accounts import actions as accounts
from messervices.foundations.accounts import selectors as accounts_read
from messervices.foundations.accounts.rules import Rate
from messervices.foundations.audit import actions as audit
from messervices.foundations.crous import selectors as crous
from messervices.foundations.crous.models import Crous, Establishment
from messervices.foundations.documents import actions as documents
from messervices.foundations.documents import rules as numbers
from messervices.foundations.notifications import actions as notifications
from messervices.foundations.payments import actions as payments
from messervices.foundations.payments import selectors as bank
from messervices.foundations.payments.models import Order
from messervices.foundations.payments.states import Paid
from messervices.foundations.students import actions as students
from messervices.foundations.students.models import Person
from messervices.foundations.students.states import Certainty, FactKind
from messervices.kernel.academic_year import AcademicYear
from messervices.kernel.action import action, inside_action
from messervices.kernel.actor import Actor
from messervices.kernel.errors import Refusal
from messervices.kernel.money import Cents
from messervices.services.cvec import rules, selectors
from messervices.services.cvec.models import Acquittement, Check
from messervices.services.cvec.states import STEPS, VALID, Motive, Status, certificate_code

CHECK_NUMBER = Rate(20, 10 * 60)
CHECK_NETWORK = Rate(600, 5 * 60)
"""How often one certificate may be asked about, and how often a network may ask: an establishment checks hundreds."""

_OPEN = """
    insert into cvec_acquittement (person_id, year_start, crous_id, commune_id, status, amount_cents, motive, opened_at)
    values (%s, %s, %s, %s, 'awaiting_payment', %s, '', %s) on conflict do nothing
"""
"""Two tabs at once: one of them writes the row, the other waits for it and finds it."""


@action
def choose_city(*, by: Actor, person_id: int, year: AcademicYear, code: str, now: datetime) -> None:
    """A student says where they will study. Saying it twice changes nothing.

    Raises ``Refusal``: ``commune_unknown``, or ``commune_without_crous`` overseas.
    """
    crous.crous_of_commune(code)
    commune = crous.commune_of(code)
    written = students.record_fact(
        person_id=person_id, kind=FactKind.STUDY_CITY, year=year, value={"commune": code, "name": str(commune)},
        source="student", certainty=Certainty.DECLARED, now=now,
    )  # fmt: skip
    if written:
        audit.record(
            by=by, verb="cvec.choose_city", subject=f"students.person:{person_id}", now=now, person_id=person_id,
            details={"year": year.start},
        )  # fmt: skip


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
        cursor.execute(_OPEN, (person_id, year.start, office.pk, known.commune, amount, now))
        begun = cursor.rowcount == 1
    acquittement = _held(person_id, year)
    if acquittement.status in VALID:
        return acquittement
    if begun:
        students.attach_to_crous(person_id=person_id, crous_id=office.pk)
        _record(acquittement, "cvec.open_acquittement", by=by, now=now)
    elif acquittement.commune_id != known.commune:
        _move(acquittement, office, known.commune, by=by, now=now)
    if known.motive:
        _exempt(acquittement, known.motive, by=by, now=now)
    else:
        _ask_payment(acquittement, amount, now=now)
    return acquittement


def _held(person_id: int, year: AcademicYear) -> Acquittement:
    """Give the acquittement of a year, locked: its order first, as the bank's confirmation does, against deadlocks."""
    rows = Acquittement.objects.exclude(status=Status.CANCELLED).filter(person_id=person_id, year=year)
    order_id = rows.values_list("order_id", flat=True).get()
    if order_id is not None:
        Order.objects.select_for_update().filter(pk=order_id).exists()
    return rows.select_for_update(of=("self",)).select_related("order", "person").get()


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


def _record(acquittement: Acquittement, verb: str, *, by: Actor, now: datetime, **details: Any) -> None:
    audit.record(
        by=by, verb=verb, subject=f"cvec.acquittement:{acquittement.pk}", now=now, person_id=acquittement.person_id,
        crous_id=acquittement.crous_id, details={"year": acquittement.year.start, **details},
    )  # fmt: skip


def _move(acquittement: Acquittement, office: Crous, commune: str, *, by: Actor, now: datetime) -> None:
    """Follow the city of study before anything is paid; the order follows in ``_ask_payment``."""
    acquittement.status = STEPS.target("move", acquittement.status)
    if acquittement.crous_id != office.pk:
        students.attach_to_crous(person_id=acquittement.person_id, crous_id=office.pk)
        acquittement.crous = office
    acquittement.commune_id = commune
    acquittement.save(update_fields=["status", "crous", "commune"])
    _record(acquittement, "cvec.move_acquittement", by=by, now=now)


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


def _exempt(acquittement: Acquittement, motive: str, *, by: Actor, now: datetime) -> None:
    """Give the certificate to who owes nothing. An open order is cancelled: money that still comes goes back."""
    acquittement.status = STEPS.target("exempt", acquittement.status)
    if acquittement.order_id is not None:
        payments.cancel(
            order_id=acquittement.order_id, by=by, reason=_("La CVEC n’est plus due : exonération."), now=now
        )
    acquittement.motive, acquittement.amount_cents, acquittement.settled_at = motive, Cents(0), now
    _certify(acquittement, on=now, now=now)
    acquittement.save(update_fields=["status", "motive", "amount_cents", "document", "settled_at"])
    _tell(acquittement, "cvec.grant_exemption", by=by, now=now)


@inside_action
def confirm_payment(*, order_id: int, reference: str, facts: Paid, now: datetime, by: Actor) -> None:
    """The bank has confirmed: give the certificate, inside the transaction that books the money (seven queries).

    Raises ``Refusal("step_closed")`` when nothing was due any more: then nothing at all is booked, and payments tries
    again; it cannot happen while an order that is open belongs to an acquittement that awaits it.
    """
    acquittement = Acquittement.objects.select_for_update(of=("self",)).select_related("person").get(pk=int(reference))
    acquittement.status = STEPS.target("pay", acquittement.status)
    acquittement.order_id = order_id
    acquittement.amount_cents, acquittement.settled_at = facts.amount_cents, now
    _certify(acquittement, on=facts.taken_at, now=now)
    acquittement.save(update_fields=["status", "order", "amount_cents", "document", "settled_at"])
    _tell(acquittement, "cvec.confirm_payment", by=by, now=now)


def _certify(acquittement: Acquittement, *, on: datetime, now: datetime) -> None:
    """Issue the certificate, frozen; its number comes from the acquittement's own, so that none has to be looked for.

    ``on`` is when the money was taken, or the exemption granted: its day at the Crous is printed.
    """
    office, person, year = crous.crous_of(acquittement.crous_id), acquittement.person, acquittement.year
    number = numbers.number(office.prefix, year.start, acquittement.pk, settings.DOCUMENT_NUMBER_KEY)
    acquittement.document = documents.issue(
        kind="cvec.attestation",
        number=number,
        person_id=person.pk,
        crous_id=office.pk,
        year=year,
        contents=rules.certificate_contents(
            holder=_holder(person),
            country=crous.country_name(person.birth_country, "fr"),
            number=number,
            year=year,
            crous=office.name,
            ground_on=rules.local_day(on, office.timezone),
            amount_cents=Cents(acquittement.amount_cents),
            motives=_motives(acquittement.motive),
            verify_url=_verify_url(number),
        ),
        template="cvec/attestation.typ",
        now=now,
    )


def _holder(person: Person) -> rules.Holder:
    return rules.Holder(
        civility=person.civility,
        birth_name=person.birth_name,
        usual_name=person.usual_name,
        first_names=person.first_names,
        birth_on=person.birth_on,
        birth_commune=person.birth_commune,
        birth_place=person.birth_place,
        birth_country=person.birth_country,
        ine=person.ine,
    )


def _motives(motive: str) -> dict[str, str]:
    """Say the motive in the two languages of the paper; nothing when the CVEC was paid."""
    if not motive:
        return {}
    said = {}
    for language in ("fr", "en"):
        with translation.override(language):
            said[language] = str(Motive(motive).label)
    return said


def _verify_url(number: str) -> str:
    key = rules.scan_key(number, settings.DOCUMENT_NUMBER_KEY)
    return f"{settings.SITE_URL}{reverse('cvec:scan', args=[number])}?k={key}"


def _tell(acquittement: Acquittement, verb: str, *, by: Actor, now: datetime) -> None:
    """Write what is now known, tell the student, record the deed (three queries)."""
    document = acquittement.document
    assert document is not None  # noqa: S101 - it was issued two lines above
    students.record_fact(
        person_id=acquittement.person_id, kind=FactKind.CVEC_ACQUITTEE, year=acquittement.year,
        value={"number": document.number}, source="cvec", certainty=Certainty.VERIFIED, now=now,
    )  # fmt: skip
    notifications.notify(
        person_id=acquittement.person_id,
        crous_id=acquittement.crous_id,
        kind="cvec.certificate",
        params={
            "year": acquittement.year.label,
            "number": numbers.spaced(document.number),
            "exempt": acquittement.status == Status.EXEMPT,
        },
        link=reverse("cvec:certificate", args=[acquittement.year]),
        document_id=document.pk,
        now=now,
    )
    _record(acquittement, verb, by=by, now=now)


@action
def close_unpaid(*, by: Actor, person_id: int, year: AcademicYear, now: datetime) -> bool:
    """Close what was begun and never paid, once its campaign is over. Tells whether it was closed.

    While the bank may still say that it was paid it is left for another night: payments asks the bank meanwhile.
    """
    acquittement = _held(person_id, year)
    if acquittement.status != Status.AWAITING_PAYMENT:
        return False
    if acquittement.order_id is not None:
        if bank.live_attempt(acquittement.order_id) is not None:
            return False
        payments.cancel(order_id=acquittement.order_id, by=by, reason=_("La campagne est terminée."), now=now)
    acquittement.status = STEPS.target("cancel", acquittement.status)
    acquittement.save(update_fields=["status"])
    _record(acquittement, "cvec.close_unpaid", by=by, now=now)
    return True


class TooManyChecks(Exception):  # noqa: N818 - read as a fact: too many checks
    """The verification has been asked too often; ``wait`` is in seconds."""

    def __init__(self, wait: int) -> None:
        """Keep how long."""
        super().__init__(wait)
        self.wait = wait


def take_turn(*, network: str, number: str, now: datetime) -> None:
    """Use one check of a network and one of a number. Raises ``TooManyChecks`` when there is none left.

    The narrow limit keeps anybody from trying letter after letter on a number; the wide one from trying numbers.
    Outside any transaction, so that what fails afterwards is counted too. Two statements.
    """
    wanted = ((CHECK_NUMBER, ("cvec.check.number", number)), (CHECK_NETWORK, ("cvec.check.network", network)))
    for rate, parts in wanted:
        if not accounts.take_rate(rate, now, *parts):
            raise TooManyChecks(accounts_read.seconds_to_wait(rate, now, *parts))


@action
def note_check(
    *, by: Actor, establishment: Establishment, number: str, found: Acquittement | None, now: datetime
) -> None:
    """An establishment has checked a certificate: written in its history, and in the student's timeline."""
    code = certificate_code(found.status, found.motive) if found else None
    valid = bool(found and found.is_valid)
    Check.objects.create(
        establishment=establishment, user_id=by.user_id or 0, at=now, masked_number=rules.masked_number(number),
        year=found.year if found else None, code=code, valid=valid,
    )  # fmt: skip
    if found:
        audit.record(
            by=Actor(kind=by.kind, user_id=by.user_id, label=establishment.name[:200]),
            verb="cvec.check_certificate", subject=f"cvec.acquittement:{found.pk}", now=now, person_id=found.person_id,
            crous_id=found.crous_id,
        )  # fmt: skip


@action
def forget(*, person_id: int) -> None:
    """Erase what was begun and came to nothing. What was paid or exempted is an account of the Crous, and is kept."""
    Acquittement.objects.filter(person_id=person_id, status=Status.CANCELLED, document=None, order=None).delete()
