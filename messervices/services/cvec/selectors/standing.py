"""Where a person stands for a year."""

import json
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import QuerySet

from messervices.foundations.cash import selectors as cash
from messervices.foundations.cash.models import Notice
from messervices.foundations.crous import selectors as crous
from messervices.foundations.payments import selectors as payments
from messervices.foundations.payments.models import Order
from messervices.foundations.students import selectors as students
from messervices.foundations.students.states import FactKind
from messervices.kernel.academic_year import AcademicYear
from messervices.kernel.money import Cents
from messervices.services.cvec import rules
from messervices.services.cvec.models import Acquittement
from messervices.services.cvec.selectors.campaign import campaign_of, campaign_years
from messervices.services.cvec.states import Status

EXEMPTING = tuple(rules.EXEMPTING)
_WANTED = "{" + ",".join([*EXEMPTING, str(FactKind.STUDY_CITY)]) + "}"
"""Kinds of facts as PostgreSQL writes an array: written once, not at each request."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where somebody stands for a year, as briefly as a tile says it."""

    status: str
    motive: str
    city_known: bool
    notice: tuple[str, datetime] | None = None
    """The notice to pay at a post office that is open: its uuid, and until when."""


def standing_of(person_id: int, year: AcademicYear) -> Standing:
    """Tell where a person stands for a year (one query). ``status`` is empty when nothing was begun."""
    with connection.cursor() as cursor:
        cursor.execute("select cvec_standing(%s, %s, %s)", (person_id, year.start, _WANTED))
        found = json.loads(cursor.fetchone()[0])
    facts = found["facts"]
    motive = next((code for kind, code in rules.EXEMPTING.items() if facts.get(kind)), "")
    notice = found["notice"] and (found["notice"][0], datetime.fromisoformat(found["notice"][1]))
    return Standing(found["status"] or "", motive, FactKind.STUDY_CITY in facts, notice)


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


@dataclass(frozen=True, slots=True)
class InCash:
    """Paying at a post office: what La Poste keeps, and the notice that is open, if there is one."""

    fee_cents: Cents
    notice: Notice | None


def in_cash(acquittement: Acquittement | None, year: AcademicYear) -> InCash | None:
    """Give the choice of paying in cash; ``None`` where it is not offered (one query when something was begun)."""
    fee_cents = crous.amount_of("cvec.cash_fee", year)
    if fee_cents is None or not cash.is_offered():
        return None
    order_id = acquittement.order_id if acquittement else None
    return InCash(fee_cents, cash.open_notice(order_id) if order_id else None)


def unpaid_after_close(now: datetime, limit: int = 2_000) -> list[tuple[int, AcademicYear]]:
    """Whose acquittement of which year was begun and not paid before its campaign ended, oldest first."""
    over = [
        year
        for year in campaign_years()
        if (campaign := campaign_of(year, now)) and campaign.opening == rules.Opening.OVER
    ]
    rows = Acquittement.objects.filter(year__in=over, status=Status.AWAITING_PAYMENT).order_by("pk")
    return list(rows.values_list("person_id", "year")[:limit])
