"""A statement of 100,000 entries: checked against ISO's schema, written, matched, posted. ``--entries``: another size.

Before it, 100,000 card payments stand in the base, each in a settlement of its own: each is matched to its capture, and
each entry of the statement is the credit of one. Nothing may be left over. Beside it, in turn, the same statement is
parsed alone: whole in memory as one would without a stream, and as the platform does.
"""

import argparse
import io
import os
import resource
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import psycopg

from bank import letters
from bank.letters import Booking, Deal
from bench.ground import ground, say, turns

CROUS, DAY = 26, date(2026, 8, 24)
AT = datetime(2026, 8, 24, 21, 0, tzinfo=UTC)
NOW = datetime(2026, 8, 25, 6, 0, tzinfo=UTC)
CENTS, FEE = 105_00, 37
IBAN = "FR7619999000010000000002643"

_PERSON = """
insert into students_person (uuid, crous_ids, birth_name, usual_name, first_names, birth_on, birth_commune, birth_place,
    birth_country, civility, nationality, ine, ine_status, search_key, usual_key, created_at)
values (gen_random_uuid(), '{26}', 'Banc', '', 'Lina', '2006-01-01', '78646', 'Versailles', 'FR', 'F', 'FR',
    '000000001AB', 'declared', 'banc lina', '', now()) returning id
"""
_ORDERS = """
insert into payments_order (uuid, number, kind, reference, person_id, crous_id, amount_cents, captured_cents,
    credit_account, label, return_path, status, created_at, paid_at)
select gen_random_uuid(), 'B' || lpad(n::text, 9, '0'), 'bench', n::text, %(person)s, 26, 10500, 10500,
    'bench:collected', 'CVEC', '/', 'paid', %(at)s, %(at)s from generate_series(1, %(count)s) n;
insert into payments_attempt (order_id, person_id, crous_id, rail, rank, number, bank_ref, begun_on, amount_cents,
    language, status, detail, begun_at, ended_at, asked)
select id, person_id, 26, 'lyra', 1, number || '-1', lpad((id %% 1000000)::text, 6, '0'),
    date '2000-01-01' + (id / 1000000)::int, 10500, 'fr', 'captured', '', %(at)s, %(at)s, 0
from payments_order;
insert into payments_outsideevent (rail, kind, raw, sha256, verdict, facts, status, effect, received_at, read_at,
    attempt_id, person_id, crous_id, reason)
select 'lyra', 'notice', number::bytea, sha256(number::bytea), 'good', '{}', 'done', 'captured', %(at)s, %(at)s, id,
    person_id, 26, '' from payments_attempt;
insert into payments_capture (order_id, attempt_id, event_id, person_id, crous_id, rail, rail_tx_id, amount_cents,
    surplus, taken_at, booked_at)
select a.order_id, a.id, e.id, a.person_id, 26, 'lyra', 'tx' || a.number, 10500, false, %(at)s, %(at)s
from payments_attempt a join payments_outsideevent e on e.attempt_id = a.id;
"""
_SETTLEMENTS = """
insert into treasury_file (uuid, crous_id, kind, version, name, sha256, size, status, fault, fault_line, lines,
    lines_done, received_at, progress_at, by_label)
values (gen_random_uuid(), 26, 'settlement', 'neutral', 'banc.csv', sha256('banc'), 1, 'done', '', 0, %(count)s,
    %(count)s, %(at)s, %(at)s, '');
insert into treasury_settlement (file_id, crous_id, contract_id, rail, contract_number, reference, day, credit_on,
    lines, gross_cents, fees_cents, net_cents, fees_expected_cents, postings, loaded_at)
select (select max(id) from treasury_file), 26, %(contract)s, 'lyra', '2000026', 'R' || lpad(n::text, 9, '0'),
    %(day)s, %(day)s, 1, 10500, 37, 10463, 37, 0, %(at)s from generate_series(1, %(count)s) n;
insert into treasury_settlementline (settlement_id, crous_id, rail, number, kind, tx_id, attempt, day, amount_cents,
    fee_cents, currency, off_day)
select id, 26, 'lyra', 1, 'payment', 'txB' || substr(reference, 2) || '-1', '', %(day)s, 10500, 37, 'EUR', false
from treasury_settlement;
"""


