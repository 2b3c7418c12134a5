"""Reading a file: whole and without writing anything first, then its lines in batches, then the books.

A file that is wrong anywhere is refused whole. One that is good is written by batches that each commit with the count
of what is done, so that a reading cut anywhere goes on from there; nothing is matched or counted before the last one.
"""

import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

from django.db import IntegrityError

from messervices.foundations.audit.actions import record
from messervices.foundations.treasury.actions.load import finish, write_batch
from messervices.foundations.treasury.models import BankAccount, Chunk, Contract, File, Settlement, Statement
from messervices.foundations.treasury.providers import camt, lyra_report, settlement
from messervices.foundations.treasury.providers.lines import (
    Faulty,
    Piece,
    SettlementHead,
    StatementEnd,
    StatementHead,
)
from messervices.foundations.treasury.states import FILE_STEPS, Fault, FileKind, FileStatus
from messervices.kernel import crash
from messervices.kernel.action import action
from messervices.kernel.actor import Actor

BATCH = 5000


class Kept(io.RawIOBase):
    """The bytes of a file as they are kept, read piece by piece."""

    def __init__(self, file_id: int) -> None:
        """Begin at the first piece."""
        super().__init__()
        self.file_id, self.place, self.left = file_id, 0, b""

    def readable(self) -> bool:
        """It is made for that."""
        return True

    def readinto(self, buffer: object) -> int:
        """Fill a buffer, from one piece at most."""
        if not self.left:
            chunk = (
                Chunk.objects.filter(file_id=self.file_id, place=self.place).values_list("packed", flat=True).first()
            )
            if chunk is None:
                return 0
            self.left, self.place = zlib.decompress(bytes(chunk)), self.place + 1
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]  # what RawIOBase hands over is a buffer
        size = min(len(view), len(self.left))
        view[:size], self.left = self.left[:size], self.left[size:]
        return size


def pieces_of(file: File, *, check: bool) -> Iterator[Piece]:
    """Read a kept file with the reader of its format. Raises ``Faulty``."""
    source = io.BufferedReader(Kept(file.pk), buffer_size=256 * 1024)
    if file.kind == FileKind.SETTLEMENT:
        return lyra_report.read(source) if file.version == "lyra" else settlement.read(source)
    return camt.read(source, file.version, check=check)


@dataclass
class Plan:
    """What a file holds, without its lines."""

    heads: list[StatementHead | SettlementHead] = field(default_factory=list)
    ends: list[StatementEnd] = field(default_factory=list)
    lines: int = 0


def read_file(*, file_id: int, now: datetime) -> str:
    """Read a file to its end; gives its status. Run twice, or by two at once, it is read once.

    Not an action: each step commits. Cut anywhere, the next call goes on from there.
    """
    file = File.objects.get(pk=file_id)
    if file.status == FileStatus.KEPT:
        try:
            plan = _looked_through(file)
            crash.point("treasury.after_check")
            _accept(file_id=file_id, plan=plan, now=now)
        except Faulty as faulty:
            return _refuse(file_id=file_id, code=faulty.code, line=faulty.line, now=now)
        except IntegrityError:
            return _refuse(file_id=file_id, code=Fault.ALREADY, line=0, now=now)
        crash.point("treasury.after_accept")
        file.refresh_from_db()
    if file.status == FileStatus.LOADING:
        _write_lines(file, now)
        crash.point("treasury.before_finish")
        finish(file_id=file_id, now=now)
        crash.point("treasury.after_finish")
        file.refresh_from_db()
    return str(file.status)


