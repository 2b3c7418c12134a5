"""A released file goes to the bank, once: intent written, bank called under the file's own name, outcome written."""

from datetime import datetime

from django.db.models import Q
from django.utils.translation import gettext as _

from messervices.foundations.audit.actions import record
from messervices.foundations.ledger.actions import post
from messervices.foundations.payouts import rules
from messervices.foundations.payouts.actions.gather import withdraw_lines
from messervices.foundations.payouts.actions.sign import content_of, refuse_blocked, verify
from messervices.foundations.payouts.actions.weigh import EVERYWHERE
from messervices.foundations.payouts.models import Line, Payout, Run, RunFile
from messervices.foundations.payouts.providers import bank
from messervices.foundations.payouts.selectors import payable_account, transit_account
from messervices.foundations.payouts.states import PREPARE, RUN_STEPS, SIGN, Carrier, PayoutStatus, RunStatus
from messervices.kernel import crash
from messervices.kernel.action import action, inside_action
from messervices.kernel.actor import Actor
from messervices.kernel.errors import Refusal
from messervices.kernel.scope import acting_as

_LEFT = (RunStatus.RELEASED, RunStatus.SENT, RunStatus.ANSWERED)
_SENDER = Actor.system("payouts")


def send_files(*, run_id: int, now: datetime) -> int:
    """Send the files of a released run that did not leave yet; give how many left now. Run twice, each leaves once.

    Not an action: the network stands between its transactions. A call that was cut is made again under the same MsgId,
    and the bank knows the file. Raises ``ProviderUnavailable``: nobody knows, ask again later.
    """
    left = 0
    names = RunFile.objects.filter(run_id=run_id, sent_at=None, refusal="").order_by("rank")
    for message_id in list(names.values_list("message_id", flat=True)):
        content = _intend(message_id=message_id, now=now)
        if content is None:
            continue
        crash.point("payouts.before_call")
        try:
            receipt = bank.send(message_id, content)
        except bank.RefusedByBank as refused:
            _note_refused(message_id=message_id, code=str(refused), now=now)
            continue
        crash.point("payouts.after_call")
        _note_sent(message_id=message_id, receipt=receipt, now=now)
        left += 1
    return left


def _locked(message_id: str) -> tuple[Run, RunFile]:
    """Lock the run, then the file."""
    run_id = RunFile.objects.values_list("run_id", flat=True).get(pk=message_id)
    run = Run.objects.select_for_update(of=("self",)).get(pk=run_id)
    return run, RunFile.objects.select_for_update(of=("self",)).get(pk=message_id)


@action
def _intend(*, message_id: str, now: datetime) -> bytes | None:
    """Write that the bank is about to be called; ``None`` when it was, or when another worker calls it now.

    Raises ``Refusal`` when the bytes were altered, or an account was blocked since the run was signed.
    """
    run, file = _locked(message_id)
    if run.status != RunStatus.RELEASED or file.sent_at is not None or file.refusal:
        return None
    if file.sending_at is not None and now - file.sending_at < rules.LEASE:
        return None
    verify(run)
    if file.sending_at is None:
        refuse_blocked(run)
    file.sending_at = now
    file.save(update_fields=["sending_at"])
    return content_of(file)


@action
def _note_sent(*, message_id: str, receipt: str, now: datetime) -> None:
    run, file = _locked(message_id)
    note_sent(run, file, carrier=Carrier.BANK, receipt=receipt, by=_SENDER, now=now)
    crash.point("payouts.before_sent")


@inside_action
def note_sent(run: Run, file: RunFile, *, carrier: str, receipt: str, by: Actor, now: datetime) -> None:
    """Book that a locked file is at the bank: the money is on its way. Twice is once."""
    if file.sent_at is not None:
        return
    file.sending_at, file.sent_at = file.sending_at or now, now
    file.carrier, file.receipt, file.refusal = carrier, receipt, ""
    file.save(update_fields=["sending_at", "sent_at", "carrier", "receipt", "refusal"])
    post(
        key=f"payout-file:{file.message_id}:sent",
        debit=payable_account(run.crous_id),
        credit=transit_account(run.crous_id),
        amount_cents=file.sum_cents,
        at=now,
        reason=f"pain.001 {file.message_id}",
    )
    carried = Payout.objects.filter(lines__file=file, lines__withdrawn_at=None, status=PayoutStatus.IN_RUN)
    Payout.objects.filter(pk__in=carried.values("pk")).update(status=PayoutStatus.SENT, sent_at=now)
    record(
        by=by, verb="payouts.send_file", subject=f"payouts.run:{run.pk}", crous_id=run.crous_id,
        details={"file": file.message_id, "carrier": carrier}, now=now,
    )  # fmt: skip
    _end_run(run)


