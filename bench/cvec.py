"""From the bank's notice to the certificate: how many a second, on an empty base and on a country's.

A notice is taken by the very view that takes it, kept, and read by the very job that settles it: money booked,
certificate frozen, facts, message, deed, all committed to a durable disk. Two processes work, as two workers would. The
two bases stand on one server and are measured in turn. ``--students 100000`` makes a smaller country.
"""

import argparse
import itertools
import os
import subprocess
import sys
import time
import uuid
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import psycopg

from bench.ground import ROOT, ground, manage, say, turns

PROCESSES, A_ROUND, ROUNDS = 2, 600, 5
GOAL_RATE, GOAL_RATIO, GOAL_QUERIES = 250, 0.85, 12
FULL = "country"
YEAR, AMOUNT, CROUS, COMMUNE = 2026, 105_00, 26, "78646"

_AWAITING = """
with drawn as (select generate_series(%(first)s::bigint, %(last)s::bigint) as n),
persons as (
    insert into students_person (uuid, crous_ids, birth_name, usual_name, first_names, birth_on, birth_commune,
        birth_place, birth_country, civility, nationality, ine, ine_status, search_key, usual_key, created_at)
    select gen_random_uuid(), '{26}', 'Banc' || n, '', 'Lina', '2006-01-01', '78646', 'Versailles', 'FR', 'F', 'FR',
        lpad(n::text, 9, '0') || 'AB', 'declared', 'banc' || n || ' lina', '', now() from drawn
    returning id, birth_name),
numbers as (
    insert into students_identifier (scheme, value, status, source, known_at, person_id)
    select 'rnie', lpad(substr(birth_name, 5), 9, '0') || 'AB', 'declared', 'student', now(), id from persons),
waiting as (
    insert into cvec_acquittement (year_start, status, amount_cents, motive, opened_at, commune_id, crous_id, person_id)
    select 2026, 'awaiting_payment', 10500, '', now(), '78646', 26, id from persons returning id, person_id),
orders as (
    insert into payments_order (uuid, number, kind, reference, amount_cents, captured_cents, credit_account, label,
        return_path, status, created_at, crous_id, person_id)
    select gen_random_uuid(), 'B' || w.id, 'cvec', w.id::text, 10500, 0, 'cvec:2026:collected:versailles',
        'CVEC 2026-2027', '/cvec/', 'open', now(), 26, w.person_id from waiting w returning id, number, person_id)
insert into payments_attempt (person_id, crous_id, rail, rank, number, bank_ref, begun_on, amount_cents, language,
    status, detail, begun_at, asked, order_id)
select person_id, 26, 'lyra', 1, number || '-1', lpad(to_hex(id), 6, '0'), now()::date, 10500, 'fr', 'begun', '', now(),
    0, id from orders returning number
"""
_LINK = """
update cvec_acquittement a set order_id = o.id from payments_order o
 where o.kind = 'cvec' and o.reference = a.id::text and o.status = 'open' and a.order_id is null
"""


