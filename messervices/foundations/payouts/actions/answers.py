"""What the bank answers is kept as it came, then read: nothing is lost, twice is once, any order will do."""

import hashlib
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice

from django.db.models import Max
from django.utils.translation import gettext as _

from messervices.foundations.audit.actions import record
from messervices.foundations.ledger.actions import post
from messervices.foundations.payouts import rules
from messervices.foundations.payouts.actions.send import note_sent
from messervices.foundations.payouts.actions.weigh import EVERYWHERE
from messervices.foundations.payouts.models import BankAnswer, Line, Run, RunFile
from messervices.foundations.payouts.providers import bank, safe, status
from messervices.foundations.payouts.providers.status import Group, Said
from messervices.foundations.payouts.selectors import payable_account, transit_account
from messervices.foundations.payouts.states import (
    ANSWER_STEPS,
    PREPARE,
    RUN_STEPS,
    AnswerStatus,
    Carrier,
    Ending,
    RunStatus,
)
from messervices.kernel import crash, jobs
from messervices.kernel.action import action, inside_action
from messervices.kernel.actor import Actor
from messervices.kernel.errors import Refusal
from messervices.kernel.scope import acting_as

BIGGEST = 64 * 1024 * 1024
_A_TIME = 500
_READER = Actor.system("bank")


def fetch_answers(*, now: datetime) -> int:
    """Ask the bank for what it has ready, keep it; give how many were new. Raises ``ProviderUnavailable``."""
    with acting_as(EVERYWHERE):
        last = BankAnswer.objects.aggregate(last=Max("bank_number"))["last"] or 0
    found = bank.answers_after(last)
    return sum(receive_answer(raw=raw, now=now, bank_number=number) is not None for number, raw in found)


@action
def receive_answer(*, raw: bytes, now: datetime, bank_number: int | None = None) -> uuid.UUID | None:
    """Keep an answer of the bank before anything is done with it, and have it read. ``None``: it was known."""
    return keep(raw=raw, now=now, bank_number=bank_number)


@action
def hand_in_answer(*, raw: bytes, by: Actor, now: datetime) -> uuid.UUID | None:
    """An agent hands in an answer that they fetched from the bank. Raises ``Refusal``: ``not_allowed``, ``too_big``."""
    if not by.may(PREPARE):
        raise Refusal("not_allowed", _("Vos droits ne vous permettent pas de faire cela."))
    if not raw or len(raw) > BIGGEST:
        raise Refusal("too_big", _("Ce fichier est vide, ou trop gros pour une réponse de banque."))
    return keep(raw=raw, now=now)


@inside_action
def keep(*, raw: bytes, now: datetime, bank_number: int | None = None) -> uuid.UUID | None:
    """Write the answer and the job that reads it; ``None`` when the same bytes are there already."""
    key = uuid.uuid4()
    answer = BankAnswer(
        pk=key,
        sha256=hashlib.sha256(raw).digest(),
        content_sealed=safe.seal(raw, safe.about("payouts_bankanswer", key, "content_sealed")),
        bank_number=bank_number,
        received_at=now,
    )
    with acting_as(EVERYWHERE):
        BankAnswer.objects.bulk_create([answer], ignore_conflicts=True)
        if not BankAnswer.objects.filter(pk=key).exists():
            return None
    jobs.enqueue("foundations.payouts.tasks.read_answer", answer_id=str(key))
    crash.point("payouts.before_kept")
    return key


def read_answer(*, answer_id: str, now: datetime) -> str:
    """Read an answer; give its status. Not an action: a large one is read part by part, each in a transaction.

    Killed on the way, it is read again from its beginning: what is known of a line is dated once.
    """
    with acting_as(EVERYWHERE):
        answer = BankAnswer.objects.get(pk=answer_id)
        if answer.status != AnswerStatus.NEW:
            return str(answer.status)
        raw = safe.unseal(answer.content_sealed, safe.about("payouts_bankanswer", answer.pk, "content_sealed"))
        try:
            # Read through once before anything is believed: a file cut at its end moves nothing.
            groups = [one for one in status.read(raw) if isinstance(one, Group)]
        except status.Unreadable:
            return _end(answer_id=answer_id, step="give_up", of="", file=None, tally={}, now=now)
        of = next((group.message_id for group in groups if group.message_id), "")
        file = RunFile.objects.filter(pk=of).defer("content_sealed").select_related("run").first()
        if file is None or file.run.status in {RunStatus.DRAFTED, RunStatus.SIGNED_ONCE, RunStatus.DROPPED}:
            return _end(answer_id=answer_id, step="not_ours", of=of, file=None, tally={}, now=now)
        _begin(message_id=of, now=now)
        tally: Counter[str] = Counter()
        for some in _some(one for one in status.read(raw) if isinstance(one, Said)):
            tally += _take(message_id=of, said=some, now=now)
            crash.point("payouts.between_parts")
        for group in groups:
            tally += _take_group(message_id=of, group=group, now=now)
        step = "not_ours" if tally["unknown"] else "read"
        return _end(answer_id=answer_id, step=step, of=of, file=file, tally=dict(tally), now=now)


def _some(said: Iterable[Said]) -> Iterator[list[Said]]:
    rest = iter(said)
    while part := list(islice(rest, _A_TIME)):
        yield part


