"""What an establishment sees of its lists: the files and how far they are, the lines refused, its students.

Everything here is read in the establishment's own scope, by its UAI: another one's rows are behind both fences. Only
whether a certificate still counts is asked more widely, by its key, and nothing else of it is told.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet

from messervices.foundations.crous import selectors as crous
from messervices.foundations.crous.models import Establishment
from messervices.foundations.documents import rules as numbers
from messervices.foundations.students.rules import INE_LENGTH, normal_ine
from messervices.kernel.academic_year import AcademicYear
from messervices.kernel.actor import Actor
from messervices.kernel.period import Period
from messervices.kernel.scope import EVERY, Scope, acting_as
from messervices.kernel.text import search_key
from messervices.services.cvec import rules
from messervices.services.cvec.models import Acquittement, Roll, RollEntry, RollFile, RollLine
from messervices.services.cvec.states import BadLine, RollStatus, Status

FILING = "cvec.list"
FIRST = "cvec.list_first"
"""The dated rows of the filing: from when to when lists are taken, and until when they count for the first payment."""

LISTED_ANYWAY = (BadLine.DOUBLED, BadLine.ALREADY_LISTED)
"""Refused lines of students who are on the list all the same."""

_WIDE = Scope("cvec.certificates", crous=EVERY)


def filing_window(year: AcademicYear, now: datetime) -> Period | None:
    """From when to when the lists of a year are taken; ``None`` when no dates are set. No query, as a rule."""
    return crous.window_of(FILING, year, now=now)


def first_cut_off(year: AcademicYear) -> datetime | None:
    """Until when a list counts for the first payment (the first instant that is too late)."""
    window = crous.window_of(FIRST, year)
    return window.closes_at if window else None


def last_instant(closes_at: datetime | None) -> datetime | None:
    """An instant of the last day that counts: a period ends as the next day begins."""
    return closes_at - timedelta(minutes=1) if closes_at else None


def filing_year(now: datetime) -> AcademicYear | None:
    """The year whose lists are taken now, else the last one that was; else that of the campaign."""
    return crous.current_year(FILING, now) or crous.current_year("cvec", now)


def filing_years() -> list[AcademicYear]:
    """Every year whose lists have dates, latest first. No query, as a rule."""
    return sorted(crous.windows_kept().get(FILING, {}), reverse=True)


def files_of(uai: str, year: AcademicYear) -> list[RollFile]:
    """The files of a list, latest first, without their contents."""
    rows = RollFile.objects.filter(filer_id=uai, roll__year=year).select_related("roll")
    return list(rows.defer("content").order_by("-pk"))


def file_of(uai: str, pk: int, *, content: bool = False) -> RollFile | None:
    """One file of an establishment; with what was sent when it is to be given back."""
    rows = RollFile.objects.filter(filer_id=uai, pk=pk).select_related("roll")
    return (rows if content else rows.defer("content")).first()


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the work on a file is, in hundredths; and in which of its three parts."""

    percent: int
    part: str


