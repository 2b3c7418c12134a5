"""Reads of the CVEC: what a page, the desk or the verification asks."""

import json
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from messervices.foundations.crous import selectors as crous
from messervices.foundations.documents import rules as numbers
from messervices.foundations.payments import selectors as payments
from messervices.foundations.payments.models import Order
from messervices.foundations.students import selectors as students
from messervices.foundations.students.states import FactKind
from messervices.kernel.academic_year import AcademicYear
from messervices.kernel.actor import Actor
from messervices.kernel.money import Cents
from messervices.kernel.period import Period
from messervices.kernel.scope import EVERY, Scope, acting_as
from messervices.kernel.text import first_letters
from messervices.services.cvec import rules
from messervices.services.cvec.models import Acquittement, Check
from messervices.services.cvec.states import CANCELLED_CODE, Motive, Status, certificate_code

_VERIFYING = Scope("cvec.verify", crous=EVERY)
"""A verification looks at one certificate of anybody, by a number that cannot be guessed."""

_SHAPE = re.compile(r"[A-Z]{3}\d[A-Z]{6}\d{2}")
EXEMPTING = tuple(rules.EXEMPTING)


@dataclass(frozen=True, slots=True)
class Campaign:
    """The CVEC of a year: when it is open, where it stands now, and what it costs (``None`` until it is set)."""

    year: AcademicYear
    window: Period
    opening: rules.Opening
    amount_cents: Cents | None

    @property
    def last_day(self) -> datetime | None:
        """An instant of the last day on which it is open: the window ends as the next one begins."""
        return self.window.closes_at and self.window.closes_at - timedelta(minutes=1)


def campaign_of(year: AcademicYear, now: datetime) -> Campaign | None:
    """Give the campaign of a year; ``None`` when the year never had one. No query, as a rule."""
    window = crous.window_of("cvec", year, now=now)
    if window is None:
        return None
    return Campaign(year, window, rules.opening(window, now), crous.amount_of("cvec", year))


def campaign_years() -> list[AcademicYear]:
    """Every year that has a campaign, latest first. No query, as a rule."""
    return sorted(crous.windows_kept().get("cvec", {}), reverse=True)


def refund_until(year: AcademicYear) -> datetime | None:
    """Give an instant of the last day on which a refund may be asked for (D841-4); ``None`` when it is not set."""
    window = crous.window_of("cvec.refund", year)
    return window.closes_at - timedelta(minutes=1) if window and window.closes_at else None


_STANDING = """
    select 'acquittement', null, status, null from cvec_acquittement
     where person_id = %(person)s and year_start = %(year)s and status <> 'cancelled'
    union all
    select 'fact', kind, source, value::text from students_fact
     where person_id = %(person)s and year_start = %(year)s and superseded_at is null and kind = any(%(kinds)s)
"""
"""One statement for the home page, in plain SQL: there the CPU of the ORM would cost more than the database's."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where somebody stands for a year, as briefly as a tile says it."""

    status: str
    motive: str
    city_known: bool


def standing_of(person_id: int, year: AcademicYear) -> Standing:
    """Tell where a person stands for a year (one query). ``status`` is empty when nothing was begun."""
    kinds = [*EXEMPTING, str(FactKind.STUDY_CITY)]
    with connection.cursor() as cursor:
        cursor.execute(_STANDING, {"person": person_id, "year": year.start, "kinds": kinds})
        rows = cursor.fetchall()
    status = next((row[2] for row in rows if row[0] == "acquittement"), "")
    facts = {row[1]: json.loads(row[3]) for row in rows if row[0] == "fact"}
    motive = next((code for kind, code in rules.EXEMPTING.items() if facts.get(kind)), "")
    return Standing(status, motive, FactKind.STUDY_CITY in facts)


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What is known of a person for a year: the commune of study (its code, or ``""``), and what exempts."""

    commune: str
    exempting: tuple[str, rules.Known] | None

    @property
    def motive(self) -> str:
        """The motive of the exemption, or an empty text."""
        return self.exempting[0] if self.exempting else ""

    @property
    def since(self) -> datetime | None:
        """Since when the exempting fact is known."""
        return self.exempting[1].known_at if self.exempting else None


def knowledge_of(person_id: int, year: AcademicYear) -> Knowledge:
    """Gather the facts that the CVEC of a year rests on (one query)."""
    facts = students.facts_of_year(person_id, (*EXEMPTING, FactKind.STUDY_CITY), year)
    known = [rules.Known(kind, row.year, row.value, row.source, row.known_at) for kind, row in facts.items()]
    city = facts.get(FactKind.STUDY_CITY)
    commune = str(city.value.get("commune", "")) if city and isinstance(city.value, dict) else ""
    return Knowledge(commune, rules.exemption(known, year))


def _whole() -> QuerySet[Acquittement]:
    return Acquittement.objects.select_related("crous", "commune", "document", "order")


def acquittement_of(person_id: int, year: AcademicYear) -> Acquittement | None:
    """A person's acquittement of a year, with its Crous, commune and certificate; a cancelled one does not count."""
    return _whole().filter(person_id=person_id, year=year).exclude(status=Status.CANCELLED).first()


def acquittements_of(person_id: int) -> list[Acquittement]:
    """Everything a person ever acknowledged or began, latest year first."""
    return list(_whole().filter(person_id=person_id).order_by("-year", "-pk"))


def payment_under_way(acquittement: Acquittement | None) -> Order | None:
    """The order whose payment the bank has not decided yet; ``None`` when nothing is on its way (one query)."""
    if acquittement is None or acquittement.order is None:
        return None
    return acquittement.order if payments.live_attempt(acquittement.order.pk) else None


