"""The verification service of establishments: the paths, fields, states and status codes of the network's own.

``GET /api/attestation/{code}?etudiant=XXXXX`` answers for the current campaign, ``/api/campagne/{year}/…`` for another
one (there each campaign has its own host). 400 means "not found" and 404 "the code is missing": that way round, as the
network does (the Cnous' open description, API CVEC 4.1.24).

``GET /api/cvec/establishments/{uai}/students`` is ours: which of its listed students are in order, for the program of
an establishment. Its errors are ``application/problem+json``.
"""

import logging
from datetime import date, datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from ninja import Field, Query, Router, Schema, Status

from messervices.foundations.accounts import actions as limits
from messervices.foundations.accounts import selectors as accounts
from messervices.foundations.accounts.rules import Rate
from messervices.foundations.crous import selectors as crous
from messervices.foundations.crous.models import Establishment
from messervices.kernel.academic_year import AcademicYear
from messervices.kernel.actor import Actor
from messervices.kernel.scope import acting_as, of_establishment
from messervices.services.cvec import actions, rules, selectors

log = logging.getLogger(__name__)
router = Router(tags=["CVEC"])


class StateDto(Schema):
    """The state: 70, 71, 73, 75, 76 and 98 are valid for an enrolment; any other one is not."""

    code: str
    libelle: str


class ExonerationDto(Schema):
    """Whether the student was exempt, and why."""

    active: bool
    motif: str


class CertificateDto(Schema):
    """A certificate and whose it is. ``sexe`` is F, M or empty; ``date_naissance`` is an ISO date."""

    nom: str
    nomUsage: str = Field(...)  # noqa: N815 - the network's own name
    prenom: str
    sexe: str
    date_naissance: str
    ine: str
    crous: str
    etat: StateDto
    exoneration: ExonerationDto


class CertificateErrorDto(Schema):
    """Why there is no answer."""

    code: str
    message: str


RESPONSES: dict[int, Any] = {
    200: CertificateDto,
    400: CertificateErrorDto,
    404: CertificateErrorDto,
    429: CertificateErrorDto,
}
_MISSING = "code_missing"
_NOT_FOUND = "not_found"
_LETTERS = Query("", description="Cinq premières lettres du nom")


def _error(status: int, code: str, message: str) -> Status[Any]:
    log.info("attestation checked", extra={"event": "cvec.check", "code": code})
    return Status(status, {"code": code, "message": message})


def _answer(request: Any, code: str, letters: str, year: AcademicYear | None) -> Status[Any]:
    """Find, compare, answer. Whatever does not fit is "not found": nothing tells a wrong letter from a wrong number."""
    if not code.strip():
        return _error(404, _MISSING, _("Le paramètre code est manquant."))
    asked = selectors.asked(code, letters)
    try:
        actions.take_turn(network=accounts.network(request), number=asked.number or "none", now=request.now)
    except actions.TooManyChecks as limit:
        sentence = _("Trop de vérifications. Réessayez dans %(seconds)d secondes.")
        return _error(429, "too_many", sentence % {"seconds": limit.wait})
    found = selectors.certified(asked.number)
    if found is None or found.year != year or not rules.letters_match(asked.letters, *selectors.names_of(found)):
        return _error(400, _NOT_FOUND, _("L’attestation n’a pas été trouvée."))
    log.info("attestation checked", extra={"event": "cvec.check", "code": "found"})
    return Status(200, selectors.answer_of(found))


@router.get("/attestation/{path:code}", response=RESPONSES, auth=None, url_name="attestation")
def attestation(request: HttpRequest, code: str, etudiant: str = _LETTERS) -> Any:
    """Verify a certificate of the current campaign."""
    return _answer(request, code, etudiant, crous.current_year("cvec", request.now))  # type: ignore[attr-defined]  # our middleware sets the time


@router.get("/attestation/", response=RESPONSES, auth=None, url_name="attestation_missing")
def attestation_missing(request: HttpRequest, etudiant: str = _LETTERS) -> Any:
    """Say that the code is missing."""
    return _answer(request, "", etudiant, None)


@router.get(
    "/campagne/{int:year_start}/attestation/{path:code}", response=RESPONSES, auth=None, url_name="attestation_of_year"
)
def attestation_of_year(request: HttpRequest, year_start: int, code: str, etudiant: str = _LETTERS) -> Any:
    """Verify a certificate of one campaign, by the year in which it begins (2025 for 2025-2026)."""
    try:
        year = AcademicYear(year_start)
    except ValueError:
        return _error(400, _NOT_FOUND, _("L’attestation n’a pas été trouvée."))
    return _answer(request, code, etudiant, year)


