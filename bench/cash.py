"""A return file of 100,000 lines, by the very actions that the job calls: kept, checked whole, read and matched.

Every line belongs to a student who awaits their certificate, but one in a thousand, which nothing explains. Then the
settling, which follows by jobs: two processes settle a part of it, each payment in its one transaction, as two workers
would. Committed to a durable disk. ``--lines 10000`` makes a smaller file.
"""

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import psycopg

from bench.ground import ROOT, ground, say

LINES, SETTLED, PROCESSES = 100_000, 3_000, 2
GOAL_SECONDS, GOAL_RATE = 20, 100
STRAY_EVERY = 1_000
DAY, NOBODY = "2026-08-28", "9" * 20

_WAITING = """
with drawn as (select generate_series(1, %(lines)s::bigint) as n),
persons as (
    insert into students_person (uuid, crous_ids, birth_name, usual_name, first_names, birth_on, birth_commune,
        birth_place, birth_country, civility, nationality, ine, ine_status, search_key, usual_key, created_at)
    select gen_random_uuid(), array[1 + n %% 26], 'Banc' || n, '', 'Lina', '2006-01-01', '78646', 'Versailles', 'FR',
        'F', 'FR', lpad(n::text, 9, '0') || 'AB', 'declared', 'banc' || n || ' lina', '', now() from drawn
    returning id, crous_ids[1] as crous_id),
waiting as (
    insert into cvec_acquittement (year_start, status, amount_cents, motive, opened_at, commune_id, crous_id, person_id)
    select 2026, 'awaiting_payment', 10500, '', now(), '78646', crous_id, id from persons
    returning id, person_id, crous_id),
orders as (
    insert into payments_order (uuid, number, kind, reference, amount_cents, captured_cents, credit_account, label,
        return_path, status, created_at, crous_id, person_id)
    select gen_random_uuid(), 'B' || w.id, 'cvec', w.id::text, 10500, 0, 'cvec:2026:collected:' || c.slug,
        'CVEC 2026-2027', '/cvec/', 'open', now(), w.crous_id, w.person_id
      from waiting w join crous_crous c on c.id = w.crous_id returning id, person_id, crous_id)
insert into cash_notice (uuid, order_id, person_id, crous_id, reference, amount_cents, fee_cents, status, ending,
    issued_at, valid_until)
select gen_random_uuid(), id, person_id, crous_id,
    lpad(id::text, 18, '0') || lpad((98 - (id::numeric * 100) %% 97)::text, 2, '0'), 10500, 500, 'open', '', now(),
    now() + interval '30 days' from orders returning reference
"""
_LINK = """
update cvec_acquittement a set order_id = o.id from payments_order o
 where o.kind = 'cvec' and o.reference = a.id::text and a.order_id is null
"""


