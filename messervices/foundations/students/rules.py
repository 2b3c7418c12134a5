"""What an INE is, and who is who. Pure: text in, answer out."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date

ALPHABET_23 = "ABCDEFGHJKLMNPRSTUVWXYZ"
"""Letters of the BEA and UAI keys: no I, O, Q."""

_SHAPES = (
    ("nne", re.compile(r"^[0-9A-Z]{10}\d$")),
    ("bea", re.compile(r"^\d{10}[A-HJ-NPR-Z]$")),
    ("rnie", re.compile(r"^\d{9}[A-HJK]{2}$")),
    ("sifa", re.compile(r"^\d{4}A\d{5}[A-HJ-NPR-Z]$")),
    ("provisional", re.compile(r"^\d{4}D\d{5}[A-HJ-NPR-Z]$")),
)
_SPACES = re.compile(r"[\s\-./]+")
INE_LENGTH = 11


@dataclass(frozen=True, slots=True)
class IneReading:
    """What a typed number turns out to be.

    ``scheme`` is empty when no shape fits. ``key_ok`` is ``None`` when the rule of the key is not public: then the
    number is neither refused nor confirmed by it.
    """

    value: str
    scheme: str
    key_ok: bool | None

    @property
    def is_ine(self) -> bool:
        """Whether one of the five shapes fits."""
        return bool(self.scheme)


def normal_ine(text: str) -> str:
    """Write a number as registries do: capitals, no space, hyphen or dot."""
    return _SPACES.sub("", unicodedata.normalize("NFKC", text)).upper()


def read_ine(text: str) -> IneReading:
    """Read a typed INE: its shape among the five, and its key where the rule is known (BEA, NNE)."""
    value = normal_ine(text)
    scheme = next((name for name, shape in _SHAPES if shape.match(value)), "")
    key_ok: bool | None = None
    if scheme == "bea":
        key_ok = value[10] == ALPHABET_23[int(value[:10]) % 23]
    elif scheme == "nne":
        key_ok = int(value[10]) == int(value[:10], 36) % 10
    return IneReading(value, scheme, key_ok)


def provisional_ine(serial: int, year_start: int) -> str:
    """Give the provisional number of a student without one: ``YYYYD`` + five digits + a letter.

    The shape is the registry's (D in fifth place); the key of that shape is not public, so the letter is ours: the
    23-letter key of the nine digits. ``serial`` runs from 0 to 99 999 within a series; the series moves the year part
    on when one is used up, so that no number is given twice.
    """
    series, number = divmod(serial, 100_000)
    head = f"{(year_start + series * 1_000) % 10_000:04d}"
    tail = f"{number:05d}"
    return f"{head}D{tail}{ALPHABET_23[int(head + tail) % 23]}"


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a person says they are, as typed and cleaned. ``ine`` is empty for "I have none".

    ``birth_commune`` is an INSEE code for a birth in France, empty otherwise; ``birth_place`` is its name, or the town
    abroad; ``birth_country`` and ``nationality`` are ISO 3166 codes (four letters for countries that are no more).
    """

    birth_name: str
    first_names: str
    birth_on: date
    birth_country: str
    nationality: str
    usual_name: str = ""
    civility: str = ""
    birth_commune: str = ""
    birth_place: str = ""
    ine: str = ""


def first_of(first_names: str) -> str:
    """Give the first of the first names, which stand with commas or without: what one is called by."""
    return first_names.split(" ", maxsplit=1)[0].strip(",")


def display_name(birth_name: str, usual_name: str, first_names: str) -> str:
    """Say a person's name on a page: first name, then the name they use."""
    return f"{first_of(first_names)} {usual_name or birth_name}".strip()


def masked_ine(value: str) -> str:
    """Show a number to its owner on a screen others may see: ``0AB1 •••• 4K7``."""
    return f"{value[:4]} •••• {value[-3:]}" if len(value) == INE_LENGTH else value
