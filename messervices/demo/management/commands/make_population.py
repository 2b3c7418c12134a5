"""Make a country's worth of students, with their payments, certificates and books, for benchmarks and rehearsals.

Rows are drawn in Python by the rooms' own rules (numbers, frozen contents), brought in by COPY to a temporary table,
and laid out by ``insert … select``: COPY itself is refused on isolated tables. What is made keeps every invariant. It
leaves out what would only repeat itself: deeds, files of papers, and the seven facts of each identity.
"""

import json
import multiprocessing
import random
from argparse import ArgumentParser
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import connection, transaction
from rich.progress import track

from messervices.foundations.crous.models import Commune, Crous
from messervices.foundations.documents import rules as papers
from messervices.foundations.students.rules import ALPHABET_23
from messervices.kernel.academic_year import AcademicYear
from messervices.kernel.money import Cents
from messervices.kernel.scope import EVERY, Scope, acting_as
from messervices.kernel.text import search_key
from messervices.services.cvec import rules as cvec

BATCH = 5_000
YEAR = AcademicYear(2026)
AMOUNT = Cents(105_00)
FIRST_DAY = datetime(2026, 6, 1, 8, 0, tzinfo=UTC)
_FIRST = (
    "Lina", "Jules", "Aïcha", "Noé", "Inês", "Yann", "Zoé", "Chidi", "Maï", "Élie", "Salomé", "Omar", "Jeanne", "Gaël",
    "Nour", "Paul", "Awa", "Rémi", "Léa", "Tomás",
)  # fmt: skip
_LAST = (
    "Martin", "Bernard", "Okafor", "Nguyễn", "Le-Goff", "d’Almeida", "Benali", "Petit", "Kowalski", "Roux", "Diallo",
    "Fontaine", "Moreau", "García", "Lefèvre", "Traoré", "Schmitt", "Haddad", "Ó-Néill", "Dubois", "Ferreira", "Yılmaz",
)  # fmt: skip
_SYLLABLES = (
    "ba", "cor", "dan", "el", "fou", "gri", "ho", "lan", "mar", "ni", "pel", "quin", "ra", "sou", "tan", "ver", "win",
    "yo", "zel", "bru", "cha", "del",
)  # fmt: skip
_SEQUENCES = {
    "person_id": "students_person",
    "order_id": "payments_order",
    "attempt_id": "payments_attempt",
    "event_id": "payments_outsideevent",
    "document_id": "documents_document",
    "acquittement_id": "cvec_acquittement",
}
_RAW = """
    create temporary table raw (
        i int, state text, birth_name text, first_names text, birth_on date, commune text, crous int, civility text,
        ine text, key text, at timestamptz, bank_ref text, number text, contents text, sha256 bytea
    ) on commit drop
"""

