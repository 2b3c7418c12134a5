"""A hundred thousand payouts: gathered, written to pain.001, validated against the schema and read back.

The first figure is the files alone: written, validated and read by the second reader, from transfers in memory.
Beside it, in turn, the same bytes validated and read from a whole tree in memory, as one would without a stream. The
others are the platform's own deeds on a durable base: gathering (weighed again, locked, lines written) and writing
(IBANs opened, files written, read back, sealed, kept). ``--payouts 10000`` makes a smaller run.
"""

import argparse
import io
import itertools
import os
import resource
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg

from bench.ground import ground, say, turns

GOAL_SECONDS, CROUS = 5, 26
AT = datetime(2026, 8, 28, 12, 0, tzinfo=UTC)
CPU: list[float] = []
"""Seconds of processor of each turn by stream: what a machine with nothing else to do would take."""

_PERSONS = """
insert into students_person (uuid, crous_ids, birth_name, usual_name, first_names, birth_on, birth_commune, birth_place,
    birth_country, civility, nationality, ine, ine_status, search_key, usual_key, created_at)
select gen_random_uuid(), '{26}', 'Banc' || n, '', 'Lina', '2006-01-01', '78646', 'Versailles', 'FR', 'F', 'FR',
    lpad(n::text, 9, '0') || 'AB', 'declared', 'banc' || n || ' lina', '', now() from generate_series(1, %s) n
returning id
"""
_PAYOUTS = """
insert into payouts_payout (uuid, number, kind, reference, person_id, crous_id, details_id, amount_cents, debit_account,
    label, status, why, tries, ordered_at, return_code, cancel_reason)
select gen_random_uuid(), 'B' || d.person_id, 'payouts.surplus', d.person_id::text, d.person_id, 26, d.id, 10500,
    'bench:collected', 'Remboursement CVEC 2026-2027', 'ready', '{}', 0, now(), '', '' from payouts_bankdetails d
"""


