"""Walking a student through their identity and their CVEC by the rooms' own actions, at an instant of the past.

Each step is one that a person or the bank could have done; none is done twice.
"""

import hashlib
from datetime import UTC, datetime
from urllib.parse import urlencode

from django.conf import settings
from django.db import transaction

from messervices.foundations.accounts.models import User
from messervices.foundations.accounts.selectors import actor_of
from messervices.foundations.crous import selectors as crous
from messervices.foundations.payments import actions as payments
from messervices.foundations.payments import selectors as bank
from messervices.foundations.payments.models import Attempt, Order, OutsideEvent
from messervices.foundations.payments.providers.lyra import sign
from messervices.foundations.payments.states import EventStatus, OrderStatus
from messervices.foundations.students import actions as students
from messervices.foundations.students import selectors as students_read
from messervices.foundations.students.rules import Identity
from messervices.foundations.students.states import Certainty, FactKind
from messervices.kernel.academic_year import AcademicYear
from messervices.kernel.scope import acting_as, of_establishment
from messervices.services.cvec import actions as cvec
from messervices.services.cvec import selectors as cvec_read
from messervices.services.cvec.models import Acquittement
from messervices.services.cvec.states import VALID, Status


def tell_identity(user: User, identity: Identity, now: datetime) -> int:
    """Say who a student is, unless they said it; give the number of the person."""
    if user.person_id is None:
        students.tell_identity(by=actor_of(user), user=user, identity=identity, now=now)
    return int(user.person_id or 0)


def give_bourse(user: User, year: AcademicYear, now: datetime) -> None:
    """Know that a student has a scholarship for a year, as the scholarships' service will say it."""
    if _known(user, FactKind.BOURSIER, year):
        return
    with transaction.atomic():
        students.record_fact(
            person_id=int(user.person_id or 0), kind=FactKind.BOURSIER, year=year, value=True, source="scholarships",
            certainty=Certainty.VERIFIED, now=now,
        )  # fmt: skip


def choose_city(user: User, year: AcademicYear, commune: str, now: datetime) -> None:
    """Say where they study, unless they said it, or something else since."""
    if not _known(user, FactKind.STUDY_CITY, year):
        cvec.choose_city(by=actor_of(user), person_id=int(user.person_id or 0), year=year, code=commune, now=now)


def _known(user: User, kind: str, year: AcademicYear) -> bool:
    return students_read.fact(int(user.person_id or 0), kind, year) is not None


def acknowledge(user: User, year: AcademicYear, commune: str, now: datetime, *, pay: bool) -> None:
    """Acknowledge the CVEC of a year: choose the city, open it, and pay it by card if it is to be paid."""
    person_id = int(user.person_id or 0)
    held = Acquittement.objects.filter(person_id=person_id, year=year).exclude(status=Status.CANCELLED).first()
    if held is None:
        choose_city(user, year, commune, now)
        held = cvec.open_acquittement(by=actor_of(user), person_id=person_id, year=year, now=now)
    if pay and held.status == Status.AWAITING_PAYMENT and held.order is not None:
        pay_by_card(held.order, now)


def ask_a_relative(user: User, year: AcademicYear, commune: str, begun_at: datetime, now: datetime) -> None:
    """Acknowledge the CVEC of a year and make a link for somebody else to pay it; another when the last one is over.

    Whoever tries the demonstration may be paying it some other way: then nothing is made, and no bank is asked.
    """
    acknowledge(user, year, commune, begun_at, pay=False)
    held = Acquittement.objects.exclude(status=Status.CANCELLED).get(person_id=int(user.person_id or 0), year=year)
    if held.status != Status.AWAITING_PAYMENT or held.order is None:
        return
    if bank.live_attempt(held.order.pk) is None:
        payments.open_link(uuid=held.order.uuid, person_id=held.person_id, by=actor_of(user), now=now)


def pay_by_card(order: Order, now: datetime) -> None:
    """Leave for the bank, and have its notice come in, signed with the demonstration's key, as the bank would do."""
    attempt = bank.live_attempt(order.pk)
    if attempt is None:
        payments.go_to_bank(
            uuid=order.uuid, person_id=order.person_id, language="fr", back_url=f"{settings.SITE_URL}/", now=now,
            rail="lyra",
        )  # fmt: skip
        attempt = bank.live_attempt(order.pk)
    if attempt is None:
        return
    payments.receive(rail="lyra", raw=_notice(attempt), now=now)
    unread = OutsideEvent.objects.filter(facts__number=attempt.number, status=EventStatus.NEW)
    for event_id in list(unread.values_list("pk", flat=True)):
        payments.settle(event_id=event_id, now=now)
    order.refresh_from_db()
    assert order.status == OrderStatus.PAID, order  # noqa: S101 - a demonstration that lies to itself must stop


def _notice(attempt: Attempt) -> bytes:
    fields = {
        "vads_site_id": settings.LYRA_SITE_ID,
        "vads_ctx_mode": settings.LYRA_CTX_MODE,
        "vads_order_id": attempt.number,
        "vads_trans_status": "AUTHORISED",
        "vads_operation_type": "DEBIT",
        "vads_amount": str(attempt.amount_cents),
        "vads_effective_amount": str(attempt.amount_cents),
        "vads_currency": "978",
        "vads_trans_uuid": hashlib.sha256(attempt.number.encode()).hexdigest()[:32],
        "vads_effective_creation_date": f"{attempt.begun_at.astimezone(UTC):%Y%m%d%H%M%S}",
        "vads_auth_result": "00",
    }
    return urlencode(fields | {"signature": sign(fields, settings.LYRA_KEY)}).encode()


def deposit_list(user: User, uai: str, now: datetime) -> None:
    """Have a referent deposit a short list, with a slip in it, while lists are taken; the worker then reads it."""
    year = cvec_read.filing_year(now)
    window = cvec_read.filing_window(year, now) if year else None
    filer = crous.establishment_of(uai)
    if filer is None or year is None or window is None or now not in window or cvec_read.files_of(uai, year):
        return
    certified = Acquittement.objects.filter(year=year, status__in=VALID, crous__slug="versailles")
    lines = ["uai;ine;cvec_number;birth_name;first_name;birth_date"]
    for one in certified.select_related("person", "document").order_by("pk")[:30]:
        number = one.document.number if one.document else ""
        person, first = one.person, one.person.first_names.split(",")[0]
        lines.append(f"{uai};{person.ine};{number};{person.birth_name};{first};{person.birth_on:%d/%m/%Y}")
    lines.append(f"{uai};;VER6KQTRMB00;Perrot;Élodie;04/05/2006")
    with acting_as(of_establishment(uai)):
        cvec.receive_file(
            by=actor_of(user), filer=filer, year=year, name="liste-cvec.csv",
            content="\r\n".join([*lines, ""]).encode("cp1252"), whole=False, now=now,
        )  # fmt: skip
