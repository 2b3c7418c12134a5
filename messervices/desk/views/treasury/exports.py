"""The same rows for a spreadsheet: CSV as a stream, XLSX row by row through a temporary file. Nobody is named there."""

import csv
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import xlsxwriter
from django.http import FileResponse, Http404, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from messervices.desk.views.door import AgentRequest, for_agents
from messervices.desk.views.treasury.door import office_of
from messervices.desk.views.treasury.sheets import rail_name, today_of
from messervices.foundations.crous import selectors as crous
from messervices.foundations.treasury import rules, selectors
from messervices.foundations.treasury.states import SEE

_BOM = "\ufeff"
_MOST_DAYS = 800
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
Cell = str | int | date
MONEY, TEXT = "money", "text"


@dataclass(frozen=True, slots=True)
class Sheet:
    """What is exported: a title for the file, the heads with their kinds, and the rows. Money is in cents."""

    title: str
    heads: list[tuple[str, str]]
    rows: Iterator[list[Cell]]


@require_GET
@for_agents(SEE)
def export(request: AgentRequest, what: str, form: str) -> HttpResponseBase:
    """Give ``sheets``, ``mismatches``, ``transits`` or ``entries`` of a period as ``csv`` or ``xlsx``."""
    crous_id = office_of(request)
    made = {"sheets": _sheets, "mismatches": _mismatches, "transits": _transits, "entries": _entries}.get(what)
    if made is None or form not in {"csv", "xlsx"}:
        raise Http404
    sheet = made(request, crous_id)
    name = f"{sheet.title}-{crous.crous_of(crous_id).slug}-{today_of(request, crous_id)}.{form}"
    return _as_csv(sheet, name) if form == "csv" else _as_xlsx(sheet, name)


class _Echo:
    """What csv writes to: gives back each line instead of keeping it."""

    def write(self, line: str) -> str:
        return line