def main() -> None:
    """Measure, print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--payouts", type=int, default=100_000)
    count = parser.parse_args().payouts
    with ground(max_wal_size="4GB", checkpoint_timeout="15min"):
        transfers = list(_transfers(count))
        seconds = turns({"stream": lambda: by_stream(transfers), "tree": lambda: by_tree(transfers)}, rounds=3)
        fill(count)
        gathering, writing, files = run()
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"  gathered in {gathering:.1f} s, files written, read back and kept in {writing:.1f} s ({files} files)")
    goal = f"<={GOAL_SECONDS} for 100,000"
    say("payouts.cpu", min(CPU), ratio=min(CPU) / GOAL_SECONDS, goal=goal, unit="s of processor for the files")
    say("payouts.gather", gathering, ratio=gathering / GOAL_SECONDS, goal="told", unit="s to weigh, lock and gather")
    say("payouts.keep", writing, ratio=writing / GOAL_SECONDS, goal="told", unit="s with IBANs opened and files kept")
    say("payouts.memory", memory, ratio=memory / 500, goal="<=500", unit="MB")
    whole = seconds["stream"]
    say("payouts", whole, ratio=whole / seconds["tree"], goal=goal, unit="s to write, validate and re-read")


def _ibans() -> Iterator[str]:
    """French IBANs with right keys, each another."""
    for serial in itertools.count(1):
        own = 97 - (30004 * 89 + 1 * 15 + serial * 3) % 97
        account = f"3000400001{serial:011d}{own:02d}"
        yield f"FR{98 - int(account + '152700') % 97:02d}{account}"


def _transfers(count: int) -> Iterator[Any]:
    from messervices.foundations.payouts.providers.pain import Transfer  # noqa: PLC0415 - after setup

    for serial, iban in zip(range(count), _ibans(), strict=False):
        yield Transfer(
            f"B{serial}-1", 105_00, iban, "AGRIFRPPXXX", f"Lina Banc{serial}", "Remboursement CVEC 2026-2027"
        )


def _run_of(transfers: list[Any]) -> Any:
    from messervices.foundations.payouts.models import Run  # noqa: PLC0415 - after setup
    from messervices.foundations.payouts.providers.registry import debtors  # noqa: PLC0415 - as above

    debtor = debtors()[CROUS]
    return Run(
        pk=1, crous_id=CROUS, debtor_name=debtor.name, debtor_iban=debtor.iban, debtor_bic=debtor.bic, day=AT.date(),
        count=len(transfers), gathered_at=AT,
    )  # fmt: skip


def by_stream(transfers: list[Any]) -> float:
    """Write, validate and read back, as the platform does; give the seconds."""
    from messervices.foundations.payouts.actions.gather import check_file, write_file  # noqa: PLC0415 - after setup

    began, cpu = time.perf_counter(), time.process_time()
    check_file(write_file(_run_of(transfers), transfers))
    CPU.append(time.process_time() - cpu)
    return time.perf_counter() - began


def by_tree(transfers: list[Any]) -> float:
    """Write in the same way, then validate and read a whole tree; give the seconds."""
    from lxml import etree  # noqa: PLC0415 - beside the others

    from messervices.foundations.payouts.actions.gather import Unpacked, write_file  # noqa: PLC0415 - after setup
    from messervices.foundations.payouts.providers import pain  # noqa: PLC0415 - as above

    began = time.perf_counter()
    raw = b"".join(Unpacked(write_file(_run_of(transfers), transfers).packed))
    tree = etree.parse(io.BytesIO(raw), etree.XMLParser(huge_tree=True))
    assert pain._schema().validate(tree)  # noqa: S101, SLF001 - the same schema, another way
    total = sum(int(one.text.replace(".", "")) for one in tree.iter(f"{{{pain.NAMESPACE}}}InstdAmt"))
    assert total == len(transfers) * 105_00  # noqa: S101 - anything else measures nothing
    return time.perf_counter() - began


def fill(count: int) -> None:
    """Make that many persons with an account of long ago and a payout that is ready, and the money owed to them."""
    from django.db import transaction  # noqa: PLC0415 - after setup

    from messervices.foundations.ledger.actions import post  # noqa: PLC0415 - as above
    from messervices.foundations.payouts.providers import safe  # noqa: PLC0415 - as above

    told = AT - timedelta(days=30)
    with psycopg.connect(os.environ["BENCH_SUPERUSER_URL"], autocommit=True) as base:
        persons = [row[0] for row in base.execute(_PERSONS, (count,)).fetchall()]
        columns = (
            "id, person_id, crous_id, iban_sealed, fingerprint, country, last_four, bank, bic, holder, resembles,"
            " told_at, usable_from"
        )
        with base.cursor() as cursor, cursor.copy(f"copy payouts_bankdetails ({columns}) from stdin") as copy:
            for person_id, iban in zip(persons, _ibans(), strict=False):
                key = uuid.uuid4()
                sealed = safe.seal(iban.encode(), safe.about("payouts_bankdetails", key, "iban_sealed"))
                copy.write_row((
                    key, person_id, 0, sealed, safe.fingerprint(iban), "FR", iban[-4:], "Banque", "AGRIFRPPXXX",
                    f"Lina Banc{person_id}", True, told, told,
                ))  # fmt: skip
        base.execute(_PAYOUTS)
        base.execute("analyze students_person, payouts_bankdetails, payouts_payout")
    with transaction.atomic():
        post(
            key="bench", debit="bench:collected", credit="payouts:payable:versailles", amount_cents=count * 105_00,
            at=AT, reason="bench",
        )  # fmt: skip


def run() -> tuple[float, float, int]:
    """Gather everything, write its files; give the seconds of each, and how many files there are."""
    from messervices.foundations.payouts import actions  # noqa: PLC0415 - after setup
    from messervices.kernel.actor import Actor  # noqa: PLC0415 - as above
    from messervices.kernel.scope import acting_as  # noqa: PLC0415 - as above

    by = Actor(
        kind="agent", user_id=1, label="Banc", crous_ids=(CROUS,), rights=frozenset({"payouts:run:prepare"})
    )  # fmt: skip
    with acting_as(by.scope):
        began = time.perf_counter()
        gathered = actions.gather_run(crous_id=CROUS, by=by, now=AT)
        gathering = time.perf_counter() - began
        assert gathered is not None  # noqa: S101 - anything else measures nothing
        began = time.perf_counter()
        written = actions.write_files(run_id=gathered.pk, now=AT)
        writing = time.perf_counter() - began
        return gathering, writing, written.files.count()


if __name__ == "__main__":
    main()
