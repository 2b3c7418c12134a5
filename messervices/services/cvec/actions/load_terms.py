"""What is shipped about sharing out: the terms of each year, and the class of each establishment."""

from datetime import date, datetime

from django.db import connection

from messervices.foundations.crous.actions.load import Loaded, Step, follow_file, note_loading, rows_of, said_of
from messervices.kernel.academic_year import AcademicYear
from messervices.kernel.action import action
from messervices.services.cvec.models import ShareTerms

_CLASSES = """
    insert into cvec_beneficiary as known (establishment_id, share_class, shipped, set_by_label, source, certainty,
        known_on)
    select uai, case sector when 'public' then 'public' else 'other' end, true, '', 'Déduit du secteur', 'assumed',
        known_on from crous_establishment
    on conflict (establishment_id) do update set share_class = excluded.share_class, known_on = excluded.known_on
        where known.shipped and known.share_class <> excluded.share_class
"""


@action
def _load_terms(now: datetime) -> Loaded:
    wanted = {}
    for row in rows_of("messervices.services.cvec", "share_terms.csv"):
        year = AcademicYear(int(row["year"]))
        wanted[year,] = ShareTerms(
            year=year, public_cents=int(row["public_cents"]), other_cents=int(row["other_cents"]),
            crous_parts=int(row["crous_parts"]), crous_cents=int(row["crous_cents"]) if row["crous_cents"] else None,
            heads_parts=int(row["heads_parts"]), list_by=date.fromisoformat(row["list_by"]),
            first_by=date.fromisoformat(row["first_by"]), final_on=date.fromisoformat(row["final_on"]), **said_of(row),
        )  # fmt: skip
    return follow_file("share_terms", ShareTerms, wanted, ("year",), now)


@action
def _load_classes(now: datetime) -> Loaded:
    """Class by its sector every establishment that the desk has not classed."""
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from crous_establishment")
        rows = int(cursor.fetchone()[0])
        cursor.execute(_CLASSES)
        changed = cursor.rowcount
    return note_loading("beneficiaries", Loaded(rows, changed=changed), now)


def reference_steps() -> list[Step]:
    """List the steps of this room, after those of ``crous``."""
    return [Step("share_terms", _load_terms), Step("beneficiaries", _load_classes)]