def main() -> None:
    """Measure, print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--lines", type=int, default=LINES)
    parser.add_argument("--work", type=int, nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        work(*options.work)
        return
    with ground(max_wal_size="4GB", checkpoint_timeout="15min") as env:
        raw = file_of(options.lines)
        before = processor()
        file_id, check_s, read_s = read(raw)
        worked = processor() - before
        rate = settle(env, file_id, min(SETTLED, options.lines))
    print(f"  {len(raw) / 1e6:.1f} MB; checked in {check_s:.2f} s, {options.lines:,} lines read in {read_s:.2f} s")
    say("cash.check", check_s, ratio=check_s / GOAL_SECONDS, goal="part of the import", unit="s")
    say(
        "cash.processor",
        worked,
        ratio=worked / GOAL_SECONDS,
        goal=f"<={GOAL_SECONDS}",
        unit="s, ours and the database's",
    )
    say("cash.settle", rate, ratio=rate / GOAL_RATE, goal=f">={GOAL_RATE}", unit="certificates/s")
    took = check_s + read_s
    say("cash", took, ratio=took / GOAL_SECONDS, goal=f"<={GOAL_SECONDS} for {LINES:,} lines", unit="s to import")


def processor() -> float:
    """Tell how long this process and those of the database have worked, in seconds: other work beside is not in it."""
    written = Path(os.environ["MESSERVICES_VAR"]).parent / "data" / "postmaster.pid"
    root = psutil.Process(int(written.read_text().split()[0]))
    times = [one.cpu_times() for one in (psutil.Process(), root, *root.children())]
    return float(sum(one.user + one.system for one in times))


def file_of(lines: int) -> bytes:
    """Make the students who wait and the file that says they paid."""
    from django.conf import settings  # noqa: PLC0415 - after setup

    from bank.postoffice import PostOffice, Taking  # noqa: PLC0415 - as above

    with psycopg.connect(os.environ["BENCH_SUPERUSER_URL"], autocommit=True) as base:
        references = [row[0] for row in base.execute(_WAITING, {"lines": lines}).fetchall()]
        base.execute(_LINK)
        base.execute("analyze")
    taken = [
        Taking(rank, 0.0, DAY, reference if rank % STRAY_EVERY else NOBODY, 10500, 500, f"BENCH{rank:09d}", 0)
        for rank, reference in enumerate(references, 1)
    ]
    return PostOffice.write(taken, 1, DAY, settings.EFICASH_CREDITOR)


def read(raw: bytes) -> tuple[int, float, float]:
    """Keep the file, check it, read it; give its number and the two times."""
    from messervices.foundations.cash import actions  # noqa: PLC0415 - after setup
    from messervices.foundations.cash.states import Origin  # noqa: PLC0415 - as above
    from messervices.kernel import clock  # noqa: PLC0415 - as above
    from messervices.kernel.actor import Actor  # noqa: PLC0415 - as above
    from messervices.kernel.scope import EVERY, Scope, acting_as  # noqa: PLC0415 - as above

    now: Any = clock.now()
    with acting_as(Scope("bench", crous=EVERY)):
        began = time.perf_counter()
        kept = actions.receive_file(
            raw=raw, name="bench.csv", origin=Origin.DELIVERY, by=Actor.system("bench"), now=now
        ).file
        assert actions.check_file(file_id=kept.pk, now=now) == "reading"  # noqa: S101 - anything else measures nothing
        checked = time.perf_counter()
        assert actions.read_file(file_id=kept.pk, now=now) == "read"  # noqa: S101 - as above
        done = time.perf_counter()
    return kept.pk, checked - began, done - checked


def settle(env: dict[str, str], file_id: int, lines: int) -> float:
    """Have two processes settle the first lines; give certificates a second."""
    part = lines // PROCESSES
    words = [sys.executable, "-m", "bench.cash", "--work", str(file_id)]
    hands = [
        subprocess.Popen(
            [*words, str(turn * part + 1), str((turn + 1) * part)], cwd=ROOT, env=env, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True,
        )
        for turn in range(PROCESSES)
    ]  # fmt: skip
    for hand in hands:  # each says when it is ready: starting Python is not settling
        assert hand.stdout is not None  # noqa: S101 - it is a pipe
        hand.stdout.readline()
    began = time.perf_counter()
    for hand in hands:
        assert hand.stdin is not None  # noqa: S101 - it is a pipe
        hand.stdin.close()
    for hand in hands:
        hand.wait(600)
    took = time.perf_counter() - began
    with psycopg.connect(os.environ["BENCH_SUPERUSER_URL"], autocommit=True) as base:
        row = base.execute("select count(*) from documents_document").fetchone()
    assert row is not None  # noqa: S101 - a count has a row
    assert row[0] == part * PROCESSES - part * PROCESSES // STRAY_EVERY  # noqa: S101 - a certificate each, and no more
    return float(row[0] / took)


def work(file_id: int, first: int, last: int) -> None:
    """Settle a stretch of lines, once told to."""
    import django  # noqa: PLC0415 - its environment was set by the parent

    django.setup()
    from messervices.foundations.cash import tasks  # noqa: PLC0415 - after setup

    print("ready", flush=True)
    sys.stdin.read()
    tasks.settle_lines(file_id=file_id, first=first, last=last)


if __name__ == "__main__":
    main()
