"""Files of the bank, accounts and contracts, statements and settlements as the desk lists them."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from messervices.foundations.treasury.models import (
    BankAccount,
    Contract,
    Entry,
    File,
    Settlement,
    SettlementLine,
    Statement,
)
from messervices.foundations.treasury.states import FileStatus
from messervices.kernel.actor import Actor

QUIET_FOR = timedelta(minutes=5)
"""A file of which nothing was written for that long is read by nobody any more."""


def files_of(actor: Actor, crous_id: int, limit: int = 50) -> list[File]:
    """List the files of a Crous, the latest first (one query)."""
    return list(File.objects.filter(crous_id=crous_id, crous_id__in=actor.scope.crous).order_by("-received_at")[:limit])


def file_of(actor: Actor, uuid: UUID) -> File | None:
    """Give a file of the agent's Crous."""
    return File.objects.filter(uuid=uuid, crous_id__in=actor.scope.crous).first()


def files_to_drive(now: datetime) -> list[int]:
    """Give the numbers of files whose reading stopped."""
    waiting = File.objects.filter(status__in=[FileStatus.KEPT, FileStatus.LOADING], progress_at__lt=now - QUIET_FOR)
    return list(waiting.order_by("progress_at").values_list("pk", flat=True)[:100])


def crous_followed() -> list[int]:
    """Give the Crous that have a bank account here: those whose money is followed."""
    return sorted(set(BankAccount.objects.values_list("crous_id", flat=True)))


def statements_of_file(file: File) -> list[Statement]:
    """List the statements of a file (one query)."""
    return list(Statement.objects.filter(file=file).select_related("account").order_by("pk")[:100])


def settlements_of_file(file: File) -> list[Settlement]:
    """List the settlements of a file (one query)."""
    return list(Settlement.objects.filter(file=file).order_by("pk")[:100])


def statement_of(actor: Actor, pk: int) -> Statement | None:
    """Give a statement of the agent's Crous, with its account."""
    rows = Statement.objects.filter(pk=pk, crous_id__in=actor.scope.crous, loaded_at__isnull=False)
    return rows.select_related("account").first()


def entries_of(statement: Statement, after: int, limit: int) -> list[Entry]:
    """List entries of a statement in their order, those after a place."""
    return list(Entry.objects.filter(statement=statement, number__gt=after).order_by("number")[:limit])


def settlement_of(actor: Actor, pk: int) -> Settlement | None:
    """Give a settlement of the agent's Crous, with its contract."""
    rows = Settlement.objects.filter(pk=pk, crous_id__in=actor.scope.crous, loaded_at__isnull=False)
    return rows.select_related("contract__account").first()


def lines_of(settlement: Settlement, after: int, limit: int) -> list[SettlementLine]:
    """List lines of a settlement in their order, those after a place."""
    return list(SettlementLine.objects.filter(settlement=settlement, number__gt=after).order_by("number")[:limit])


def credit_of(settlement: Settlement) -> Entry | None:
    """Give the entry of the bank that a settlement was found to be."""
    return Entry.objects.filter(match="settlement", match_id=settlement.pk).select_related("statement").first()


def accounts_of(actor: Actor, crous_id: int) -> list[BankAccount]:
    """List the bank accounts of a Crous (one query)."""
    rows = BankAccount.objects.filter(crous_id=crous_id, crous_id__in=actor.scope.crous)
    return list(rows.order_by("closed_on", "opened_on", "pk"))


def account_of(actor: Actor, pk: int) -> BankAccount | None:
    """Give an account of the agent's Crous."""
    return BankAccount.objects.filter(pk=pk, crous_id__in=actor.scope.crous).first()


def contracts_of(actor: Actor, crous_id: int) -> list[Contract]:
    """List the contracts of a Crous in force (one query)."""
    rows = Contract.objects.filter(crous_id=crous_id, crous_id__in=actor.scope.crous, superseded_at=None)
    return list(rows.select_related("account").order_by("rail", "number"))


def last_statement(crous_id: int) -> dict[str, Any]:
    """Give the day and closing balance of the last statement of each account of a Crous, by label (one query)."""
    rows = Statement.objects.filter(crous_id=crous_id, notice=False, loaded_at__isnull=False)
    rows = rows.order_by("account_id", "-day", "-sequence", "-number").distinct("account_id").select_related("account")
    return {str(row.account): row for row in rows}


def entries_between(actor: Actor, crous_id: int, first: date, last: date) -> Iterator[Entry]:
    """Give the entries of a Crous booked in a period, a thousand at a time: for an export."""
    rows = Entry.objects.filter(crous_id=crous_id, crous_id__in=actor.scope.crous, notice=False)
    rows = rows.filter(booked_on__gte=first, booked_on__lte=last, statement__loaded_at__isnull=False)
    rows = rows.select_related("statement").defer("refs", "text")
    return rows.order_by("booked_on", "statement_id", "number").iterator(chunk_size=1000)
