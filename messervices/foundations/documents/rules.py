"""Numbers of papers, the form in which contents are frozen, and what a proof may be. Pure: no database, no clock.

A paper's number is ``CCCdLLLLLLnn``: the three letters of the Crous, the last digit of the year in which the academic
year begins, six letters, two check digits. The shape is the one seen on CVEC certificates; the meaning of the digit and
of the check digits is our own rule and claims no compatibility.
"""

import hashlib
import json
import re
import unicodedata
from typing import Any

HALF = 26**3
SERIALS = HALF * HALF
"""How many numbers a Crous and a year may have: 26^6, that is 308,915,776."""

_ROUNDS = 8
_SHAPE = re.compile(r"[A-Z]{3}[0-9][A-Z]{6}[0-9]{2}")
_NOT_NUMBER = re.compile(r"[\s/\\.·_\-\u2010-\u2015\u2212]+")
_LENGTH = 12


def number(prefix: str, year: int, serial: int, key: str) -> str:
    """Give the number of the paper with this ``serial`` (0 and up, given once and never again, whatever the year).

    ``prefix`` is the three capitals of the Crous, ``year`` the year in which the academic year begins, ``key`` the
    installation's secret. The letters are a keyed permutation of the serial: two serials never give the same letters,
    and who knows one number cannot tell the next. Raises ``ValueError`` when the serial does not fit.
    """
    if not 0 <= serial < SERIALS:
        raise ValueError(f"serial {serial} does not fit in six letters")
    body = f"{prefix}{year % 10}{_letters(_permuted(serial, key))}"
    return body + check_digits(body)


def _permuted(serial: int, key: str) -> int:
    """Permute 0 … 26^6 - 1 by a Feistel network on two halves of 26^3, added modulo 26^3.

    The halves cover the six letters exactly, so there is nothing to walk round and the permutation is one by
    construction, whatever the round function.
    """
    left, right = divmod(serial, HALF)
    secret = hashlib.blake2s(key.encode()).digest()
    for turn in range(_ROUNDS):
        word = hashlib.blake2s(right.to_bytes(2, "big") + bytes([turn]), key=secret, digest_size=8).digest()
        left, right = right, (left + int.from_bytes(word, "big")) % HALF
    return left * HALF + right


def _letters(value: int) -> str:
    """Write a value below 26^6 as six letters."""
    letters = []
    for _ in range(6):
        value, rest = divmod(value, 26)
        letters.append(chr(65 + rest))
    return "".join(reversed(letters))


def check_digits(body: str) -> str:
    """Give the two digits that make the whole number 1 modulo 97, a letter counting as 10 (A) to 35 (Z).

    The recipe of ISO 7064 (MOD 97-10), as in an IBAN: one wrong character, or two that changed places, always shows.
    """
    return f"{98 - int(_digits(body) + '00') % 97:02d}"


def _digits(text: str) -> str:
    return "".join(str(int(character, 36)) for character in text)


def clean_number(text: str) -> str:
    """Give a number as it is stored, from what somebody typed: ``ver6 kqtrmb/42`` → ``VER6KQTRMB42``.

    Spaces of every kind, slashes, hyphens, dots go. Nothing is guessed: what is no number stays no number.
    """
    return _NOT_NUMBER.sub("", unicodedata.normalize("NFKC", text)).upper()


def split_number(text: str) -> tuple[str, str]:
    """Part a number from the letters of the name glued behind it, as on paper: ``VER6 KQTRMB 42 / BENAL``."""
    cleaned = clean_number(text)
    return cleaned[:_LENGTH], cleaned[_LENGTH:]


def is_well_formed(text: str) -> bool:
    """Tell whether a cleaned number has the shape and the right check digits: a slip of the finger costs no query."""
    return bool(_SHAPE.fullmatch(text)) and int(_digits(text)) % 97 == 1


def spaced(text: str) -> str:
    """Give a number as it is read aloud: ``VER6 KQTRMB 42``."""
    return f"{text[:4]} {text[4:10]} {text[10:]}"


def canonical(contents: dict[str, Any]) -> bytes:
    """Give the one way of writing contents, whose SHA-256 is kept beside them: sorted keys, no blanks, UTF-8.

    Only text, whole numbers, true, false, null, lists and objects: a fraction would not be written alike everywhere.
    Raises ``TypeError`` for anything else, ``ValueError`` for the character 0. The database writes the same text
    (``documents_canonical``), so that the audit can check every hash.
    """
    _refuse_unfit(contents)
    return json.dumps(contents, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def _refuse_unfit(value: Any) -> None:
    if isinstance(value, dict):
        for name, inner in value.items():
            if not isinstance(name, str):
                raise TypeError(f"{name!r} cannot name a part of a paper")
            _refuse_unfit(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            _refuse_unfit(inner)
    elif isinstance(value, str):
        if "\0" in value:
            raise ValueError("the character 0 cannot stand on a paper")
    elif value is not None and not isinstance(value, bool | int):
        raise TypeError(f"{type(value).__name__} cannot stand on a paper")


def contents_hash(contents: dict[str, Any]) -> bytes:
    """Give the SHA-256 of the canonical contents (32 bytes)."""
    return hashlib.sha256(canonical(contents)).digest()


# Proofs ---------------------------------------------------------------------------------------------------------------

_TAIL = 1024
_ENDINGS = {"application/pdf": "pdf", "image/png": "png", "image/jpeg": "jpg"}
_HEIC = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"}
_NOT_IN_NAME = re.compile(r'[\x00-\x1f\x7f-\x9f"*:<>?|\\/\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]+')


def media_type(content: bytes) -> str:
    """Tell what a file says it is by its bytes: PDF, or a picture (PNG, JPEG, HEIC, WebP, TIFF); "" for all else.

    The end is asked for too where a kind has one, so that half a file is refused at once. Telephones write after a
    JPEG's own end: it may stand anywhere. Nothing is opened here.
    """
    if content.startswith((b"%PDF-1.", b"%PDF-2.")):
        return "application/pdf" if b"%%EOF" in content[-_TAIL:] else ""
    if content.startswith(b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"):
        return "image/png" if content.endswith(b"IEND\xaeB`\x82") else ""
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg" if b"\xff\xd9" in content else ""
    if content[4:8] == b"ftyp" and content[8:12] in _HEIC:
        return "image/heic"
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return "image/webp"
    return "image/tiff" if content.startswith((b"II*\0", b"MM\0*")) else ""


def clean_name(name: str, media: str) -> str:
    """Give the name under which a proof is handed back: no folder, no trick of writing direction, the true ending."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    stem = _NOT_IN_NAME.sub(" ", last).rpartition(".")[0] or _NOT_IN_NAME.sub(" ", last)
    stem = " ".join(stem.split()).strip(". ")[:80].rstrip(". ")
    return f"{stem or 'justificatif'}.{_ENDINGS[media]}"


def plain_name(name: str) -> str:
    """Give the name under which a file is shown while it waits: its own, without folder, tricks, or length."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    return " ".join(_NOT_IN_NAME.sub(" ", last).split()).strip(". ")[:90].rstrip(". ") or "justificatif"