@action
def _note_refused(*, message_id: str, code: str, now: datetime) -> None:
    run, file = _locked(message_id)
    refuse_file(run, file, code, now)


@inside_action
def refuse_file(run: Run, file: RunFile, code: str, now: datetime) -> None:
    """Write that the bank did not take a locked file: its payouts are ready again."""
    if file.sent_at is not None or file.refusal:
        return
    file.refusal = (code or "refused")[:40]
    file.save(update_fields=["refusal"])
    withdraw_lines(Line.objects.filter(file=file, withdrawn_at=None).only("pk", "payout_id"), now)
    _end_run(run, now)


@inside_action
def _end_run(run: Run, now: datetime | None = None) -> None:
    """Once each of its files was taken or refused, a run is sent; given up, when none was taken."""
    files = list(run.files.values_list("sent_at", "refusal"))
    if run.status != RunStatus.RELEASED or not all(sent_at or refusal for sent_at, refusal in files):
        return
    if any(sent_at for sent_at, _refusal in files):
        run.status = RUN_STEPS.target("send", run.status)
    else:
        run.status, run.dropped_at = RUN_STEPS.target("drop", run.status), now
    run.save(update_fields=["status", "dropped_at"])


def _refuse_unless(by: Actor, right: str, run: Run) -> None:
    if not by.may(right) or run.crous_id not in by.scope.crous:
        raise Refusal("not_allowed", _("Vos droits ne vous permettent pas de faire cela."))


@action
def take_file(*, message_id: str, by: Actor, now: datetime) -> bytes:
    """Give a released file to an agent who brings it to the bank; from then on the bank may have it.

    Raises ``Refusal``: ``not_allowed``, ``not_released``, ``file_altered``, ``payments_blocked``.
    """
    run, file = _locked(message_id)
    _refuse_unless(by, PREPARE, run)
    if run.status not in _LEFT:
        raise Refusal("not_released", _("Ce lot n’a pas encore ses deux signatures."))
    verify(run)
    if file.sending_at is None and not file.refusal:
        refuse_blocked(run)
        file.sending_at = now
        file.save(update_fields=["sending_at"])
    record(
        by=by, verb="payouts.take_file", subject=f"payouts.run:{run.pk}", crous_id=run.crous_id,
        details={"file": file.message_id}, now=now,
    )  # fmt: skip
    return content_of(file)


@action
def note_handed_over(*, message_id: str, by: Actor, now: datetime) -> None:
    """An agent says that the bank took the file. Twice is once. Raises ``Refusal``: ``not_allowed``, ``not_taken``."""
    run, file = _locked(message_id)
    _refuse_unless(by, PREPARE, run)
    if run.status not in _LEFT or file.sending_at is None or file.refusal:
        raise Refusal("not_taken", _("Téléchargez d’abord ce fichier."))
    note_sent(run, file, carrier=Carrier.HAND, receipt="", by=by, now=now)


@action
def note_not_taken(*, message_id: str, by: Actor, reason: str, now: datetime) -> None:
    """An agent who may sign says that the bank refused a file, or never got it: its payouts are ready again.

    Raises ``Refusal``: ``not_allowed``, ``reason_missing``, ``already_sent``.
    """
    run, file = _locked(message_id)
    _refuse_unless(by, SIGN, run)
    if not reason.strip():
        raise Refusal("reason_missing", _("Dites ce que la banque a répondu."))
    if file.sent_at is not None or run.status != RunStatus.RELEASED:
        raise Refusal("already_sent", _("Ce fichier est noté comme transmis : seule la réponse de la banque compte."))
    refuse_file(run, file, reason.strip(), now)
    record(
        by=by, verb="payouts.drop_run", subject=f"payouts.run:{run.pk}", crous_id=run.crous_id, reason=reason.strip(),
        details={"file": file.message_id}, now=now,
    )  # fmt: skip


def files_to_send(now: datetime) -> list[int]:
    """Give the runs that were released and of which a file did not leave, nor is leaving now."""
    with acting_as(EVERYWHERE):
        late = now - rules.LEASE
        waiting = RunFile.objects.filter(
            Q(sending_at=None) | Q(sending_at__lte=late), sent_at=None, refusal="", run__status=RunStatus.RELEASED
        )
        return list(waiting.order_by("run_id").values_list("run_id", flat=True).distinct())