@router.get(
    "/campagne/{int:year_start}/attestation/", response=RESPONSES, auth=None, url_name="attestation_of_year_missing"
)
def attestation_of_year_missing(request: HttpRequest, year_start: int, etudiant: str = _LETTERS) -> Any:
    """Say that the code is missing."""
    return _answer(request, "", etudiant, None)


# Which of our students are in order ----------------------------------------------------------------------------

PAGE, MOST = 100, 1_000
READ_KEY = Rate(rules.READS_A_KEY, rules.SECONDS_A_KEY)


class ListedDto(Schema):
    """A student of the list: what the establishment wrote itself, and in order or not. ``reason`` says why not."""

    uai: str
    ine: str
    cvec_number: str
    birth_name: str
    first_name: str
    birth_date: date | None
    listed_at: datetime | None
    in_order: bool
    reason: str


class ListedPageDto(Schema):
    """A page of a list. ``next`` is the ``cursor`` of the following one, empty on the last."""

    year: str
    students: list[ListedDto]
    next: str


class AskedDto(Schema):
    """What of a list is asked: ``year`` as 2026-2027, the current one by default; ``cursor`` as ``next`` gave it.

    ``state`` is ``in_order``, ``not``, or empty for both.
    """

    year: str = ""
    state: str = ""
    cursor: str = ""
    limit: int = PAGE


class ProblemDto(Schema):
    """A problem (RFC 9457), with a stable ``code``."""

    type: str
    title: str
    status: int
    detail: str
    code: str


def _problem(status: int, code: str, detail: str) -> JsonResponse:
    said = {"type": "about:blank", "title": code, "status": status, "detail": detail, "code": code}
    return JsonResponse(said, status=status, content_type="application/problem+json")


def _reader(request: Any, uai: str) -> tuple[Actor, Establishment] | HttpResponse:
    """Who reads, and for which establishment: by a key of its own, or as its referent who is signed in."""
    scheme, _space, secret = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        key = selectors.key_by_secret(secret.strip())
        if key is None or key.establishment_id != uai:
            return _problem(401, "key_unknown", _("Cette clé n’ouvre pas cet établissement."))
        if not limits.take_rate(READ_KEY, request.now, "cvec.api", key.pk):
            return _problem(429, "too_many", _("Trop de lectures. Réessayez dans une minute."))
        actions.note_use(key_id=key.pk, now=request.now)
        return Actor(kind="establishment", user_id=key.made_by_id, label=f"{key.name} ({uai})"), key.establishment
    if request.actor.kind == "anonymous":
        return _problem(401, "sign_in", _("Donnez une clé de votre établissement, ou connectez-vous."))
    mine = crous.establishments_of_referent(request.actor.user_id) if request.actor.kind == "establishment" else []
    found = next((one for one in mine if one.pk == uai), None)
    if found is None:
        return _problem(403, "not_yours", _("Vous ne répondez pas de cet établissement."))
    return request.actor, found


@router.get(
    "/cvec/establishments/{str:uai}/students",
    response={200: ListedPageDto, 400: ProblemDto, 401: ProblemDto, 403: ProblemDto, 429: ProblemDto},
    auth=None,
    url_name="students_in_order",
)
def students_in_order(request: HttpRequest, uai: str, asked: Query[AskedDto]) -> Any:
    """List the students of an establishment's list by name, page by page: in order or not."""
    reader = _reader(request, uai)
    if isinstance(reader, HttpResponse):
        return reader
    by, establishment = reader
    now = request.now  # type: ignore[attr-defined]  # our middleware sets the time
    try:
        wanted = AcademicYear.of_label(asked.year) if asked.year else selectors.filing_year(now)
    except ValueError:
        wanted = None
    if wanted is None or asked.state not in {"", "in_order", "not"} or not 1 <= asked.limit <= MOST:
        return _problem(400, "bad_request", _("Année, filtre ou longueur de page incorrects."))
    with acting_as(of_establishment(uai)):
        actions.note_reading(by=by, establishment=establishment, year=wanted, what="api", now=now)
        sought = selectors.Sought(state=asked.state)
        rows = selectors.students_of(uai, wanted, sought, after=asked.cursor[:32], limit=asked.limit + 1)
    return Status(200, _page_of(rows, asked.limit, wanted))


def _page_of(rows: list[selectors.Listed], limit: int, year: AcademicYear) -> dict[str, Any]:
    students = [
        {
            "uai": one.uai, "ine": one.ine, "cvec_number": one.number, "birth_name": one.birth_name,
            "first_name": one.first_name, "birth_date": one.birth_on, "listed_at": one.listed_at,
            "in_order": one.in_order, "reason": one.reason,
        }
        for one in rows[:limit]
    ]  # fmt: skip
    return {"year": year.label, "students": students, "next": rows[limit - 1].mark if len(rows) > limit else ""}