_LAYOUT = """
insert into students_person (id, uuid, crous_ids, birth_name, usual_name, first_names, birth_on, birth_commune,
    birth_place, birth_country, civility, nationality, ine, ine_status, search_key, usual_key, created_at)
select {person_id} + i, gen_random_uuid(), array[case when state = 'none' then 0 else crous end], birth_name, '',
    first_names, birth_on, commune, '', 'FR', civility, 'FR', ine, 'declared', key, '', at from raw;

insert into accounts_user (password, email, kind, language, label, person_id, crous_ids, rights, national, is_active,
    created_at)
select '!population', 'population-' || lpad(({start} + i)::text, 9, '0') || '@etudiant.example', 'student', 'fr',
    split_part(first_names, ' ', 1) || ' ' || birth_name, {person_id} + i, '{{}}', '{{}}', false, true, at from raw;

insert into students_identifier (scheme, value, status, source, known_at, person_id)
select 'bea', ine, 'declared', 'student', at, {person_id} + i from raw;

insert into payments_order (id, uuid, number, kind, reference, amount_cents, captured_cents, credit_account, label,
    return_path, status, created_at, paid_at, crous_id, person_id)
select {order_id} + i, gen_random_uuid(), 'Z' || ({start} + i), 'cvec', ({acquittement_id} + i)::text, {amount},
    {amount}, {account}, 'CVEC {year}', '/cvec/{year}/attestation', 'paid', at, at, crous, {person_id} + i
from raw where state = 'paid';

insert into payments_attempt (id, person_id, crous_id, rail, rank, number, bank_ref, begun_on, amount_cents, language,
    status, detail, begun_at, ended_at, asked, order_id)
select {attempt_id} + i, {person_id} + i, crous, 'lyra', 1, 'Z' || ({start} + i) || '-1', bank_ref, at::date, {amount},
    'fr', 'captured', '', at, at, 0, {order_id} + i
from raw where state = 'paid';

insert into payments_outsideevent (id, rail, kind, raw, sha256, verdict, facts, status, effect, received_at, read_at,
    person_id, crous_id, reason, attempt_id)
select {event_id} + i, 'lyra', 'notice', convert_to(tx, 'UTF8'), sha256(convert_to(tx, 'UTF8')), 'good', '{{}}', 'done',
    'captured', at, at, {person_id} + i, crous, '', {attempt_id} + i
from raw, concat('population-', {start} + i) as tx where state = 'paid';

insert into payments_capture (person_id, crous_id, rail, rail_tx_id, amount_cents, surplus, taken_at, booked_at,
    attempt_id, order_id, event_id)
select {person_id} + i, crous, 'lyra', concat('population-', {start} + i), {amount}, false, at, at, {attempt_id} + i,
    {order_id} + i, {event_id} + i
from raw where state = 'paid';

insert into ledger_transfer (key, amount_cents, at, reason, credit_id, debit_id)
select concat('capture:lyra:population-', {start} + i), {amount}, at, 'CVEC {year}', a.id,
    (select id from ledger_account where path = 'psp:lyra:receivable')
from raw join ledger_account a on a.path = {account} where state = 'paid';

insert into documents_document (id, uuid, kind, number, year_start, contents, contents_sha256, template, issued_at,
    cancel_reason, crous_id, person_id)
select {document_id} + i, gen_random_uuid(), 'cvec.attestation', number, {year_start}, contents::jsonb, sha256,
    'cvec/attestation.typ', at, '', crous, {person_id} + i
from raw where state <> 'none';

insert into cvec_acquittement (id, year_start, status, amount_cents, motive, opened_at, settled_at, commune_id,
    crous_id, document_id, order_id, person_id)
select {acquittement_id} + i, {year_start}, state, case state when 'paid' then {amount} else 0 end,
    case state when 'paid' then '' else 'BCS' end, at, at, commune, crous, {document_id} + i,
    case state when 'paid' then {order_id} + i end, {person_id} + i
from raw where state <> 'none';

insert into students_fact (kind, year_start, value, source, certainty, known_at, reason, person_id)
select 'cvec_acquittee', {year_start}, jsonb_build_object('number', number), 'cvec', 'verified', at, '', {person_id} + i
from raw where state <> 'none'
union all
select 'boursier', {year_start}, 'true', 'scholarships', 'verified', at - interval '1 day', '', {person_id} + i
from raw where state = 'exempt';

insert into notifications_message (mail_status, mail_attempts, crous_id, kind, params, link, created_at, sent_at,
    document_id, person_id)
select 'sent', 1, crous, 'cvec.certificate',
    jsonb_build_object('year', '{year}', 'number', number, 'exempt', state = 'exempt'), '/cvec/{year}/attestation', at,
    at, {document_id} + i, {person_id} + i
from raw where state <> 'none';
"""
"""How a batch is laid out over the tables, in the order of their keys. ``{person_id}`` is the first of its numbers."""


class Command(BaseCommand):
    """``make_population --students 2500000``: adds that many; run again, it adds more."""

    help = "Make students with certificates, for benchmarks. Never on a platform that serves people."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """How many, and by how many processes."""
        parser.add_argument("--students", type=int, required=True)
        parser.add_argument("--jobs", type=int, default=multiprocessing.cpu_count())

    def handle(self, *_args: Any, **options: Any) -> None:
        """Share the batches out; each is one transaction, so that a stop loses one batch at most."""
        first = next_serial()
        open_accounts()
        wanted = options["students"]
        batches = [(start, min(BATCH, first + wanted - start)) for start in range(first, first + wanted, BATCH)]
        connection.close()
        connection.close_pool()
        with multiprocessing.get_context("fork").Pool(options["jobs"]) as pool:
            done = pool.imap_unordered(make_batch, batches)
            for _ in track(done, total=len(batches), description="Students"):
                pass
        self.stdout.write(f"{wanted} students added.")


def next_serial() -> int:
    """The serial of the first student to make: one more than the last that a former run made."""
    with connection.cursor() as cursor:
        cursor.execute("select max(email) from accounts_user where email ^@ 'population-'")
        last = cursor.fetchone()[0]
    return int(last.removeprefix("population-").split("@")[0]) + 1 if last else 0


def open_accounts() -> None:
    """Open the ledger's accounts beforehand, so that the batches need not race for them."""
    with transaction.atomic(), connection.cursor() as cursor:
        paths = ["psp:lyra:receivable", *(cvec.collected_account(YEAR, office.slug) for office in offices().values())]
        cursor.execute("insert into ledger_account (path) select unnest(%s::text[]) on conflict do nothing", (paths,))


