"""Reads of requests: what may be asked, where one's own stands, what waits at the desk."""

import json
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from django.db import connection
from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from messervices.foundations.crous import selectors as crous
from messervices.foundations.documents.states import Slot
from messervices.foundations.students import selectors as students
from messervices.foundations.students.states import Certainty, FactKind
from messervices.kernel.academic_year import AcademicYear
from messervices.kernel.actor import Actor
from messervices.services.cvec import rules
from messervices.services.cvec.models import Acquittement, Request
from messervices.services.cvec.states import CLOSED, Ground, RequestKind, RequestStatus

_A_MINUTE = timedelta(minutes=1)
_AT_DESK = (RequestStatus.SUBMITTED, RequestStatus.MORE_PAPERS)

_OBSTACLES = {
    rules.Obstacle.NOT_PAID: _("Il n’y a rien à rembourser : votre CVEC %(year)s n’a pas été payée."),
    rules.Obstacle.ALREADY: _("Votre CVEC %(year)s est déjà remboursée."),
    rules.Obstacle.NOT_YET: _("Le remboursement de la CVEC %(year)s ne se demande pas encore."),
    rules.Obstacle.TOO_LATE: _("Le délai pour demander le remboursement de la CVEC %(year)s est passé."),
    rules.Obstacle.VALID: _(
        "Vous avez déjà une attestation pour %(year)s. Si vous avez payé, demandez le remboursement."
    ),
}


def obstacle_words(obstacle: rules.Obstacle, year: AcademicYear) -> str:
    """Say why nothing may be asked, in the language in force."""
    return str(_OBSTACLES[obstacle]) % {"year": year}


def refund_obstacle_of(acquittement: Acquittement | None, year: AcademicYear, now: datetime) -> rules.Obstacle | None:
    """Tell why a refund cannot be asked for now. No query, as a rule."""
    if acquittement is None:
        return rules.Obstacle.NOT_PAID
    office = crous.crous_of(acquittement.crous_id)
    window = crous.window_of("cvec.refund", year, office.pk, now=now)
    return rules.refund_obstacle(acquittement.status, window, office.timezone, now)


def refund_last_day(acquittement: Acquittement | None, year: AcademicYear) -> date | None:
    """Give the last day on which a refund may be asked for; ``None`` when it is not set. No query, as a rule."""
    office_id = acquittement.crous_id if acquittement else None
    window = crous.window_of("cvec.refund", year, office_id)
    if window is None or window.closes_at is None:
        return None
    zone = crous.crous_of(office_id).timezone if office_id else "Europe/Paris"
    return rules.local_day(rules.last_instant(window.closes_at, zone) - _A_MINUTE, zone)


def is_known_scholar(person_id: int, year: AcademicYear) -> bool:
    """Tell whether the platform knows for certain that a person is a scholar of a year (one query)."""
    found = students.facts_of_year(person_id, (FactKind.BOURSIER,), year).get(FactKind.BOURSIER)
    return found is not None and found.certainty == Certainty.VERIFIED and rules.is_definite(found.value)


_PURPOSES = {RequestKind.EXEMPTION: "exonération de CVEC", RequestKind.REFUND: "remboursement de CVEC"}
_PAPERS: dict[str, tuple[str | Promise, str | Promise, bool]] = {
    Ground.REFUGIE: (
        _("Décision de protection, carte ou récépissé de réfugié"), _("Recto et verso, en cours de validité."), True,
    ),
    Ground.PROT_SUB: (
        _("Décision de protection, carte ou récépissé de bénéficiaire de la protection subsidiaire"),
        _("Recto et verso, en cours de validité."), True,
    ),
    Ground.PROT_TEMP: (
        _("Autorisation provisoire de séjour « bénéficiaire de la protection temporaire »"),
        _("Recto et verso, en cours de validité."), True,
    ),
    Ground.ASILE: (_("Attestation de demande d’asile"), _("En cours de validité."), True),
    Ground.SCHOLAR: (_("Notification définitive de bourse de l’année"), _("Toutes les pages."), False),
    Ground.EXEMPT: (
        _("Papier qui prouve votre exonération"),
        _("Par exemple la notification de bourse de votre région ou de votre établissement, ou un titre de séjour."),
        True,
    ),
    Ground.NOT_LIABLE: (
        _("Papier qui prouve que vous n’étiez pas concerné"),
        _("Par exemple un certificat de scolarité en BTS, un contrat de formation continue, ou vos notes du bac."),
        False,
    ),
}  # fmt: skip


