"""How a list is read: whatever comes in, each line is told from the next and none is lost."""

import csv
import io
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from messervices.services.cvec import rules

TODAY = date(2026, 9, 20)
names = st.text(st.characters(codec="cp1252", exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=30)
cells = st.lists(names, min_size=6, max_size=6)


@settings(deadline=None)
@given(st.lists(cells, max_size=20), st.sampled_from(";\t,"), st.sampled_from(["utf-8", "utf-8-sig", "cp1252"]))
def test_a_list_written_by_a_spreadsheet_is_read_back_line_by_line(rows, separator, encoding) -> None:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=separator, lineterminator="\r\n")
    writer.writerow(rules.COLUMNS)
    writer.writerows([rules.safe_cell(cell) for cell in row] for row in rows)
    content = text.getvalue().encode(encoding)
    shape = rules.shape_of(content)
    assert shape is not None
    assert (shape.separator, shape.columns, shape.header) == (separator, (0, 1, 2, 3, 4, 5), 1)
    read = [
        rules.cells_of(rules.text_of(line, shape.encoding), separator)
        for line, _after in rules.physical_lines(content, shape.begins)
    ]
    wanted = [[cell.strip() for cell in row] for row in rows]
    if shape.encoding == "cp1252" or encoding != "cp1252":  # a text of both encodings is taken for UTF-8
        assert [[cell.strip() for cell in row] for row in read] == wanted


@settings(deadline=None)
@given(st.binary(max_size=400))
def test_whatever_the_bytes_nothing_breaks_and_every_byte_is_in_a_line(content: bytes) -> None:
    rules.looks_like_text(content)
    shape = rules.shape_of(content)
    lines = list(rules.physical_lines(content))
    assert b"".join(line for line, _after in lines) == content.replace(b"\r", b"").replace(b"\n", b"")
    assert not lines or lines[-1][1] == len(content)
    for line, _after in lines:
        cut = rules.cells_of(rules.text_of(line, shape.encoding if shape else "cp1252"), ";")
        rules.written(cut, shape.columns if shape else (0, 1, 2, 3, 4, 5))


@settings(deadline=None)
@given(st.binary(max_size=300), st.integers(0, 300))
def test_reading_goes_on_from_any_line_as_if_it_had_not_stopped(content: bytes, upto: int) -> None:
    lines = list(rules.physical_lines(content))
    for place, (_line, after) in enumerate(lines[:upto]):
        assert list(rules.physical_lines(content, after)) == lines[place + 1 :]


@pytest.mark.parametrize("ending", ["\r\n", "\n", "\r"])
def test_lines_end_as_on_windows_unix_and_old_macintoshes(ending: str) -> None:
    found = [line for line, _after in rules.physical_lines(ending.join(["a", "", "b"]).encode())]
    assert found == [b"a", b"", b"b"]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2008-03-14", date(2008, 3, 14)),
        ("14/03/2008", date(2008, 3, 14)),
        ("14.3.2008", date(2008, 3, 14)),
        ("14-03-2008", date(2008, 3, 14)),
        ("", None),
    ],
)
def test_a_birth_date_is_read_as_people_write_it(text: str, day: date | None) -> None:
    assert rules.day_of(text, TODAY) == day


@pytest.mark.parametrize("text", ["31/02/2008", "2008", "14 mars 2008", "14/03/08", "01/01/1899", "21/09/2026", "x"])
def test_what_is_no_birth_date_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"date|month|day|year"):
        rules.day_of(text, TODAY)


@pytest.mark.parametrize("name", ["'t Hooft", "O'Brien", "=SOMME(A1)", "-Dupont", "@x", "+33"])
def test_a_cell_made_safe_is_read_back_as_it_was(name: str) -> None:
    written = io.StringIO()
    csv.writer(written, delimiter=";").writerow([rules.safe_cell(name)])
    assert not written.getvalue().startswith(("=", "+", "-", "@"))
    assert rules.cells_of(written.getvalue().strip("\r\n"), ";") == [name]


def test_a_file_keeps_a_name_that_can_be_read() -> None:
    assert rules.file_name("C:\\Users\\x\\liste\u202e 2026.csv") == "liste 2026.csv"
    assert len(rules.file_name("é" * 500)) == 100


@pytest.mark.parametrize(
    ("national", "crous_ids", "crous_id", "may"),
    [
        (True, (), 26, True),
        (True, (), 0, True),
        (False, (26,), 26, True),
        (False, (12,), 26, False),
        (False, (0,), 0, False),
    ],
)
def test_who_admits_an_establishment(national: bool, crous_ids: tuple[int, ...], crous_id: int, may: bool) -> None:
    said = rules.may_admit("x", frozenset({"x"}), national=national, crous_ids=crous_ids, crous_id=crous_id)
    assert said == may
    assert not rules.may_admit("x", frozenset(), national=national, crous_ids=crous_ids, crous_id=crous_id)
