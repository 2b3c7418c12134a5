"""Reading a stored file, some thousand lines a transaction.

What was read stays read, whatever happens to the worker.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.db import connection

from messervices.foundations.crous.rules import paris_day
from messervices.foundations.documents import rules as numbers
from messervices.foundations.students import rules as students
from messervices.kernel import crash
from messervices.kernel.action import action
from messervices.kernel.text import search_key
from messervices.services.cvec import rules, selectors
from messervices.services.cvec.models import RollFile, RollLine
from messervices.services.cvec.states import ROLL_STEPS, BadLine, RollStatus, Unreadable

PORTION = 4_000
"""Lines a transaction: a second's work at most, so that a stop is obeyed and a kill costs no more."""

_SLICE = 2 * 1024 * 1024
_HEAD = "select substring(content from %s for %s) from cvec_rollfile where id = %s"
_ADD = """
    insert into cvec_rollline (file_id, filer_id, crous_id, line, raw, uai, ine, number, birth_name, first_name,
        birth_on, letters, key, reason)
    select %s, %s, %s, * from unnest(%s::int[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[],
        %s::date[], %s::text[], %s::text[], %s::text[])
"""


@dataclass(frozen=True, slots=True)
class Read:
    """A line as it was read: its number, what was written, what that says, and the reason when it says nothing good."""

    line: int
    raw: str
    uai: str = ""
    ine: str = ""
    number: str = ""
    birth_name: str = ""
    first_name: str = ""
    birth_on: date | None = None
    letters: str = ""
    key: str = ""
    reason: str = ""

    def row(self) -> tuple[Any, ...]:
        """The columns, in the order in which they are added."""
        return (
            self.line, self.raw, self.uai, self.ine, self.number, self.birth_name, self.first_name, self.birth_on,
            self.letters, self.key, self.reason,
        )  # fmt: skip


@action
def read_portion(*, file_id: int, now: datetime) -> None:
    """Read the next lines of a file; recognise its shape first; hand it over to the checking at its end."""
    file = RollFile.objects.select_for_update(of=("self",)).defer("content").get(pk=file_id)
    if file.status not in (RollStatus.STORED, RollStatus.READING):
        return
    file.status = ROLL_STEPS.target("read", file.status)
    if not file.encoding and not _recognised(file):
        return
    begun = file.read_bytes
    _read_on(file, now)
    if file.read_bytes == begun < file.size:
        _give_up(file, Unreadable.NOT_TEXT)  # a line of millions of bytes is no list
    elif file.lines > settings.ROLL_MAX_LINES:
        _give_up(file, Unreadable.TOO_LONG)
    elif file.read_bytes >= file.size:
        if file.lines:
            file.status = ROLL_STEPS.target("check", file.status)
        else:
            _give_up(file, Unreadable.EMPTY)
    file.save(update_fields=["status", "reason", "read_bytes", "physical_lines", "lines"])
    crash.point("cvec.file_portion_read")


def _recognised(file: RollFile) -> bool:
    """Find out how the file is written; give it up, for good, when it cannot be."""
    content = bytes(RollFile.objects.values_list("content", flat=True).get(pk=file.pk))
    shape = rules.shape_of(content) if rules.looks_like_text(content) else None
    if shape is None:
        _give_up(file, Unreadable.COLUMNS if rules.looks_like_text(content) else Unreadable.NOT_TEXT)
        file.save(update_fields=["status", "reason"])
        return False
    file.encoding, file.separator, file.columns = shape.encoding, shape.separator, list(shape.columns)
    file.read_bytes, file.physical_lines = shape.begins, shape.header
    file.save(update_fields=["encoding", "separator", "columns"])
    return True


def _give_up(file: RollFile, reason: Unreadable) -> None:
    file.status, file.reason = ROLL_STEPS.target("give_up", file.status), reason
    RollLine.objects.filter(file=file).delete()


def _read_on(file: RollFile, now: datetime) -> None:
    """Read a portion of the content, from where the last one ended; no more than that is in memory."""
    with connection.cursor() as cursor:
        cursor.execute(_HEAD, (file.read_bytes + 1, _SLICE, file.pk))
        piece = bytes(cursor.fetchone()[0])
    at_end = file.read_bytes + len(piece) >= file.size
    known, latest = selectors.current_uais(), paris_day(now)
    found: list[Read] = []
    begun = file.read_bytes
    for line, after in rules.physical_lines(piece):
        if after == len(piece) and not at_end:
            break  # the piece may end in the middle of a line
        file.physical_lines += 1
        file.read_bytes = begun + after
        text = rules.text_of(line, file.encoding)
        if text.strip().strip(file.separator):
            found.append(_judged(text, file, known, latest))
        if len(found) == PORTION:
            break
    file.lines += len(found)
    _add(file, found)


def _judged(text: str, file: RollFile, known: dict[str, str], latest: date) -> Read:
    """Say what a line says. Its reason is the first thing that is wrong with the line itself."""
    place, raw = file.physical_lines, text.replace("\x00", "")[:2_000]
    said = rules.written(rules.cells_of(text, file.separator), file.columns)
    if said is None:
        return Read(place, raw, reason=BadLine.COLUMNS)
    bare = "".join(said.uai.split()).upper()[:8]
    number, _letters = numbers.split_number(said.number)
    ine = students.read_ine(said.ine)
    reason = ""
    birth_on = None
    try:
        birth_on = rules.day_of(said.birth_date, latest)
    except ValueError:
        reason = BadLine.BAD_DATE
    name = search_key(said.birth_name)
    if not name:
        reason = BadLine.NAME_MISSING
    elif not reason:
        reason = next(_wrong_with(number, ine), "")
    return Read(
        place, raw, known.get(bare, bare), ine.value[:11], number, said.birth_name, said.first_name, birth_on,
        name.replace(" ", "").upper()[: rules.LETTERS], f"{name} {_first_key(said.first_name)}".strip()[:200], reason,
    )  # fmt: skip


_first_key = lru_cache(maxsize=4_096)(search_key)
"""First names are met again and again; a list is read in half the time when each is folded once."""


def _wrong_with(number: str, ine: students.IneReading) -> Iterator[str]:
    if ine.value and (not ine.is_ine or ine.key_ok is False):
        yield BadLine.INE_INVALID
    if number and not numbers.is_well_formed(number):
        yield BadLine.NUMBER_INVALID
    if not number and not ine.value:
        yield BadLine.NO_KEY


def _add(file: RollFile, found: list[Read]) -> None:
    if not found:
        return
    columns = [list(column) for column in zip(*(one.row() for one in found), strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(_ADD, (file.pk, file.filer_id, file.crous_id, *columns))