def slots_of(asked: Request) -> Sequence[Slot]:
    """Give the papers that a request needs; none from a scholar whom the platform knows (one query at most)."""
    if asked.ground == Ground.SCHOLAR and is_known_scholar(asked.person_id, asked.year):
        return ()
    label, hint, identity = _PAPERS[asked.ground]
    purpose = _PURPOSES[RequestKind(asked.kind)]
    slots = [Slot(code="proof", label=label, hint=hint, identity=identity, purpose=purpose)]
    if asked.wanted:
        slots.append(Slot(code="wanted", label=asked.wanted, identity=True, purpose=purpose))
    return slots


def request_of(person_id: int, year: AcademicYear, kind: str) -> Request | None:
    """Give a person's request of a kind and year: the live one, else the last that was answered (one query)."""
    rows = Request.objects.filter(person_id=person_id, year=year, kind=kind).exclude(status=RequestStatus.WITHDRAWN)
    found = list(rows.select_related("acquittement", "letter", "crous").order_by("-pk")[:5])
    return next((one for one in found if one.status not in CLOSED), found[0] if found else None)


def _seen_by(actor: Actor) -> QuerySet[Request]:
    rows = Request.objects.select_related("person", "crous", "acquittement", "letter")
    return rows.filter(crous_id__in=actor.scope.crous)


def requests_waiting(actor: Actor, limit: int = 50) -> list[Request]:
    """List what waits for a decision at the agent's Crous, oldest first (one query)."""
    return list(_seen_by(actor).filter(status__in=_AT_DESK).order_by("submitted_at", "pk")[:limit])


def requests_decided(actor: Actor, limit: int = 20) -> list[Request]:
    """List the latest decisions of the agent's Crous (one query)."""
    return list(_seen_by(actor).filter(decided_at__isnull=False).order_by("-decided_at")[:limit])


def count_requests_waiting(actor: Actor) -> int:
    """Count those that wait for the Crous, for the desk's queue; those that wait for a paper are the student's."""
    return _seen_by(actor).filter(status=RequestStatus.SUBMITTED).count()


def request_at_desk(actor: Actor, pk: int) -> Request | None:
    """Give a request of the agent's Crous; another Crous's is not there, nor one that was never sent."""
    return _seen_by(actor).filter(pk=pk, submitted_at__isnull=False).first()


_TO_PROPOSE = """
    select a.person_id, a.year_start, f.value::text from cvec_acquittement a
      join students_fact f on f.person_id = a.person_id and f.year_start = a.year_start and f.kind = 'boursier'
       and f.certainty = 'verified' and f.superseded_at is null
     where a.status = 'paid' and a.year_start = any(%s)
       and not exists (select from cvec_request r where r.person_id = a.person_id and r.year_start = a.year_start
                        and r.kind = 'refund')
     order by a.id limit %s
"""


def to_propose(now: datetime, limit: int = 5_000) -> list[tuple[int, AcademicYear]]:
    """List who paid, is known as a scholar of the same year since, and was never told: person and year (one query)."""
    years = [year.start for year in crous.open_years("cvec.refund", now)]
    with connection.cursor() as cursor:
        cursor.execute(_TO_PROPOSE, (years, limit))
        rows = cursor.fetchall()
    return [
        (person_id, AcademicYear(start)) for person_id, start, value in rows if rules.is_definite(json.loads(value))
    ]
