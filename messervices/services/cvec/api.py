"""The verification service of establishments: the paths, fields, states and status codes of the network's own.

``GET /api/attestation/{code}?etudiant=XXXXX`` answers for the current campaign, ``/api/campagne/{year}/…`` for another
one (there each campaign has its own host). 400 means "not found" and 404 "the code is missing": that way round, as the
network does (the Cnous' open description, API CVEC 4.1.24).
"""

import logging
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Field, Query, Router, Schema, Status

from messervices.foundations.accounts import selectors as accounts
from messervices.foundations.crous import selectors as crous
from messervices.kernel.academic_year import AcademicYear
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