def _as_csv(sheet: Sheet, name: str) -> StreamingHttpResponse:
    """UTF-8 with its mark and semicolons, as French spreadsheets open it by a double click; amounts with a comma."""
    writer = csv.writer(_Echo(), delimiter=";")

    def lines() -> Iterator[str]:
        yield _BOM + writer.writerow([head for head, _kind in sheet.heads])
        for row in sheet.rows:
            kinds = (kind for _head, kind in sheet.heads)
            yield writer.writerow([_plain(cell, kind) for cell, kind in zip(row, kinds, strict=True)])

    answer = StreamingHttpResponse(lines(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _plain(cell: Cell, kind: str) -> str:
    """A cell as a text: cents as euros, a text that a spreadsheet would run made harmless."""
    if kind == MONEY and isinstance(cell, int):
        whole, rest = divmod(abs(cell), 100)
        return f"{'-' if cell < 0 else ''}{whole},{rest:02d}"
    return rules.cell(cell) if isinstance(cell, str) else str(cell)


def _as_xlsx(sheet: Sheet, name: str) -> FileResponse:
    """A spreadsheet written row by row: whatever its length, little of it stands in memory."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the answer reads it, then closes it
    book = xlsxwriter.Workbook(file, {"constant_memory": True, "default_date_format": "dd/mm/yyyy"})
    page = book.add_worksheet()
    bold, money = book.add_format({"bold": True}), book.add_format({"num_format": "#,##0.00"})
    for column, (head, kind) in enumerate(sheet.heads):
        page.write_string(0, column, head, bold)
        page.set_column(column, column, 14 if kind == MONEY else 24)
    for number, row in enumerate(sheet.rows, 1):
        for column, (cell, (_head, kind)) in enumerate(zip(row, sheet.heads, strict=True)):
            _write(page, number, column, cell, money if kind == MONEY else None)
    book.close()
    file.seek(0)
    return FileResponse(file, as_attachment=True, filename=name, content_type=_XLSX)


def _write(page: Any, row: int, column: int, cell: Cell, money: Any) -> None:
    """Write a cell by its kind: a text is never taken for a formula."""
    if isinstance(cell, str):
        page.write_string(row, column, cell)
    elif isinstance(cell, date):
        page.write_datetime(row, column, cell)
    elif money is not None:
        whole, rest = divmod(abs(cell), 100)
        page.write_number(row, column, (whole + rest * 0.01) * (-1 if cell < 0 else 1), money)
    else:
        page.write_number(row, column, cell)


def _bounds(request: AgentRequest, crous_id: int) -> tuple[date, date]:
    """The period asked for: the last thirty days unless said otherwise, 800 days at most."""
    today = today_of(request, crous_id)
    try:
        last = date.fromisoformat(request.GET.get("to", ""))
        first = date.fromisoformat(request.GET.get("from", ""))
    except ValueError:
        return today - timedelta(days=30), today
    return max(first, last - timedelta(days=_MOST_DAYS)), last


def _sheets(request: AgentRequest, crous_id: int) -> Sheet:
    first, last = _bounds(request, crous_id)
    heads = [
        (_("Jour"), TEXT), (_("Moyen"), TEXT), (_("Dû le matin"), MONEY), (_("Encaissé"), MONEY),
        (_("Nombre encaissé"), TEXT), (_("Remboursé"), MONEY), (_("Nombre remboursé"), TEXT), (_("Frais"), MONEY),
        (_("Versé"), MONEY), (_("Expliqué à la main"), MONEY), (_("Dû le soir"), MONEY),
    ]  # fmt: skip
    rows: Iterator[list[Cell]] = (
        [one.day, rail_name(one.rail), one.opening_cents, one.collected_cents, one.collected, one.refunded_cents,
         one.refunded, one.fees_cents, one.settled_cents, one.adjusted_cents, one.closing_cents]
        for one in selectors.sheets_between(crous_id, first, last)
    )  # fmt: skip
    return Sheet("journees", heads, rows)


def _mismatches(request: AgentRequest, crous_id: int) -> Sheet:
    heads = [
        (_("Depuis"), TEXT), (_("Écart"), TEXT), (_("Moyen"), TEXT), (_("Montant"), MONEY), (_("Attendu"), MONEY),
        (_("Trouvé"), MONEY), (_("État"), TEXT), (_("Constaté"), TEXT), (_("Par"), TEXT), (_("Confirmé par"), TEXT),
    ]  # fmt: skip
    rows: Iterator[list[Cell]] = (
        [one.since, one.get_kind_display(), rail_name(one.rail), one.amount_cents,
         "" if one.expected_cents is None else one.expected_cents, "" if one.found_cents is None else one.found_cents,
         one.get_status_display(), one.reason, one.by_label, one.second_label]
        for one in selectors.every_mismatch(request.actor, crous_id)
    )  # fmt: skip
    return Sheet("ecarts", heads, rows)


def _transits(_request: AgentRequest, crous_id: int) -> Sheet:
    heads = [
        (_("Compte"), TEXT), (_("Moyen"), TEXT), (_("Depuis"), TEXT), (_("Montant"), MONEY), (_("Référence"), TEXT),
    ]  # fmt: skip
    rows: Iterator[list[Cell]] = (
        [item.account, rail_name(item.rail), item.since, item.cents, item.name]
        for item in selectors.every_item(crous_id)
    )  # fmt: skip
    return Sheet("attente", heads, rows)


def _entries(request: AgentRequest, crous_id: int) -> Sheet:
    first, last = _bounds(request, crous_id)
    heads = [
        (_("Relevé"), TEXT), (_("Ligne"), TEXT), (_("Jour"), TEXT), (_("Valeur"), TEXT), (_("Montant"), MONEY),
        (_("Référence de la banque"), TEXT), (_("Code"), TEXT), (_("Reconnu comme"), TEXT),
    ]  # fmt: skip
    rows: Iterator[list[Cell]] = (
        [one.statement.number, one.number, one.booked_on, one.value_on, one.amount_cents, one.bank_ref, one.code,
         one.get_match_display()]
        for one in selectors.entries_between(request.actor, crous_id, first, last)
    )  # fmt: skip
    return Sheet("releves", heads, rows)