def main() -> None:
    """Measure, print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--entries", type=int, default=100_000)
    count = parser.parse_args().entries
    content = b"".join(letters.statement(iban=IBAN, number="BANC", day=DAY, opening=0, bookings=list(_bookings(count))))
    print(f"  a statement of {count:,} entries, {len(content) / 1e6:.0f} MB")
    with ground(max_wal_size="4GB", checkpoint_timeout="15min"):
        fill(count)
        before = _memory()
        lines, reading, matching = run(content, count)
        grown = _memory() - before
        parsed = turns({"stream": lambda: by_stream(content), "tree": lambda: by_tree(content)}, rounds=3)
    say("treasury.lines", lines, ratio=lines / 60, goal="told", unit="s to match and post as many payments before")
    say("treasury.parse", parsed["stream"], ratio=parsed["stream"] / parsed["tree"], goal="told", unit="s to validate")
    say("treasury.memory", grown, ratio=grown / 100, goal="<=100", unit="MB more while reading and matching")
    print(f"  read (looked through, then written) in {reading:.1f} s, matched and posted in {matching:.1f} s")
    whole = reading + matching
    say("treasury", whole, ratio=whole / parsed["tree"], goal="<=120", unit="s to read and match")


def _bookings(count: int) -> Iterator[Booking]:
    for n in range(1, count + 1):
        ref, net = f"R{n:09d}", CENTS - FEE
        yield Booking(net, DAY, f"B{n:09d}", deals=(Deal(net, end_to_end=ref, text=f"REMISE CB {ref}"),))


def _memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def by_stream(content: bytes) -> float:
    """Validate and read, as the platform does; give the seconds."""
    from messervices.foundations.treasury.providers import camt  # noqa: PLC0415 - after setup

    began = time.perf_counter()
    for _piece in camt.read(io.BytesIO(content), camt.version_of(content[:4096]), check=True):
        pass
    return time.perf_counter() - began


def by_tree(content: bytes) -> float:
    """Validate a whole tree, and read its amounts; give the seconds."""
    from lxml import etree  # noqa: PLC0415 - beside the other

    from messervices.foundations.treasury.providers import camt  # noqa: PLC0415 - after setup

    began = time.perf_counter()
    tree = etree.parse(io.BytesIO(content), etree.XMLParser(huge_tree=True))
    assert camt._schema(camt.version_of(content[:4096])).validate(tree)  # noqa: S101, SLF001 - the same schema, another way
    sum(int((one.text or "").replace(".", "")) for one in tree.iter("{*}Amt"))
    return time.perf_counter() - began


def fill(count: int) -> None:
    """Make an account, a contract, as many paid orders, and as many settlements of one payment each."""
    from django.db import transaction  # noqa: PLC0415 - after setup

    from messervices.foundations.ledger.actions import post  # noqa: PLC0415 - as above
    from messervices.foundations.treasury.models import BankAccount, Contract  # noqa: PLC0415 - as above
    from messervices.kernel.scope import EVERY, Scope, acting_as  # noqa: PLC0415 - as above

    with acting_as(Scope("bench", crous=EVERY)):
        account = BankAccount.objects.create(
            crous_id=CROUS, iban=IBAN, label="Banc", source="Banc", opened_on=DAY, set_at=AT
        )
        contract = Contract.objects.create(
            crous_id=CROUS, account=account, rail="lyra", number="2000026", rate=350, source="Banc", set_at=AT
        )
        with transaction.atomic():
            given: dict[str, Any] = {"credit": "bench:collected", "at": AT, "reason": "banc"}
            post(key="bench", debit="psp:lyra:receivable", amount_cents=count * CENTS, **given)
        with transaction.atomic():
            fees = {"credit": "settlement:lyra:versailles", "at": AT, "reason": "banc"}
            post(key="bench:fees", debit="fees:lyra:versailles", amount_cents=count * FEE, **fees)
    with psycopg.connect(
        os.environ["BENCH_SUPERUSER_URL"], autocommit=True, cursor_factory=psycopg.ClientCursor
    ) as base:
        person = base.execute(_PERSON).fetchone()
        told = {"count": count, "at": AT, "day": DAY, "contract": contract.pk, "person": person[0] if person else 0}
        base.execute(_ORDERS, told)
        base.execute(_SETTLEMENTS, told)
        base.execute("analyze")


def run(content: bytes, count: int) -> tuple[float, float, float]:
    """Match the payments, then read and match the statement; give the seconds of each."""
    from messervices.foundations.treasury import actions  # noqa: PLC0415 - after setup
    from messervices.foundations.treasury.states import IMPORT  # noqa: PLC0415 - as above
    from messervices.kernel.actor import Actor  # noqa: PLC0415 - as above
    from messervices.kernel.scope import acting_as  # noqa: PLC0415 - as above

    by = Actor("agent", 1, "Banc", crous_ids=(CROUS,), rights=frozenset({IMPORT}))
    with acting_as(by.scope):
        began = time.perf_counter()
        actions.match(crous_id=CROUS, now=NOW)
        lines = time.perf_counter() - began
        began = time.perf_counter()
        kept = actions.keep_file(by=by, crous_id=CROUS, name="banc.xml", source=io.BytesIO(content), now=NOW)
        status = actions.read_file(file_id=kept.pk, now=NOW)
        assert status == "done", status  # noqa: S101 - anything else measures nothing
        reading = time.perf_counter() - began
        began = time.perf_counter()
        left = actions.match(crous_id=CROUS, now=NOW)
        matching = time.perf_counter() - began
        from messervices.foundations.treasury.models import Entry  # noqa: PLC0415 - as above

        assert left == 0, left  # noqa: S101 - as above
        assert Entry.objects.filter(posted_at=None).count() == 0  # noqa: S101 - as above
        assert Entry.objects.count() == count  # noqa: S101 - as above
        return lines, reading, matching


if __name__ == "__main__":
    main()
