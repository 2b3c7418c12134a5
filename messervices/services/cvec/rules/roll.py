"""How a yearly list is read: its encoding, its separator, its columns, its lines. Bytes in, cells out.

The ministry publishes no shape for these lists. Ours: ``uai;ine;cvec_number;birth_name;first_name;birth_date``.
"""

import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from messervices.kernel.text import search_key

COLUMNS = ("uai", "ine", "cvec_number", "birth_name", "first_name", "birth_date")
"""The columns of a list, in the order in which they stand when the first line does not name them."""

_NEEDED = {"uai", "birth_name"}
_NAMES = {
    "uai": "uai", "code uai": "uai", "rne": "uai", "etablissement": "uai", "ine": "ine", "numero ine": "ine",
    "cvec number": "cvec_number", "numero cvec": "cvec_number", "n cvec": "cvec_number", "no cvec": "cvec_number",
    "cvec": "cvec_number", "attestation": "cvec_number", "birth name": "birth_name", "nom": "birth_name",
    "nom de naissance": "birth_name", "nom de famille": "birth_name", "first name": "first_name",
    "prenom": "first_name", "prenoms": "first_name", "birth date": "birth_date", "date de naissance": "birth_date",
    "date naissance": "birth_date", "ne le": "birth_date", "nee le": "birth_date",
}  # fmt: skip
_SEPARATORS = (";", "\t", ",")
_BOM = b"\xef\xbb\xbf"
_ZIP = b"PK\x03\x04"
_OLD_OFFICE = b"\xd0\xcf\x11\xe0"
_LINE = re.compile(rb"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")
_DAYS = (
    re.compile(r"(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})"),
    re.compile(r"(?P<d>\d{1,2})[/.-](?P<m>\d{1,2})[/.-](?P<y>\d{4})"),
)
_EARLIEST = date(1900, 1, 1)
_LONGEST = 100
_SPREADSHEET = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Shape:
    """How a file is written. ``columns`` gives the place of each of ``COLUMNS``, -1 for one that is not there.

    ``begins`` is the offset of the first line of students, in bytes, and ``header`` how many lines come before it.
    """

    encoding: str
    separator: str
    columns: tuple[int, ...]
    begins: int
    header: int


def looks_like_text(content: bytes) -> bool:
    """Tell whether a file may be text: a spreadsheet's own file (a zip, an old one), or UTF-16, is not."""
    return not content.startswith((_ZIP, _OLD_OFFICE)) and b"\x00" not in content


def encoding_of(content: bytes) -> str:
    """Give the encoding: UTF-8 when all of it is, Windows-1252 otherwise; nothing else is met in French lists."""
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8-sig" if content.startswith(_BOM) else "utf-8"


def physical_lines(content: bytes, offset: int = 0) -> Iterator[tuple[bytes, int]]:
    """Yield each line with the offset at which the next begins, whatever ends it (Unix, Windows, old Macintosh)."""
    for found in _LINE.finditer(content, offset):
        yield found[0].rstrip(b"\r\n"), found.end()


def text_of(line: bytes, encoding: str) -> str:
    """Decode a line; a byte that Windows-1252 has not becomes a question mark, and the rest of the line is kept."""
    return line.removeprefix(_BOM).decode("utf-8" if encoding.startswith("utf-8") else encoding, "replace")


def cells_of(text: str, separator: str) -> list[str]:
    """Cut a line into its cells, trimmed. A quote left open ends with the line: it swallows none of the next."""
    try:
        cells = next(csv.reader([text], delimiter=separator), [])
    except csv.Error:
        return []
    return [_bare(cell.strip()) for cell in cells]


def _bare(cell: str) -> str:
    """Take away what ``safe_cell`` put before a cell; ``'t Hooft`` keeps its own."""
    return cell[1:].strip() if cell.startswith("'") and cell[1:].startswith(_SPREADSHEET) else cell


def shape_of(content: bytes) -> Shape | None:
    """Read how a file is written from its first line that is not empty.

    With a line of names the order is free and what is not ours is left aside; without, the six columns stand in
    order. ``None`` when neither is recognised, or when a column that is needed is not there.
    """
    encoding = encoding_of(content)
    before = 0
    begins = 0
    for line, after in physical_lines(content):
        text = text_of(line, encoding)
        if text.strip():
            separator = _separator_of(text)
            cells = cells_of(text, separator)
            named = [_NAMES.get(search_key(cell), "") for cell in cells]
            if sum(name != "" for name in named) >= len(_NEEDED):
                columns = tuple(named.index(name) if name in named else -1 for name in COLUMNS)
                whole = set(named) >= _NEEDED and {"ine", "cvec_number"} & set(named)
                return Shape(encoding, separator, columns, after, before + 1) if whole else None
            fits = len(cells) >= len(COLUMNS)
            return Shape(encoding, separator, tuple(range(len(COLUMNS))), begins, before) if fits else None
        before, begins = before + 1, after
    return None


def _separator_of(text: str) -> str:
    """Give the separator met most often; a semicolon when two are met alike."""
    met = Counter(text)
    return max(_SEPARATORS, key=lambda one: (met[one], -_SEPARATORS.index(one)))


@dataclass(frozen=True, slots=True)
class Written:
    """What a line says, as it was written, in the order of ``COLUMNS``."""

    uai: str
    ine: str
    number: str
    birth_name: str
    first_name: str
    birth_date: str


def written(cells: Sequence[str], columns: Sequence[int]) -> Written | None:
    """Put the cells of a line in their columns; ``None`` when the line is too short to hold those there are."""
    if len(cells) <= max(columns):
        return None
    return Written(*(cells[place][:_LONGEST] if place >= 0 else "" for place in columns))


def day_of(text: str, latest: date) -> date | None:
    """Read a birth date: ``2008-03-14``, ``14/03/2008``, ``14.3.2008``. Raises ``ValueError`` for anything else.

    ``None`` for an empty cell: nothing rests on it. ``latest`` is today: nobody is born after it, nor before 1900.
    """
    if not text:
        return None
    found = next((found for shape in _DAYS if (found := shape.fullmatch(text))), None)
    if found is None:
        raise ValueError("not a date")
    day = date(int(found["y"]), int(found["m"]), int(found["d"]))
    if not _EARLIEST <= day <= latest:
        raise ValueError("not a birth date")
    return day


def file_name(name: str) -> str:
    """Give the name under which a list is shown and handed back: no folder, nothing that is not to be read."""
    last = re.split(r"[/\\]", name)[-1]
    return " ".join("".join(sign for sign in last if sign.isprintable() and sign not in '"*:<>?|').split())[:_LONGEST]


def safe_cell(text: str) -> str:
    """Write a cell so that no spreadsheet takes it for a formula; ``cells_of`` reads it back as it was."""
    return f"'{text}" if text.startswith(_SPREADSHEET) else text
