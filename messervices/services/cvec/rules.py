"""The law of the CVEC as pure rules: who is concerned, who is exempt, what is due, how a certificate is read.

Sources: code de l’éducation, L841-5 and D841-2 and following. What is assumed says so.
"""

import base64
import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from messervices.kernel.academic_year import AcademicYear
from messervices.kernel.money import Cents
from messervices.kernel.period import Period
from messervices.kernel.text import first_letters

LETTERS = 5
"""How many letters of the name an establishment gives beside the number."""


# Am I concerned? -----------------------------------------------------------------------------------------------


class Place(StrEnum):
    """Where one will study."""

    HIGHER = "higher"
    CPGE = "cpge"
    LYCEE = "lycee"
    ABROAD = "abroad"


class Route(StrEnum):
    """In what capacity."""

    INITIAL = "initial"
    CESURE = "cesure"
    CONTINUING = "continuing"
    HDR = "hdr"


class Mobility(StrEnum):
    """Between two establishments or not."""

    NONE = "none"
    DOUBLE = "double"
    INCOMING = "incoming"


@dataclass(frozen=True, slots=True)
class Liability:
    """An answer: ``row`` is the line of the table of situations, ``assumed`` that no text was found for it."""

    row: int
    liable: bool
    assumed: bool = False


def liability(place: Place, route: Route, mobility: Mobility) -> Liability:
    """Tell whether somebody owes the CVEC and must show a certificate (both go together in every row of 1.2).

    What exempts by nature comes first: the place, then the capacity, then the exchange.
    """
    if place == Place.LYCEE:
        return Liability(4, liable=False)  # BTS, DMA, accountancy diploma taught in a lycée or an MFR
    if place == Place.ABROAD:
        return Liability(9, liable=False)  # campus abroad of a French school, fees paid abroad
    if route == Route.CONTINUING:
        return Liability(5, liable=False)  # continuing training, professionalisation contract included
    if route == Route.HDR:
        return Liability(7, liable=False)  # habilitation à diriger des recherches
    if mobility == Mobility.INCOMING:
        return Liability(6, liable=False)  # incoming exchange, no fee paid in France
    if place == Place.CPGE:
        return Liability(2, liable=True)  # because of the parallel enrolment at a university
    if mobility == Mobility.DOUBLE:
        return Liability(3, liable=True)  # once
    if route == Route.CESURE:
        return Liability(8, liable=True, assumed=True)
    return Liability(1, liable=True)  # initial training, distance and apprenticeship included


# Am I exempt? --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Known:
    """A fact as the rules see it: its kind, its year, its value, where from and since when."""

    kind: str
    year: AcademicYear | None
    value: object
    source: str
    known_at: datetime


class Way(StrEnum):
    """How an exemption is obtained."""

    AT_ONCE = "at_once"
    REFUND = "refund"
    REQUEST = "request"
    LIST = "list"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Category:
    """A line of the table of exemptions: our code, its legal ground (``""`` when none was found), how it is had."""

    code: str
    ground: str
    way: Way
    assumed: bool = False


CATEGORIES = (
    Category("BCS", "L841-5 II 1°", Way.AT_ONCE),
    Category("ASAA", "L841-5 II 1°", Way.AT_ONCE, assumed=True),
    Category("REG", "L841-5 II 1°", Way.REFUND),
    Category("ETAB", "L841-5 II 1°", Way.REFUND),
    Category("REFUGIE", "L841-5 II 2°", Way.REQUEST),
    Category("PROT_SUB", "L841-5 II 2°", Way.REQUEST),
    Category("PROT_TEMP", "", Way.REQUEST),
    Category("ASILE", "L841-5 II 2°", Way.REQUEST),
    Category("PREPA_DEF", "L841-5 II 3°", Way.LIST, assumed=True),
    Category("FOREIGN", "", Way.NONE),
)

EXEMPTING = {"boursier": "BCS", "annual_allowance": "ASAA"}
"""Kinds of facts that exempt at once, with their motive; the first one found is the motive given."""


def exemption(known: Iterable[Known], year: AcademicYear) -> tuple[str, Known] | None:
    """Give the motive that exempts for a year and the fact it rests on; ``None`` when the CVEC is due.

    Only facts of the very year count: last year's status is worth nothing. A fact whose value is false
    says "no longer" and does not exempt.
    """
    of_year = {fact.kind: fact for fact in known if fact.year == year and fact.value}
    return next(((motive, of_year[kind]) for kind, motive in EXEMPTING.items() if kind in of_year), None)