@action
def _begin(*, message_id: str, now: datetime) -> None:
    """The bank speaks of a file: it has it, whatever we knew."""
    run_id = RunFile.objects.values_list("run_id", flat=True).get(pk=message_id)
    run = Run.objects.select_for_update(of=("self",)).get(pk=run_id)
    file = RunFile.objects.select_for_update(of=("self",)).defer("content_sealed").get(pk=message_id)
    if not file.refusal:
        note_sent(run, file, carrier=Carrier.BANK, receipt="", by=_READER, now=now)
    if file.answered_at is None:
        file.answered_at = now
        file.save(update_fields=["answered_at"])
    if run.status in {RunStatus.SENT, RunStatus.ANSWERED}:
        run.status = RUN_STEPS.target("answer", run.status)
        run.save(update_fields=["status"])


@action
def _take(*, message_id: str, said: list[Said], now: datetime) -> Counter[str]:
    """Date what is said of some lines."""
    lines = _lock_lines(message_id, [one.number for one in said])
    tally: Counter[str] = Counter()
    for one in said:
        line, meaning = lines.get(one.number), rules.meaning(one.status)
        if line is None:
            tally["unknown"] += 1
        elif meaning == "rejected":
            tally["rejected" if fail(line, Ending.REJECTED, one.code, now) else "repeated"] += 1
        elif meaning:
            tally[meaning if _date(line, f"{meaning}_at", now) else "repeated"] += 1
    _save(lines.values())
    return tally


def _lock_lines(message_id: str, numbers: list[str] | None) -> dict[str, Line]:
    """Lock lines of a file, in the order of their keys: two answers read at once never wait for each other."""
    lines = Line.objects.select_for_update(of=("self",)).filter(file_id=message_id, withdrawn_at=None)
    if numbers is not None:
        lines = lines.filter(number__in=numbers)
    return {line.number: line for line in lines.order_by("pk")}


def _date(line: Line, column: str, at: datetime) -> bool:
    """Date a thing known of a line, once; tell whether it is new."""
    if getattr(line, column) is not None:
        return False
    setattr(line, column, at)
    line.behind = True
    return True


_NEWS = ("accepted_at", "settled_at", "debited_at", "failed_at", "failed_how", "credited_at", "code", "behind")


@inside_action
def _save(lines: Iterable[Line]) -> None:
    Line.objects.bulk_update(lines, _NEWS, batch_size=_A_TIME)


@inside_action
def fail(line: Line, how: str, code: str, at: datetime) -> bool:
    """Write that a locked line's money will not arrive, once: it is owed again. The row is saved by whoever calls."""
    if line.failed_at is not None:
        return False
    line.failed_at, line.failed_how, line.code, line.behind = at, how, code[:4], True
    post(
        key=f"payout:{line.number}:back",
        debit=transit_account(line.crous_id),
        credit=payable_account(line.crous_id),
        amount_cents=line.amount_cents,
        at=at,
        reason=f"{how} {line.code}".strip(),
    )
    return True


@action
def _take_group(*, message_id: str, group: Group, now: datetime) -> Counter[str]:
    """Date what is said of a whole file, for the lines of which nothing else was said."""
    meaning = rules.meaning(group.status)
    tally: Counter[str] = Counter()
    if not meaning:
        return tally
    lines = _lock_lines(message_id, None)
    for line in lines.values():
        if meaning == "rejected":
            tally["rejected"] += fail(line, Ending.REJECTED, group.code, now)
        else:
            tally[meaning] += line.failed_at is None and _date(line, f"{meaning}_at", now)
    _save(lines.values())
    return tally


@action
def _end(*, answer_id: str, step: str, of: str, file: RunFile | None, tally: dict[str, int], now: datetime) -> str:
    """Write that an answer was read, what it did, and whose it is; let the payouts follow."""
    answer = BankAnswer.objects.select_for_update(of=("self",)).get(pk=answer_id)
    if answer.status == AnswerStatus.NEW:
        answer.status = ANSWER_STEPS.target(step, answer.status)
        answer.said_of, answer.file, answer.tally, answer.read_at = of[:35], file, tally, now
        answer.crous_id = file.crous_id if file else 0
        answer.save(update_fields=["status", "said_of", "file", "tally", "read_at", "crous_id"])
    if tally:
        jobs.enqueue("foundations.payouts.tasks.follow_lines")
    return str(answer.status)


@action
def close_answer(*, answer_id: str, by: Actor, reason: str, now: datetime) -> None:
    """An agent files an answer that nothing explains, with a reason. Nothing is booked by it. Raises ``Refusal``."""
    answer = BankAnswer.objects.select_for_update(of=("self",)).filter(
        pk=answer_id, crous_id__in=by.scope.crous
    ).first()  # fmt: skip
    if answer is None or not by.may(PREPARE):
        raise Refusal("not_allowed", _("Vos droits ne vous permettent pas de faire cela."))
    if not reason.strip():
        raise Refusal("reason_missing", _("Dites pourquoi vous classez cette réponse."))
    answer.status = ANSWER_STEPS.target("close", answer.status)
    answer.closed_at, answer.reason = now, reason.strip()[:500]
    answer.save(update_fields=["status", "closed_at", "reason"])
    record(
        by=by, verb="payouts.close_answer", subject=f"payouts.answer:{answer.pk}", crous_id=answer.crous_id or None,
        reason=answer.reason, now=now,
    )  # fmt: skip