# Verification --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Asked:
    """What an establishment asks about: a number that may exist (else ``""``), and the first letters of the name."""

    number: str
    letters: str
    typed_badly: bool = False


def asked(number: str, letters: str = "") -> Asked:
    """Read a number as typed: ``ver6 kqtrmb-42 / benal`` gives the number and, when none were typed apart, the letters.

    Spaces, slashes, hyphens and small letters do not matter; the glued form of the older verification
    service is read too. A number whose check digits are wrong was ``typed_badly``: it exists nowhere.
    """
    bare, rest = numbers.split_number(number)
    given = first_letters(letters or rest, rules.LETTERS)
    if numbers.is_well_formed(bare):
        return Asked(bare, given)
    return Asked("", given, typed_badly=bool(_SHAPE.fullmatch(bare)))


def certified(number: str) -> Acquittement | None:
    """The acquittement behind a certificate's number, with its holder as known today (one query).

    The only read across persons of this room; what is done with it is decided by ``rules`` before anything is shown.
    """
    if not number:
        return None
    with acting_as(_VERIFYING):
        return (
            Acquittement.objects.select_related("crous", "document", "person").filter(document__number=number).first()
        )


def names_of(found: Acquittement) -> tuple[str, ...]:
    """Every name by which the holder may be asked about: as certified, and as known today."""
    contents = _contents(found)
    person = found.person
    return contents["birth_name"], contents["usual_name"], person.birth_name, person.usual_name


def _contents(found: Acquittement) -> dict[str, Any]:
    contents: dict[str, Any] = found.document.contents if found.document else {}
    return contents


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the public page of verification shows: no INE, no birth date. ``name`` is empty when nothing was found."""

    number: str
    valid: bool
    code: int | None = None
    label: str = ""
    year: AcademicYear | None = None
    crous: str = ""
    name: str = ""


def verdict_of(number: str, found: Acquittement | None) -> Verdict:
    """Say whether a certificate is valid, and for whom and when."""
    if found is None:
        return Verdict(number, valid=False)
    code = certificate_code(found.status, found.motive)
    name = f"{found.person.birth_name.upper()} {found.person.first_names.split(' ')[0]}"
    return Verdict(number, found.is_valid, code, code_label(code), found.year, found.crous.name, name)


def code_label(code: int) -> str:
    """The meaning of a state, in the language of the page. No query, as a rule."""
    if code == CANCELLED_CODE:
        return str(_("Attestation annulée"))
    return crous.certificate_state(code).label


def answer_of(found: Acquittement) -> dict[str, Any]:
    """What the verification service answers, field by field (the Cnous' API CVEC 4.1.24).

    The identity is today’s, so that a corrected name or a new INE is known; the rest is what was certified.
    """
    code = certificate_code(found.status, found.motive)
    person = found.person
    return {
        "nom": person.birth_name,
        "nomUsage": person.usual_name,
        "prenom": person.first_names,
        "sexe": person.civility,
        "date_naissance": person.birth_on.isoformat(),
        "ine": person.ine,
        "crous": found.crous.name,
        "etat": {"code": str(code), "libelle": code_label(code)},
        "exoneration": {"active": found.status == Status.EXEMPT, "motif": _motive_said(found)},
    }


def _motive_said(found: Acquittement) -> str:
    return str(Motive(found.motive).label) if found.motive else ""


def checks_of(uai: str, limit: int = 50) -> list[Check]:
    """What an establishment checked, newest first."""
    return list(Check.objects.filter(establishment_id=uai).order_by("-at", "-pk")[:limit])


# Desk ----------------------------------------------------------------------------------------------------------


def _seen_by(actor: Actor) -> QuerySet[Acquittement]:
    """What the agent's Crous collected; an agent of none sees nothing."""
    rows = Acquittement.objects.select_related("crous", "commune", "document", "person")
    if actor.national:
        return rows
    if len(actor.crous_ids) == 1:  # an array of one would lose the order of the index
        return rows.filter(crous_id=actor.crous_ids[0])
    return rows.filter(crous_id__in=actor.crous_ids)


def acquittement_at_desk(actor: Actor, pk: int) -> Acquittement | None:
    """An acquittement of the agent's Crous, by its number inside."""
    return _seen_by(actor).filter(pk=pk).first()


def acquittements_seen(actor: Actor, person_id: int) -> list[Acquittement]:
    """What a person acknowledged or began at the agent's Crous, latest year first."""
    return list(_seen_by(actor).filter(person_id=person_id).order_by("-year", "-pk"))


def acquittements_at_desk(
    actor: Actor, year: AcademicYear, status: str = "", *, before: int | None = None, limit: int = 50
) -> list[Acquittement]:
    """The latest acquittements of a year at the agent's Crous; ``before`` goes on from the last one shown."""
    rows = _seen_by(actor).filter(year=year)
    if status:
        rows = rows.filter(status=status)
    if before is not None:
        rows = rows.filter(pk__lt=before)
    return list(rows.order_by("-pk")[:limit])


def person_ids_by_number(text: str, actor: Actor) -> list[int]:
    """Whose certificate has this number, among the persons an agent may see (nobody, or one)."""
    number = asked(text).number
    if not number:
        return []
    return list(_seen_by(actor).filter(document__number=number).values_list("person_id", flat=True))


def unpaid_after_close(now: datetime, limit: int = 2_000) -> list[tuple[int, AcademicYear]]:
    """Whose acquittement of which year was begun and not paid before its campaign ended, oldest first."""
    over = [
        year
        for year in campaign_years()
        if (campaign := campaign_of(year, now)) and campaign.opening == rules.Opening.OVER
    ]
    rows = Acquittement.objects.filter(year__in=over, status=Status.AWAITING_PAYMENT).order_by("pk")
    return list(rows.values_list("person_id", "year")[:limit])