def main() -> None:
    """Measure, print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--students", type=int, default=2_500_000)
    parser.add_argument("--work", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        work()
        return
    with ground(max_wal_size="4GB", checkpoint_timeout="15min") as env:
        queries = count_queries()
        full_env = copy_of(env)
        began = time.perf_counter()
        os.environ["DATABASE_URL"] = full_env["DATABASE_URL"]
        manage("make_population", "--students", str(options.students))
        population_s = time.perf_counter() - began
        os.environ["DATABASE_URL"] = env["DATABASE_URL"]
        sides = {"empty": Side(env), "full": Side(full_env)}
        for side in sides.values():
            side.round()
        rates = turns({name: side.round for name, side in sides.items()}, ROUNDS)
        certificates = sides["full"].count("documents_document")
        for side in sides.values():
            side.end()
    print(f"  empty {rates['empty']:,.0f}/s; with {certificates:,} certificates {rates['full']:,.0f}/s")
    say("cvec.population", population_s / 60, ratio=population_s / 600, goal="<=10 for 2.5 M", unit="minutes")
    say("cvec.queries", queries, ratio=queries / GOAL_QUERIES, goal=f"<={GOAL_QUERIES}", unit="queries to settle")
    say("cvec.rate", rates["empty"], ratio=rates["empty"] / GOAL_RATE, goal=f">={GOAL_RATE}", unit="certificates/s")
    say(
        "cvec",
        rates["full"],
        ratio=rates["full"] / rates["empty"],
        goal=f"{GOAL_RATIO} of the empty base",
        unit="certificates/s",
    )


def copy_of(env: dict[str, str]) -> dict[str, str]:
    """Make a second database with the same tables; give its environment."""
    from django.db import connection  # noqa: PLC0415 - after setup

    connection.close()
    connection.close_pool()
    with psycopg.connect(env["BENCH_SUPERUSER_URL"].replace("/messervices?", "/postgres?"), autocommit=True) as server:
        server.execute(f"create database {FULL} template messervices owner msv_owner")
    changed = {
        name: env[name].replace("/messervices?", f"/{FULL}?") for name in ("DATABASE_URL", "BENCH_SUPERUSER_URL")
    }
    return env | changed


class Side:
    """One base, and the processes that work on it."""

    def __init__(self, env: dict[str, str]) -> None:
        """Start the processes; they wait for attempts to be paid."""
        self.base = psycopg.connect(env["BENCH_SUPERUSER_URL"], autocommit=True)
        self.serials = itertools.count(1, A_ROUND)
        words = [sys.executable, "-m", "bench.cvec", "--work"]
        self.hands = [
            subprocess.Popen(words, cwd=ROOT, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            for _ in range(PROCESSES)
        ]

    def round(self) -> float:
        """Have a round of students at the bank, let the bank say that they paid; give certificates a second."""
        first = next(self.serials)
        rows = self.base.execute(_AWAITING, {"first": first, "last": first + A_ROUND - 1}).fetchall()
        self.base.execute(_LINK)
        self.base.execute("analyze payments_order, payments_attempt, cvec_acquittement, students_person")
        before = self.count("documents_document")
        began = time.perf_counter()
        for i, hand in enumerate(self.hands):
            self._tell(hand, " ".join(row[0] for row in rows[i::PROCESSES]))
        for hand in self.hands:
            assert hand.stdout is not None  # noqa: S101 - it is a pipe
            assert hand.stdout.readline().strip() == "done"  # noqa: S101 - anything else measures nothing
        rate = A_ROUND / (time.perf_counter() - began)
        assert self.count("documents_document") - before == A_ROUND  # noqa: S101 - a certificate each, and no more
        return rate

    def count(self, table: str) -> int:
        """Count the rows of a table."""
        return int(self.base.execute(f"select count(*) from {table}").fetchone()[0])  # type: ignore[index]  # a count always has a row  # noqa: S608 - a name of ours

    def end(self) -> None:
        """Let the processes go."""
        for hand in self.hands:
            self._tell(hand, "")
            hand.wait(20)
        self.base.close()

    @staticmethod
    def _tell(hand: subprocess.Popen[str], text: str) -> None:
        assert hand.stdin is not None  # noqa: S101 - it is a pipe
        hand.stdin.write(text + "\n")
        hand.stdin.flush()


def notice(number: str) -> bytes:
    """Write the bank's notice that an attempt was paid, signed with the demonstration's key."""
    from django.conf import settings  # noqa: PLC0415 - after setup

    from messervices.foundations.payments.providers.lyra import sign  # noqa: PLC0415 - as above

    fields = {
        "vads_site_id": settings.LYRA_SITE_ID, "vads_ctx_mode": "TEST", "vads_order_id": number,
        "vads_amount": str(AMOUNT), "vads_effective_amount": str(AMOUNT), "vads_currency": "978",
        "vads_effective_currency": "978", "vads_effective_creation_date": f"{datetime.now(UTC):%Y%m%d%H%M%S}",
        "vads_operation_type": "DEBIT", "vads_trans_status": "AUTHORISED", "vads_trans_uuid": uuid.uuid4().hex,
        "vads_auth_result": "00", "vads_url_check_src": "PAY", "vads_hash": "0" * 64,
    }  # fmt: skip
    return urlencode(fields | {"signature": sign(fields, settings.LYRA_KEY)}).encode()


def pay(raws: list[bytes]) -> None:
    """Take each notice by its view, then read each event by its job."""
    from django.test import RequestFactory  # noqa: PLC0415 - after setup

    from messervices.foundations.payments import api, tasks  # noqa: PLC0415 - as above
    from messervices.foundations.payments.models import OutsideEvent  # noqa: PLC0415 - as above
    from messervices.kernel import clock  # noqa: PLC0415 - as above
    from messervices.kernel.scope import EVERY, Scope, acting_as  # noqa: PLC0415 - as above

    factory = RequestFactory()
    for raw in raws:
        request: Any = factory.post("/api/payments/lyra/notification", raw, "application/x-www-form-urlencoded")
        request.now = clock.now()
        assert api.lyra_notification(request).status_code == 200  # noqa: S101, PLR2004 - anything else measures nothing
    with acting_as(Scope("bench", crous=EVERY)):
        mine = list(OutsideEvent.objects.filter(raw__in=raws).values_list("pk", flat=True))
    for event_id in mine:
        tasks.read_inbox(event_id=event_id)


def work() -> None:
    """Pay the attempts whose numbers come in, a line at a time."""
    import django  # noqa: PLC0415 - its environment was set by the parent

    django.setup()
    for line in sys.stdin:
        numbers = line.split()
        if not numbers:
            return
        pay([notice(number) for number in numbers])
        print("done", flush=True)


def count_queries() -> int:
    """Count the queries that settle one notice, once warm, by Django's own count; begin and commit apart."""
    from django.db import connection  # noqa: PLC0415 - after setup
    from django.test.utils import CaptureQueriesContext  # noqa: PLC0415 - as above

    from messervices.foundations.payments import actions  # noqa: PLC0415 - as above
    from messervices.foundations.payments.models import OutsideEvent  # noqa: PLC0415 - as above
    from messervices.kernel import clock  # noqa: PLC0415 - as above
    from messervices.kernel.scope import EVERY, Scope, acting_as  # noqa: PLC0415 - as above

    with psycopg.connect(os.environ["BENCH_SUPERUSER_URL"], autocommit=True) as base:
        rows = base.execute(_AWAITING, {"first": 900_000_001, "last": 900_000_002}).fetchall()
        base.execute(_LINK)
    raws = [notice(row[0]) for row in rows]
    pay(raws[:1])
    with acting_as(Scope("bench", crous=EVERY)):
        actions.receive(rail="lyra", raw=raws[1], now=clock.now())
        event = OutsideEvent.objects.get(raw=raws[1])
        with CaptureQueriesContext(connection) as captured:
            actions.settle(event_id=event.pk, now=clock.now())
    return sum(query["sql"] not in {"BEGIN", "COMMIT"} for query in captured.captured_queries)


if __name__ == "__main__":
    main()
