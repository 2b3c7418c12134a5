"""What an establishment asks of a certificate, and what it is told."""

import re
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from messervices.foundations.crous import selectors as crous
from messervices.foundations.documents import rules as numbers
from messervices.kernel.academic_year import AcademicYear
from messervices.kernel.scope import EVERY, Scope, acting_as
from messervices.kernel.text import first_letters
from messervices.services.cvec import rules
from messervices.services.cvec.models import Acquittement, Check
from messervices.services.cvec.states import CANCELLED_CODE, Motive, Status, certificate_code

_VERIFYING = Scope("cvec.verify", crous=EVERY)
"""A verification looks at one certificate of anybody, by a number that cannot be guessed."""

_SHAPE = re.compile(r"[A-Z]{3}\d[A-Z]{6}\d{2}")


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
    code = certificate_code(found.status, found.motive, by_third_party=found.by_third_party)
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
    code = certificate_code(found.status, found.motive, by_third_party=found.by_third_party)
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
