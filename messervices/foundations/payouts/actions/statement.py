"""What the bank statement says of our files and lines: called by the treasury, in the transaction of its entry."""

from datetime import datetime

from django.utils.translation import gettext as _

from messervices.foundations.ledger.actions import post
from messervices.foundations.payouts.actions.answers import fail
from messervices.foundations.payouts.actions.follow import follow
from messervices.foundations.payouts.actions.weigh import EVERYWHERE
from messervices.foundations.payouts.models import Line, RunFile
from messervices.foundations.payouts.selectors import transit_account
from messervices.foundations.payouts.states import Ending
from messervices.kernel import jobs
from messervices.kernel.action import inside_action
from messervices.kernel.errors import Refusal
from messervices.kernel.scope import acting_as


@inside_action
def note_debited(*, reference: str, amount_cents: int, bank_account: str, at: datetime, now: datetime) -> int:
    """Clear the transit account by a debit of the statement; give how many lines it paid now, 0 when it was known.

    ``reference`` is what the bank cites: a file's MsgId (it debits files in one sum) or a line's EndToEndId;
    ``bank_account`` is the ledger's path of the account, ``at`` the day of booking. A file may be debited whole, or
    without the lines that were rejected before. Raises ``Refusal``: ``unknown_reference``, ``amount_differs``.
    """
    with acting_as(EVERYWHERE):
        line = (
            Line.objects.select_for_update(of=("self",)).filter(number=reference, file__sent_at__isnull=False).first()
        )
        if line is not None:
            return _debit_line(line, amount_cents, bank_account, at, now)
        if RunFile.objects.filter(pk=reference, sent_at__isnull=False).exists():
            return _debit_file(reference, amount_cents, bank_account, at)
    raise Refusal("unknown_reference", _("Aucun de nos virements ne porte cette référence."))


def _debit_line(line: Line, amount_cents: int, bank_account: str, at: datetime, now: datetime) -> int:
    if line.amount_cents != amount_cents:
        raise _differs()
    if line.debited_at is not None:
        return 0
    line.debited_at = at
    line.save(update_fields=["debited_at"])
    _clear(f"payout:{line.number}:debited", line.crous_id, bank_account, amount_cents, at)
    follow(line, now)
    return 1


def _debit_file(message_id: str, amount_cents: int, bank_account: str, at: datetime) -> int:
    lines = list(
        Line.objects.select_for_update(of=("self",)).filter(file_id=message_id, withdrawn_at=None).order_by("pk")
    )
    if sum(line.amount_cents for line in lines if line.debited_at) == amount_cents:
        return 0  # the same entry, read again
    open_ = [line for line in lines if line.debited_at is None]
    alive = [line for line in open_ if line.failed_at is None]
    paid = next((some for some in (open_, alive) if sum(line.amount_cents for line in some) == amount_cents), None)
    if not paid:
        raise _differs()
    Line.objects.filter(pk__in=[line.pk for line in paid]).update(debited_at=at, behind=True)
    _clear(f"payout-file:{message_id}:debited:{amount_cents}", paid[0].crous_id, bank_account, amount_cents, at)
    jobs.enqueue("foundations.payouts.tasks.follow_lines")
    return len(paid)


def _clear(key: str, crous_id: int, bank_account: str, amount_cents: int, at: datetime) -> None:
    post(
        key=key, debit=transit_account(crous_id), credit=bank_account, amount_cents=amount_cents, at=at,
        reason="bank statement",
    )  # fmt: skip


def _differs() -> Refusal:
    return Refusal("amount_differs", _("Le relevé dit un autre montant que nos virements."))


@inside_action
def note_returned(
    *, end_to_end_id: str, code: str, amount_cents: int, bank_account: str, at: datetime, now: datetime
) -> bool:
    """Take back money that the statement says came back; tell whether that was new.

    The payout is owed again, and its payee asked for another account when the code says that theirs is at fault.
    ``bank_account`` is the ledger's path of the account that was credited. The bank may have told it before by a
    pain.002, or tell the return before the debit: the books end the same. Raises ``Refusal``: ``unknown_reference``,
    ``amount_differs``.
    """
    with acting_as(EVERYWHERE):
        line = Line.objects.select_for_update(of=("self",)).filter(
            number=end_to_end_id, file__sent_at__isnull=False
        ).first()  # fmt: skip
        if line is None:
            raise Refusal("unknown_reference", _("Aucun de nos virements ne porte cette référence."))
        if line.amount_cents != amount_cents:
            raise _differs()
        if line.credited_at is not None:
            return False
        line.credited_at = at
        post(
            key=f"payout:{line.number}:credited", debit=bank_account, credit=transit_account(line.crous_id),
            amount_cents=amount_cents, at=at, reason=f"return {code}"[:200],
        )  # fmt: skip
        fail(line, Ending.RETURNED, code, at)
        line.save(update_fields=["credited_at", "failed_at", "failed_how", "code", "behind"])
        follow(line, now)
    return True
