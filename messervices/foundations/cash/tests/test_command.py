"""``bin/manage import_eficash``."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from messervices.foundations.cash.models import Line
from messervices.foundations.cash.tests.factories import issue, return_file, took

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("books")]


def run(*paths: Path) -> str:
    said = StringIO()
    call_command("import_eficash", *paths, stdout=said)
    return said.getvalue()


def test_files_and_folders_are_imported_and_again_is_harmless(tmp_path: Path) -> None:
    for number in (1, 2):
        line = took(issue())
        (tmp_path / f"{number}.csv").write_bytes(return_file(line, number=number))
    said = run(tmp_path)
    assert said == "1.csv: read, 1 of 1: 1 matched\n2.csv: read, 1 of 1: 1 matched\n"
    assert run(tmp_path / "1.csv") == "1.csv: read, 1 of 1: 1 matched\n"
    assert Line.objects.count() == 2


def test_a_file_that_was_cut_is_refused_and_each_bad_line_said(tmp_path: Path) -> None:
    path = tmp_path / "cut.csv"
    path.write_bytes(return_file(took(issue()), took(issue()))[:-80])
    said = StringIO()
    with pytest.raises(CommandError, match="1 of 1 files refused"):
        call_command("import_eficash", path, stdout=said)
    assert "cut.csv: refused" in said.getvalue()
    assert "line 4: the line does not end as it should" in said.getvalue()
    assert Line.objects.count() == 0


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"none\.csv"):
        run(tmp_path / "none.csv")
