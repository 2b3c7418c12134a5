"""Issue the certificate and tell the student."""

from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils import translation

from messervices.foundations.crous import selectors as crous
from messervices.foundations.documents import actions as documents
from messervices.foundations.documents import rules as numbers
from messervices.foundations.notifications import actions as notifications
from messervices.foundations.students import actions as students
from messervices.foundations.students.models import Person
from messervices.foundations.students.states import Certainty, FactKind
from messervices.kernel.actor import Actor
from messervices.kernel.money import Cents
from messervices.services.cvec import rules
from messervices.services.cvec.actions.row import record
from messervices.services.cvec.models import Acquittement
from messervices.services.cvec.states import Motive, Status


def certify(acquittement: Acquittement, *, on: datetime, now: datetime) -> None:
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


def tell(acquittement: Acquittement, verb: str, *, by: Actor, now: datetime) -> None:
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
            "by_third_party": acquittement.by_third_party,
        },
        link=reverse("cvec:certificate", args=[acquittement.year]),
        document_id=document.pk,
        now=now,
    )
    record(acquittement, verb, by=by, now=now)