def make_batch(batch: tuple[int, int]) -> int:
    """Make one batch of students in one transaction; gives how many."""
    start, count = batch
    offices(), large_cities()  # read before the copy begins: its connection serves nothing else meanwhile
    with transaction.atomic(), connection.cursor() as cursor:
        bases = {name: reserve(cursor, table, count) for name, table in _SEQUENCES.items()}
    with acting_as(Scope("make_population", crous=EVERY)), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("set local statement_timeout = 0; set local synchronous_commit = off")
        cursor.execute(_RAW)
        with cursor.copy("copy raw from stdin") as copy:
            for row in drawn(start, count, bases["acquittement_id"]):
                copy.write_row(row)
        cases = " ".join(f"when {o.pk} then '{cvec.collected_account(YEAR, o.slug)}'" for o in offices().values())
        account = f"case crous {cases} end"
        cursor.execute(
            _LAYOUT.format(start=start, account=account, amount=AMOUNT, year=YEAR, year_start=YEAR.start, **bases)
        )
    return count


def reserve(cursor: Any, table: str, count: int) -> int:
    """Take ``count`` numbers of a table's sequence that follow each other, and give the first.

    Raises ``RuntimeError`` when somebody else drew from it meanwhile: this is not for a platform that serves people.
    """
    cursor.execute("select pg_advisory_xact_lock(hashtext(%s))", (table,))
    cursor.execute(
        "select min(drawn), max(drawn) from (select nextval(pg_get_serial_sequence(%s, 'id')) as drawn"
        " from generate_series(1, %s)) as numbers",
        (table, count),
    )
    first, last = cursor.fetchone()
    if last - first != count - 1:
        raise RuntimeError(f"somebody else writes to {table}")
    return int(first)


@cache
def offices() -> dict[int, Crous]:
    """Every Crous by its number."""
    return {office.pk: office for office in Crous.objects.all()}


@cache
def large_cities() -> list[tuple[str, str, int, int]]:
    """Code, name, population and Crous of the 400 largest communes."""
    followed = Commune.objects.filter(departement__crous__isnull=False, kind="").order_by("-population")
    return list(followed.values_list("code", "name", "population", "departement__crous_id")[:400])


def drawn(start: int, count: int, first_acquittement: int) -> Iterator[tuple[Any, ...]]:
    """Draw the students of a batch: the same serial always gives the same student."""
    crous, cities = offices(), large_cities()
    draw = random.Random(start)  # noqa: S311 - made-up people
    places = draw.choices(cities, weights=[city[2] or 1 for city in cities], k=count)
    for i, (code, place, _population, crous_id) in enumerate(places):
        serial = start + i
        state = draw.choices(("paid", "exempt", "none"), (58, 30, 12))[0]
        last = (
            f"{draw.choice(_LAST)}-{draw.choice(_SYLLABLES).title()}{draw.choice(_SYLLABLES)}{draw.choice(_SYLLABLES)}"
        )
        first = f"{draw.choice(_FIRST)} {draw.choice(_FIRST)}"
        digits = f"{3_000_000_000 + serial:010d}"
        holder = cvec.Holder(
            civility=draw.choice("FM"), birth_name=last, usual_name="", first_names=first,
            birth_on=date(2003, 1, 1) + timedelta(days=draw.randrange(2_000)), birth_commune=code, birth_place=place,
            birth_country="FR", ine=digits + ALPHABET_23[int(digits) % 23],
        )  # fmt: skip
        at = FIRST_DAY + timedelta(seconds=draw.randrange(150 * 86_400))
        number, contents = certificate(holder, crous[crous_id], first_acquittement + i, state, at)
        yield (
            i, state, last, first, holder.birth_on, code, crous_id, holder.civility, holder.ine,
            search_key(f"{last} {first}"), at, base36(serial), number, json.dumps(contents, ensure_ascii=False),
            papers.contents_hash(contents),
        )  # fmt: skip


def certificate(
    holder: cvec.Holder, office: Crous, acquittement_id: int, state: str, at: datetime
) -> tuple[str, dict[str, object]]:
    """Give the number and the frozen contents of a certificate, by the rules that the service uses."""
    if state == "none":
        return "", {}
    number = papers.number(office.prefix, YEAR.start, acquittement_id, settings.DOCUMENT_NUMBER_KEY)
    key = cvec.scan_key(number, settings.DOCUMENT_NUMBER_KEY)
    motives = {"fr": "Boursier", "en": "Scholarship holder"} if state == "exempt" else {}
    contents = cvec.certificate_contents(
        holder=holder, country="France", number=number, year=YEAR, crous=office.name, ground_on=at.date(),
        amount_cents=Cents(0) if motives else AMOUNT, motives=motives,
        verify_url=f"{settings.SITE_URL}/cvec/verify/{number}?k={key}",
    )  # fmt: skip
    return number, contents


def base36(serial: int) -> str:
    """Write a serial in six signs, as the bank wants its references."""
    signs = "0123456789abcdefghijklmnopqrstuvwxyz"
    written = ""
    for _ in range(6):
        serial, rest = divmod(serial, 36)
        written = signs[rest] + written
    return written
