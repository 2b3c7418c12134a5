"""Sharing out a country: lists of 2.2 million lines over 1,500 establishments, counted and computed; in what memory.

The establishments are made up beside the real ones; a student in fifty is on two lists. The counting and computing are
the very jobs of the platform, portion by portion. ``--students 200000`` makes a smaller country.
"""

import argparse
import resource
import time
from datetime import UTC, datetime

from bench.ground import ground, manage, say

ESTABLISHMENTS, GOAL_SECONDS, GOAL_MEMORY = 1_500, 60.0, 500
NOW = datetime(2027, 1, 10, 8, 0, tzinfo=UTC)

_SCHOOLS = """
    insert into crous_establishment (uai, name, short_name, acronym, search_key, kind, sector, commune_id, address,
        postcode, city, website, domain, former_uais, siret, pic, source, certainty, known_on)
    select lpad(n::text, 7, '0') || substr('ABCDEFGHJKLMNPRSTUVWXYZ', mod(n, 23) + 1, 1), 'École ' || n, '', '',
        'ecole ' || n, 'school', case mod(n, 3) when 0 then 'private' else 'public' end, c.code, '', '', '', '', '',
        '{}', '', '', 'bench', 'assumed', now()
    from generate_series(9000000, 8999999 + %(count)s) n
    join lateral (select code from crous_commune where kind = '' and departement_id = '78' limit 1) c on true
"""
_CLASSES = """
    insert into cvec_beneficiary (establishment_id, share_class, shipped, set_by_label, source, certainty, known_on)
    select uai, case sector when 'public' then 'public' else 'other' end, false, '', 'bench', 'assumed', now()
    from crous_establishment on conflict do nothing
"""
_ROLLS = """
    insert into cvec_roll (filer_id, crous_id, year_start) select uai, 26, 2026 from crous_establishment;
    insert into cvec_rollfile (roll_id, filer_id, crous_id, whole, name, content, size, sha256, received_at, user_id,
        user_label, status, encoding, separator, columns, read_bytes, physical_lines, lines, lines_checked, bad, added,
        corrected, unchanged, removed, reason, taken_at)
    select id, filer_id, 26, true, 'bench.csv', ''::bytea, 0, ''::bytea, now(), 0, '', 'taken', 'utf-8', ';', '[]', 0,
        0, 0, 0, 0, 0, 0, 0, 0, '', now() from cvec_roll
"""
_ENTRIES = """
    insert into cvec_rollentry (establishment_id, filer_id, crous_id, year_start, person_id, acquittement_id, file_id,
        line, ine, number, birth_name, first_name, key, since, ending, told_at)
    select s.uai, s.uai, 26, 2026, a.person_id, a.id, f.id, 1, '', '', 'Banc', '', 'banc', '2026-10-01', '', now()
      from cvec_acquittement a
      cross join generate_series(0, case when mod(a.id, 50) = 0 then 1 else 0 end) turn
      join (select uai, row_number() over (order by uai) - 1 as place from crous_establishment) s
        on s.place = mod(a.id * 7919 + turn * 13, (select count(*) from crous_establishment))
      join cvec_rollfile f on f.filer_id = s.uai
     where a.id > %(after)s and a.id <= %(upto)s and a.year_start = 2026
"""


def main() -> None:
    """Measure, print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--students", type=int, default=2_500_000, help="about 88 in 100 have a certificate")
    options = parser.parse_args()
    with ground(max_wal_size="4GB", checkpoint_timeout="15min"):
        manage("make_population", "--students", str(options.students))
        from messervices.kernel.scope import EVERY, Scope, acting_as  # noqa: PLC0415 - after setup

        with acting_as(Scope("bench", crous=EVERY)):
            lines = fill()
            counted, computed, shares = share_out()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    whole = counted + computed
    print(f"  {lines:,} lines, {shares:,} shares: counted in {counted:.1f} s, computed in {computed:.1f} s")
    say("shares.memory", memory, ratio=memory / GOAL_MEMORY, goal=f"<={GOAL_MEMORY}", unit="MB at most")
    say("shares", whole, ratio=whole / GOAL_SECONDS, goal=f"<={GOAL_SECONDS:.0f}", unit="s to share out")


def fill() -> int:
    """Make the establishments and put every certificate on a list, or on two; give how many lines there are."""
    from django.db import connection, transaction  # noqa: PLC0415 - after setup

    with connection.cursor() as cursor:
        cursor.execute("set statement_timeout = 0")
        cursor.execute("select count(*) from crous_establishment")
        there = cursor.fetchone()[0]
        cursor.execute(_SCHOOLS, {"count": ESTABLISHMENTS - there})
        cursor.execute(_CLASSES)
        cursor.execute(_ROLLS)
        cursor.execute("select min(id), max(id) from cvec_acquittement")
        first, last = cursor.fetchone()
        for after in range(first - 1, last, 100_000):
            with transaction.atomic():
                cursor.execute(_ENTRIES, {"after": after, "upto": min(after + 100_000, last)})
        cursor.execute("select count(*) from cvec_rollentry")
        return int(cursor.fetchone()[0])


def share_out() -> tuple[float, float, int]:
    """Draw the balance and do its job: seconds to count, to compute, and how many shares came out."""
    from messervices.kernel.academic_year import AcademicYear  # noqa: PLC0415 - after setup
    from messervices.kernel.actor import Actor  # noqa: PLC0415 - as above
    from messervices.services.cvec import actions  # noqa: PLC0415 - as above
    from messervices.services.cvec.actions.share_out import count_portion  # noqa: PLC0415 - as above
    from messervices.services.cvec.models import Sharing  # noqa: PLC0415 - as above

    by = Actor(kind="agent", user_id=1, label="bench", national=True, rights=frozenset({"cvec:share:prepare"}))
    year = AcademicYear(2026)
    sharing = actions.draw_sharing(by=by, year=year, kind="balance", now=NOW.replace(month=6))
    counted = computed = 0.0
    while sharing.status == "counting":
        last = sharing.counted_upto >= sharing.counted_to
        began = time.perf_counter()
        count_portion(sharing_id=sharing.pk, now=NOW)
        spent = time.perf_counter() - began
        counted, computed = (counted, computed + spent) if last else (counted + spent, computed)
        sharing = Sharing.objects.get(pk=sharing.pk)
    total = sum(sharing.shares.values_list("total_cents", flat=True)) + sharing.crous_cents
    assert total == sharing.net_cents  # noqa: S101 - to the cent, or it measures something else
    return counted, computed, sharing.shares.count()


if __name__ == "__main__":
    main()
