"""How a certificate is written, and read."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from messervices.kernel.academic_year import AcademicYear
from messervices.kernel.money import Cents
from messervices.kernel.text import first_letters

LETTERS = 5
"""How many letters of the name an establishment gives beside the number."""


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