def progress_of(file: RollFile) -> Progress:
    """Reading counts for two fifths, checking for two more, taking for the last."""
    if file.status in (RollStatus.STORED, RollStatus.READING):
        return Progress(40 * file.read_bytes // max(file.size, 1), "reading")
    if file.status == RollStatus.CHECKING and file.lines_checked < file.physical_lines:
        return Progress(40 + 40 * file.lines_checked // max(file.physical_lines, 1), "checking")
    return Progress(80 if file.status == RollStatus.CHECKING else 100, "taking")


def refused_lines(file: RollFile, limit: int | None = None) -> list[RollLine]:
    """The lines of a file that were refused, in its order."""
    rows = RollLine.objects.filter(file=file, filer_id=file.filer_id).exclude(reason="").order_by("line")
    return list(rows if limit is None else rows[:limit])


def refusals_by_reason(file: RollFile) -> list[tuple[str, int]]:
    """How many lines were refused for which reason, the most frequent first: (label, how many)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select reason, count(*) from cvec_rollline where file_id = %s and filer_id = %s and reason <> ''"
            " group by reason order by count(*) desc, reason",
            (file.pk, file.filer_id),
        )
        return [(str(BadLine(reason).label), count) for reason, count in cursor.fetchall()]


def refused_rows(file: RollFile) -> Iterator[list[str]]:
    """The refused lines as rows of a file to correct and send back: our six columns, the line, the reason."""
    yield [*rules.COLUMNS, "line", "reason"]
    for line in refused_lines(file):
        cells = rules.cells_of(line.raw, file.separator)
        said = rules.written(cells, file.columns)
        own = [said.uai, said.ine, said.number, said.birth_name, said.first_name, said.birth_date] if said else cells
        whole = (own + [""] * len(rules.COLUMNS))[: len(rules.COLUMNS)]
        yield [*(rules.safe_cell(cell) for cell in whole), str(line.line), str(BadLine(line.reason).label)]


# Which of our students are in order ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Listed:
    """A student of a list as their establishment sees them: what it wrote itself, and in order or not.

    ``mark`` is where the list goes on after them; ``reason`` says why not, when a line was refused.
    """

    mark: str
    uai: str
    ine: str
    number: str
    birth_name: str
    first_name: str
    birth_on: date | None
    listed_at: datetime | None
    in_order: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Sought:
    """Which students are looked for: ``state`` is ``in_order``, ``not`` or empty; ``text`` a name, an INE, a number."""

    state: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Counts:
    """How many students a list holds, and how many of them are in order."""

    students: int
    in_order: int

    @property
    def not_in_order(self) -> int:
        """The others."""
        return self.students - self.in_order


_STUDENTS = """
    select 0 as kind, id, key, establishment_id as uai, ine, number, birth_name, first_name, birth_on, since as at,
           '' as reason
      from cvec_rollentry
     where (filer_id = %(uai)s or establishment_id = %(uai)s) and year_start = %(year)s and until is null
       and (%(state)s <> 'not' or id = any(%(withdrawn)s))
       and (%(state)s <> 'in_order' or id <> all(%(withdrawn)s))
       and (key, 0, id) > (%(key)s, %(kind)s, %(id)s) {sought}
    union all
    select 1, l.id, l.key, l.uai, l.ine, l.number, l.birth_name, l.first_name, l.birth_on, null, l.reason
      from cvec_rollline l join cvec_rollfile f on f.id = l.file_id join cvec_roll r on r.id = f.roll_id
     where l.filer_id = %(uai)s and r.year_start = %(year)s and f.status = 'taken' and l.superseded_by_id is null
       and l.reason <> '' and l.reason <> all(%(anyway)s) and %(state)s <> 'in_order'
       and (l.key, 1, l.id) > (%(key)s, %(kind)s, %(id)s) {sought_line}
     order by key, kind, id limit %(limit)s
"""
_FIRST_MARK = ("", -1, 0)
_DIGITS = 18
"""A number of so many digits fits in a bigint."""


def students_of(
    uai: str, year: AcademicYear, sought: Sought = Sought(), *, after: str = "", limit: int = 50
) -> list[Listed]:
    """The students of an establishment's list by name: those taken, and those whose line was refused.

    Two queries, three from a mark on. ``after`` is the ``mark`` of the last one shown; one that is none begins again.
    """
    withdrawn = _withdrawn(uai, year)
    key, kind, pk = _place_of(after, uai)
    column, value, exact = _looked_for(sought.text)
    condition = f" and {{}}{column} = %(text)s" if exact else " and {}key ^@ %(text)s"
    wanted = condition if sought.text else ""
    with connection.cursor() as cursor:
        cursor.execute(
            _STUDENTS.format(sought=wanted.format(""), sought_line=wanted.format("l.")),
            {
                "uai": uai, "year": year.start, "state": sought.state, "withdrawn": withdrawn,
                "anyway": list(LISTED_ANYWAY), "key": key, "kind": kind, "id": pk, "text": value, "limit": limit,
            },
        )  # fmt: skip
        rows = cursor.fetchall()
    gone = set(withdrawn)
    return [_listed(row, gone) for row in rows]


def _listed(row: Sequence[Any], withdrawn: set[int]) -> Listed:
    kind, pk, _key, uai, ine, number, birth_name, first_name, birth_on, at, reason = row
    cancelled = kind == 0 and pk in withdrawn
    said = BadLine.CANCELLED if cancelled else reason
    return Listed(
        mark=f"{kind}.{pk}", uai=uai, ine=ine, number=number, birth_name=birth_name, first_name=first_name,
        birth_on=birth_on, listed_at=at, in_order=kind == 0 and not cancelled,
        reason=str(BadLine(said).label) if said else "",
    )  # fmt: skip


def _place_of(mark: str, uai: str) -> tuple[str, int, int]:
    """Where a list goes on after a mark. The mark is two numbers, never a name: it stands in an address."""
    kind, _dot, pk = mark.partition(".")
    if kind not in {"0", "1"} or not pk.isdecimal() or len(pk) > _DIGITS:
        return _FIRST_MARK
    rows = _entries(uai) if kind == "0" else RollLine.objects.filter(filer_id=uai)
    key = rows.filter(pk=int(pk)).values_list("key", flat=True).first()
    return _FIRST_MARK if key is None else (key, int(kind), int(pk))


def _looked_for(text: str) -> tuple[str, str, bool]:
    """Read what is looked for: a certificate's number, an INE, or else the beginning of a name."""
    number = numbers.split_number(text)[0]
    if numbers.is_well_formed(number):
        return "number", number, True
    ine = normal_ine(text)
    if len(ine) == INE_LENGTH and any(letter.isdigit() for letter in ine):
        return "ine", ine, True
    return "key", search_key(text), False


def counts_of(uai: str, year: AcademicYear) -> Counts:
    """How many students are listed, and how many in order (three queries)."""
    entries = _entries(uai).filter(year=year, until=None).count()
    refused = RollLine.objects.filter(
        filer_id=uai, file__roll__year=year, file__status=RollStatus.TAKEN, superseded_by=None
    ).exclude(reason__in=["", *LISTED_ANYWAY])
    in_order = entries - len(_withdrawn(uai, year))
    return Counts(students=entries + refused.count(), in_order=in_order)


def _entries(uai: str) -> QuerySet[RollEntry]:
    """What an establishment listed, or a mother for it."""
    return RollEntry.objects.filter(Q(filer_id=uai) | Q(establishment_id=uai))


def _withdrawn(uai: str, year: AcademicYear) -> list[int]:
    """Entries of the list whose certificate was cancelled since: few, found among the few certificates that were."""
    with acting_as(_WIDE):
        withdrawn = Acquittement.objects.filter(year=year, status=Status.CANCELLED, document__isnull=False)
        rows = _entries(uai).filter(year=year, until=None, acquittement__in=withdrawn)
        return list(rows.values_list("pk", flat=True))


# The student, and the desk -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Listing:
    """An establishment that lists a student: since when, and when it last looked at who is in order."""

    establishment: Establishment
    since: datetime
    read_at: datetime | None


def listings_of(person_id: int, year: AcademicYear) -> list[Listing]:
    """Which establishments list a person for a year, latest first (two queries; one when none does)."""
    rows = RollEntry.objects.filter(person_id=person_id, year=year, until=None).select_related("establishment")
    entries = list(rows.order_by("-since"))
    if not entries:
        return []
    with acting_as(_WIDE):  # when a list was read is nobody's data; the list itself stays out of sight
        filers = {entry.filer_id for entry in entries}
        read = dict(Roll.objects.filter(filer__in=filers, year=year).values_list("filer_id", "read_at"))
    return [Listing(entry.establishment, entry.since, read.get(entry.filer_id)) for entry in entries]


def rolls_at_desk(actor: Actor, year: AcademicYear) -> list[dict[str, Any]]:
    """The lists of a year at the agent's Crous: establishment, students listed, lines refused, last file."""
    where, values = ("", []) if actor.national else ("and r.crous_id = any(%s)", [list(actor.crous_ids)])
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            select r.filer_id, e.name,
                (select count(*) from cvec_rollentry n
                  where n.filer_id = r.filer_id and n.year_start = r.year_start and n.until is null) as listed,
                f.status, f.received_at, f.bad
              from cvec_roll r join crous_establishment e on e.uai = r.filer_id
              join lateral (select status, received_at, bad from cvec_rollfile
                where roll_id = r.id order by id desc limit 1) f on true
             where r.year_start = %s {where} order by e.search_key
            """,  # noqa: S608 - the condition is one of our two; its values stay apart
            [year.start, *values],
        )
        names = ("uai", "name", "listed", "status", "received_at", "refused")
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return [row | {"said": RollStatus(row["status"]).label} for row in rows]