def _looked_through(file: File) -> Plan:
    """Read the whole file without writing anything. Raises ``Faulty`` at the first thing that is wrong."""
    plan = Plan()
    ibans = set(BankAccount.objects.filter(crous_id=file.crous_id).values_list("iban", flat=True))
    contracts = set(Contract.objects.filter(crous_id=file.crous_id, superseded_at=None).values_list("rail", "number"))
    for piece in pieces_of(file, check=True):
        if isinstance(piece, StatementHead):
            if piece.iban not in ibans:
                raise Faulty(Fault.ACCOUNT)
            plan.heads.append(piece)
        elif isinstance(piece, SettlementHead):
            if (piece.rail, piece.contract) not in contracts:
                raise Faulty(Fault.CONTRACT)
            if piece.currency != "EUR":
                raise Faulty(Fault.CURRENCY)
            plan.heads.append(piece)
        elif isinstance(piece, StatementEnd):
            plan.ends.append(piece)
        else:
            plan.lines += 1
    if not plan.heads:
        raise Faulty(Fault.SHAPE)
    return plan


@action
def _accept(*, file_id: int, plan: Plan, now: datetime) -> None:
    """Write what the file is made of, and how many lines are to come. ``IntegrityError``: some of it is known."""
    file = File.objects.select_for_update().get(pk=file_id)
    if file.status != FileStatus.KEPT:
        return
    accounts = dict(BankAccount.objects.filter(crous_id=file.crous_id).values_list("iban", "pk"))
    contracts = {
        (one.rail, one.number): one.pk for one in Contract.objects.filter(crous_id=file.crous_id, superseded_at=None)
    }
    for place, head in enumerate(plan.heads):
        if isinstance(head, SettlementHead):
            Settlement.objects.create(
                file=file, crous_id=file.crous_id, contract_id=contracts[head.rail, head.contract], rail=head.rail,
                contract_number=head.contract, reference=head.reference, day=head.day, credit_on=head.credit_on,
                lines=head.lines, gross_cents=head.gross_cents, fees_cents=head.fees_cents, net_cents=head.net_cents,
            )  # fmt: skip
        else:
            end = plan.ends[place]
            Statement.objects.create(
                file=file, crous_id=file.crous_id, account_id=accounts[head.iban],
                notice=file.kind == FileKind.NOTICE, number=head.number, sequence=head.sequence, day=head.day,
                opening_cents=head.opening_cents, closing_cents=head.closing_cents, entries=end.entries,
                credits_cents=end.credits_cents, debits_cents=end.debits_cents,
            )  # fmt: skip
    file.status = FILE_STEPS.target("accept", file.status)
    file.lines, file.progress_at = plan.lines, now
    file.save(update_fields=["status", "lines", "progress_at"])


@action
def _refuse(*, file_id: int, code: str, line: int, now: datetime) -> str:
    """Refuse a file whole, with the reason; what it held stays kept, and nothing of it is anywhere else."""
    file = File.objects.select_for_update().get(pk=file_id)
    if file.status != FileStatus.KEPT:
        return str(file.status)
    file.status = FILE_STEPS.target("refuse", file.status)
    file.fault, file.fault_line, file.ended_at = code, line, now
    file.save(update_fields=["status", "fault", "fault_line", "ended_at"])
    record(
        by=Actor.system("treasury"), verb="treasury.refuse_file", subject=f"treasury.file:{file.pk}",
        crous_id=file.crous_id, reason=code, details={"line": line}, now=now,
    )  # fmt: skip
    return str(file.status)


def _write_lines(file: File, now: datetime) -> None:
    """Write the lines that are not written yet, a batch a transaction."""
    done = file.lines_done
    rows = _placed(file)
    next(islice(rows, done, done), None)
    while batch := list(islice(rows, BATCH)):
        done = write_batch(file_id=file.pk, done=done, rows=batch, now=now)
        crash.point("treasury.after_batch")


def _placed(file: File) -> Iterator[tuple[int, Piece]]:
    """Give each line with the number of the statement or settlement it belongs to."""
    table = Settlement if file.kind == FileKind.SETTLEMENT else Statement
    owners = list(table.objects.filter(file=file).order_by("pk").values_list("pk", flat=True))
    place = -1
    for piece in pieces_of(file, check=False):
        if isinstance(piece, StatementHead | SettlementHead):
            place += 1
        elif not isinstance(piece, StatementEnd):
            yield owners[place], piece
