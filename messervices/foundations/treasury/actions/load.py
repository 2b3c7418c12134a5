"""Writing what a file holds: batches of lines, then the end of the file and its transfers, all or nothing each."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from messervices.foundations.audit.actions import record
from messervices.foundations.crous import selectors as crous
from messervices.foundations.ledger.actions import Posting, post_many
from messervices.foundations.treasury import rules
from messervices.foundations.treasury.models import File, Settlement, Statement
from messervices.foundations.treasury.providers.lines import DetailLine, EntryLine, Piece, SettlementLine
from messervices.foundations.treasury.states import FILE_STEPS, FileStatus
from messervices.kernel import crash, jobs
from messervices.kernel.action import action
from messervices.kernel.actor import Actor

_ENTRIES = (
    "statement_id", "crous_id", "account_id", "number", "notice", "amount_cents", "booked_on", "value_on", "bank_ref",
    "refs", "code", "text", "return_reason", "details", "match",
)  # fmt: skip
_DETAILS = (
    "statement_id", "crous_id", "entry_number", "number", "amount_cents", "bank_ref", "refs", "text",
    "return_reason",
)  # fmt: skip
_LINES = (
    "settlement_id", "crous_id", "rail", "number", "kind", "tx_id", "attempt", "day", "amount_cents", "fee_cents",
    "currency", "off_day",
)  # fmt: skip

_FEES_EXPECTED = """
    update treasury_settlement s set fees_expected_cents = t.expected
      from (select l.settlement_id, sum(k.fixed_cents + case
                when l.amount_cents > 0 then (2 * l.amount_cents * k.rate + %(unit)s) / (2 * %(unit)s) else 0 end)
                as expected
              from treasury_settlementline l join treasury_settlement s on s.id = l.settlement_id
              join treasury_contract k on k.id = s.contract_id
             where s.file_id = %(file)s and k.rate is not null group by l.settlement_id) t
     where t.settlement_id = s.id
"""
"""What ``rules.fee_expected`` says, for all lines at once."""


@action
def write_batch(*, file_id: int, done: int, rows: Sequence[tuple[int, Piece]], now: datetime) -> int:
    """Write a batch of lines, if ``done`` lines are written so far; gives how many are after it.

    Another worker may have written the same batch meanwhile: then nothing is written here, and both go on.
    """
    file = File.objects.select_for_update().get(pk=file_id)
    after = done + len(rows)
    if file.status != FileStatus.LOADING or file.lines_done != done:
        return after
    statements = {one.pk: one for one in Statement.objects.filter(file=file)}
    rails = dict(Settlement.objects.filter(file=file).values_list("pk", "rail"))
    entries, details, lines = [], [], []
    for owner, piece in rows:
        if isinstance(piece, EntryLine):
            entries.append(_entry(statements[owner], piece))
        elif isinstance(piece, DetailLine):
            details.append(_detail(owner, file.crous_id, piece))
        elif isinstance(piece, SettlementLine):
            lines.append(_line(owner, file.crous_id, rails[owner], piece))
    _insert("treasury_entry", _ENTRIES, entries)
    _insert("treasury_detail", _DETAILS, details)
    _insert("treasury_settlementline", _LINES, lines)
    file.lines_done, file.progress_at = after, now
    file.save(update_fields=["lines_done", "progress_at"])
    crash.point("treasury.before_batch_commit")
    return after


def _entry(of: Statement, piece: EntryLine) -> tuple[Any, ...]:
    return (
        of.pk, of.crous_id, of.account_id, piece.number, of.notice, piece.amount_cents, piece.booked_on, piece.value_on,
        piece.bank_ref, list(piece.refs), piece.code, piece.text, piece.return_reason,
        piece.details if piece.details > 1 else 0, "",
    )  # fmt: skip


def _detail(owner: int, crous_id: int, piece: DetailLine) -> tuple[Any, ...]:
    return (
        owner, crous_id, piece.entry, piece.number, piece.amount_cents, piece.bank_ref, list(piece.refs),
        piece.text, piece.return_reason,
    )  # fmt: skip


def _line(owner: int, crous_id: int, rail: str, piece: SettlementLine) -> tuple[Any, ...]:
    return (
        owner, crous_id, rail, piece.number, piece.kind, piece.tx_id, piece.attempt, piece.day, piece.amount_cents,
        piece.fee_cents, piece.currency, False,
    )  # fmt: skip


def _insert(table: str, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    """Write rows by COPY into a table of this transaction, then by one statement: COPY knows no row security."""
    if not rows:
        return
    names, incoming = ", ".join(columns), f"incoming_{table}"
    with connection.cursor() as cursor:
        cursor.execute(f"create temp table {incoming} on commit drop as select {names} from {table} with no data")  # noqa: S608 - our own tables and columns
        with cursor.copy(f"copy {incoming} ({names}) from stdin") as copy:
            for row in rows:
                copy.write_row(row)
        cursor.execute(f"insert into {table} ({names}) select {names} from {incoming}")  # noqa: S608 - as above
        cursor.execute(f"drop table {incoming}")


@action
def finish(*, file_id: int, now: datetime) -> None:
    """End a file whose lines are all written: its statements and settlements count from now on, in the books too."""
    file = File.objects.select_for_update().get(pk=file_id)
    if file.status != FileStatus.LOADING or file.lines_done != file.lines:
        return
    slug = crous.crous_of(file.crous_id).slug
    statements = list(Statement.objects.filter(file=file))
    settlements = list(Settlement.objects.filter(file=file))
    postings = [one for statement in statements if not statement.notice for one in _on_account(statement, slug)]
    postings += [one for each in settlements for one in _fees(each, slug)]
    post_many(postings, at=now)
    with connection.cursor() as cursor:
        cursor.execute(_FEES_EXPECTED, {"file": file.pk, "unit": rules.TENTHS_OF_BASIS_POINT})
    Statement.objects.filter(file=file).update(loaded_at=now)
    Settlement.objects.filter(file=file).update(loaded_at=now)
    file.status = FILE_STEPS.target("finish", file.status)
    file.ended_at = file.progress_at = now
    file.save(update_fields=["status", "ended_at", "progress_at"])
    jobs.enqueue("foundations.treasury.tasks.match", crous_id=file.crous_id)
    record(
        by=Actor.system("treasury"), verb="treasury.load_file", subject=f"treasury.file:{file.pk}",
        crous_id=file.crous_id, details={"kind": file.kind, "lines": file.lines}, now=now,
    )  # fmt: skip
    crash.point("treasury.finishing")


def _on_account(statement: Statement, slug: str) -> list[Posting]:
    """Give what a statement moves: all that came and went waits to be explained, entry by entry."""
    bank, suspense = rules.bank(slug), rules.suspense(slug)
    moved = [
        rules.movement("in", bank, suspense, statement.credits_cents),
        rules.movement("out", suspense, bank, statement.debits_cents),
    ]
    return [
        Posting(f"bank:{statement.pk}:{one.word}", one.debit, one.credit, one.amount_cents, statement.number)
        for one in moved
        if one is not None
    ]


def _fees(settlement: Settlement, slug: str) -> list[Posting]:
    """Give what the rail kept for itself."""
    moved = rules.movement(
        "fees", rules.fees(settlement.rail, slug), rules.settlement(settlement.rail, slug), settlement.fees_cents
    )
    if moved is None:
        return []
    return [Posting(f"fees:{settlement.pk}", moved.debit, moved.credit, moved.amount_cents, settlement.reference)]