def amount_due(amount_of_year: Cents, *, exempt: bool) -> Cents:
    """Give what is to be paid: the flat amount of the year, never a part of it, or nothing."""
    return Cents(0) if exempt else amount_of_year


# When? ---------------------------------------------------------------------------------------------------------


class Opening(StrEnum):
    """Where a campaign stands."""

    NOT_YET = "not_yet"
    OPEN = "open"
    OVER = "over"


def opening(window: Period, now: datetime) -> Opening:
    """Tell whether a campaign is open at an instant."""
    if window.is_before(now):
        return Opening.NOT_YET
    return Opening.OVER if window.is_over(now) else Opening.OPEN


def local_day(instant: datetime, zone: str) -> date:
    """Give the day it is at the Crous: what a certificate says somebody paid on."""
    return instant.astimezone(ZoneInfo(zone)).date()


def collected_account(year: AcademicYear, crous_slug: str) -> str:
    """Name the ledger's account that a Crous collects the CVEC of a year on."""
    return f"cvec:{year.start}:collected:{crous_slug}"


# The certificate -----------------------------------------------------------------------------------------------


def letters_match(letters: str, *names: str) -> bool:
    """Tell whether the letters are the first five of one of the names (all of it when it is shorter)."""
    return bool(letters) and any(letters == first_letters(name, LETTERS) for name in names if name)


def scan_key(number: str, secret: str) -> str:
    """Give what the QR adds to the number so that a scan needs no letters: 60 bits that only the platform can make.

    It tells nothing of the name, so an address that ends in some log does not either.
    """
    digest = hmac.new(secret.encode(), f"cvec.scan:{number}".encode(), hashlib.sha256).digest()
    return base64.b32encode(digest[:8]).decode()[:12]


def scan_key_is_right(number: str, key: str, secret: str) -> bool:
    """Tell whether a scanned address carries the key of its number."""
    return hmac.compare_digest(scan_key(number, secret).encode(), key.strip().upper().encode())


def masked_number(number: str) -> str:
    """Write a number so that who checked it recognises it, and nobody can use it: ``VER6 •••••• 42``."""
    return f"{number[:4]} •••••• {number[-2:]}" if number else ""


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose certificate it is, as it will be printed. ``birth_place`` is the name of a commune, or of a town abroad."""

    civility: str
    birth_name: str
    usual_name: str
    first_names: str
    birth_on: date
    birth_commune: str
    birth_place: str
    birth_country: str
    ine: str


_OVERSEAS = ("97", "98")


def birth_place(holder: Holder, country: str) -> str:
    """Say where somebody was born: ``Nantes (44)``, ``Saint-Denis (974)``, ``Alger, Algérie``, ``Algérie``."""
    if holder.birth_commune:
        code = holder.birth_commune
        return f"{holder.birth_place} ({code[:3] if code.startswith(_OVERSEAS) else code[:2]})"
    return ", ".join(part for part in (holder.birth_place, country) if part)


def certificate_contents(
    *,
    holder: Holder,
    country: str,
    number: str,
    year: AcademicYear,
    crous: str,
    ground_on: date,
    amount_cents: Cents,
    motives: Mapping[str, str],
    verify_url: str,
) -> dict[str, object]:
    """Give the frozen contents of a certificate: all that the paper, the page and the verification will ever say.

    ``motives`` holds the sentence of the exemption in ``fr`` and ``en``, and is empty when the CVEC was paid.
    """
    return {
        "number": number,
        "crous": crous,
        "year": year.label,
        "civility": holder.civility,
        "birth_name": holder.birth_name,
        "usual_name": holder.usual_name,
        "first_names": holder.first_names,
        "birth_on": holder.birth_on.isoformat(),
        "birth_place": birth_place(holder, country),
        "ine": holder.ine,
        "letters": first_letters(holder.birth_name, LETTERS),
        "ground": "exempt" if motives else "paid",
        "ground_on": ground_on.isoformat(),
        "amount_cents": amount_cents,
        "motive_fr": motives.get("fr", ""),
        "motive_en": motives.get("en", ""),
        "verify_url": verify_url,
    }
