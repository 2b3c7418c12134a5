"""The yearly list of a large university, checked against a country's certificates: how long, in how much memory.

A file of 60,000 lines is received as a referent sends it, then read, checked and taken by the very job that does it: a
line in fifty is wrong, in turn in each of several ways. ``--students 200000`` makes a smaller country.
"""

import argparse
import resource
import time
from datetime import UTC, datetime
from typing import Any

from bench.ground import ground, manage, say

LINES, GOAL_SECONDS, GOAL_MEMORY = 60_000, 15.0, 500
UVSQ, YEAR = "0781944P", 2026
NOW = datetime(2026, 10, 1, 8, 0, tzinfo=UTC)
_DRAWN = """
    select p.ine, d.number, p.birth_name, split_part(p.first_names, ' ', 1), to_char(p.birth_on, 'DD/MM/YYYY')
      from documents_document d tablesample system (%s) join students_person p on p.id = d.person_id
     where d.kind = 'cvec.attestation' limit %s
"""


def main() -> None:
    """Measure, print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--students", type=int, default=2_500_000, help="about 88 in 100 have a certificate")
    parser.add_argument("--lines", type=int, default=LINES)
    options = parser.parse_args()
    with ground(max_wal_size="4GB", checkpoint_timeout="15min"):
        manage("make_population", "--students", str(options.students))
        from messervices.kernel.scope import EVERY, Scope, acting_as  # noqa: PLC0415 - after setup

        with acting_as(Scope("bench", crous=EVERY)):
            content, certificates = draw(options.lines, options.students)
            first = measure(content, whole=True)
            again = measure(corrected(content), whole=False)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"  {options.lines:,} lines against {certificates:,} certificates: {first}; a corrected file: {again}")
    say("lists.memory", memory, ratio=memory / GOAL_MEMORY, goal=f"<={GOAL_MEMORY}", unit="MB at most")
    say("lists.taken", first["taken"], ratio=first["taken"] / GOAL_SECONDS, goal="(whole)", unit="s to the list")
    checked = first["read"] + first["checked"]
    say("lists", checked, ratio=checked / GOAL_SECONDS, goal=f"<={GOAL_SECONDS:.0f}", unit="s read and checked")


def draw(lines: int, students: int) -> tuple[bytes, int]:
    """Write the list of students drawn from all over the country; give how many certificates there are, too."""
    from django.db import connection  # noqa: PLC0415 - after setup

    with connection.cursor() as cursor:
        cursor.execute("set statement_timeout = 0")
        cursor.execute("select count(*) from documents_document")
        count = cursor.fetchone()[0]
        cursor.execute(_DRAWN, (min(100, 130 * lines / students), lines))
        rows = cursor.fetchall()
    assert len(rows) == lines, f"{len(rows)} lines drawn"  # noqa: S101 - fewer lines would measure something else
    wrong = (
        lambda row: [row[0], "VER6KQTRMB00", *row[2:]],
        lambda row: ["", row[1], "Inconnu", *row[3:]],
        lambda row: [*row[:4], "31/02/2008"],
        lambda row: ["", "", *row[2:]],
    )
    written = [";".join([UVSQ, *(wrong[i // 50 % 4](row) if i % 50 == 0 else row)]) for i, row in enumerate(rows)]
    return "\r\n".join(["uai;ine;cvec_number;birth_name;first_name;birth_date", *written, ""]).encode(), count


def corrected(content: bytes) -> bytes:
    """Write the file that corrects: the same, with another first name in each tenth line."""
    lines = [line.split(";") for line in content.decode().split("\r\n")]
    return "\r\n".join(
        ";".join([*cells[:4], "Camille", cells[5]] if i % 10 == 5 and len(cells) == 6 else cells)  # noqa: PLR2004 - one in ten, six columns
        for i, cells in enumerate(lines)
    ).encode()


def measure(content: bytes, *, whole: bool) -> dict[str, Any]:
    """Receive the file and work on it as the job does; give the seconds of each part."""
    from messervices.foundations.crous.models import Establishment  # noqa: PLC0415 - after setup
    from messervices.kernel.academic_year import AcademicYear  # noqa: PLC0415 - as above
    from messervices.kernel.actor import Actor  # noqa: PLC0415 - as above
    from messervices.services.cvec import actions  # noqa: PLC0415 - as above
    from messervices.services.cvec.actions.check_file import check_portion  # noqa: PLC0415 - as above
    from messervices.services.cvec.actions.read_file import read_portion  # noqa: PLC0415 - as above
    from messervices.services.cvec.models import RollFile  # noqa: PLC0415 - as above

    filer = Establishment.objects.select_related("commune__departement").get(pk=UVSQ)
    file = actions.receive_file(
        by=Actor.system("bench"), filer=filer, year=AcademicYear(YEAR), name="liste.csv", content=content, whole=whole,
        now=NOW,
    )  # fmt: skip
    spent = {"read": 0.0, "checked": 0.0, "taken": 0.0}
    while file.status != "taken":
        began = time.perf_counter()
        last = file.lines_checked >= file.physical_lines > 0
        if file.status in ("stored", "reading"):
            part, work = "read", read_portion
        else:
            part, work = ("taken" if last else "checked"), check_portion
        work(file_id=file.pk, now=NOW)
        spent[part] += time.perf_counter() - began
        file = RollFile.objects.defer("content").get(pk=file.pk)
    said = {name: round(seconds, 2) for name, seconds in spent.items()}
    return said | {"refused": file.bad, "added": file.added, "corrected": file.corrected}


if __name__ == "__main__":
    main()
