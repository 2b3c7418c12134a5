"""Two agents sign what a run's files are, byte for byte; only then may they leave."""

import hmac
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from messervices.foundations.audit.actions import record
from messervices.foundations.payouts import rules
from messervices.foundations.payouts.actions.gather import Unpacked
from messervices.foundations.payouts.actions.weigh import EVERYWHERE
from messervices.foundations.payouts.models import BankDetails, Line, Run, RunFile, Signature
from messervices.foundations.payouts.providers import bank, safe
from messervices.foundations.payouts.states import RUN_STEPS, SIGN, RunStatus
from messervices.kernel import crash, jobs
from messervices.kernel.action import action, inside_action
from messervices.kernel.actor import Actor
from messervices.kernel.errors import Refusal
from messervices.kernel.scope import acting_as


@action
def sign_run(*, run_id: int, digest: str, by: Actor, now: datetime) -> Run:
    """Sign a run: its first signature, or the second, which releases it. ``digest`` (hexadecimal) is what was shown.

    The bytes are read again before each signature. Raises ``Refusal``: ``not_allowed``, ``not_written``,
    ``other_digest``, ``file_altered``, ``payments_blocked``, ``already_signed``, ``step_closed``.
    """
    run = Run.objects.select_for_update(of=("self",)).get(pk=run_id)
    if not by.may(SIGN) or run.crous_id not in by.scope.crous or by.user_id is None:
        raise Refusal("not_allowed", _("Vos droits ne vous permettent pas de faire cela."))
    step = "sign_second" if run.status == RunStatus.SIGNED_ONCE else "sign_first"
    status = RUN_STEPS.target(step, run.status)
    if run.written_at is None:
        raise Refusal("not_written", _("Les fichiers de ce lot ne sont pas encore écrits."))
    if not hmac.compare_digest(bytes(run.digest).hex(), digest.strip().lower()):
        raise Refusal("other_digest", _("L’empreinte a changé depuis que vous avez ouvert cette page. Relisez le lot."))
    if Signature.objects.filter(run=run, agent_id=by.user_id).exists():
        raise Refusal("already_signed", _("Vous avez déjà signé ce lot : une autre personne doit signer aussi."))
    verify(run)
    refuse_blocked(run)
    _write(run, status, by, now)
    record(
        by=by, verb="payouts.sign_run", subject=f"payouts.run:{run.pk}", crous_id=run.crous_id,
        details={"digest": bytes(run.digest).hex()}, now=now,
    )  # fmt: skip
    if status == RunStatus.RELEASED and bank.is_given():
        jobs.enqueue("foundations.payouts.tasks.send_files", run_id=run.pk)
    return run


def _write(run: Run, status: str, by: Actor, now: datetime) -> None:
    Signature.objects.create(
        run=run, crous_id=run.crous_id, rank=2 if status == RunStatus.RELEASED else 1, agent_id=by.user_id or 0,
        agent_label=by.label, digest=run.digest, at=now,
    )  # fmt: skip
    run.status = status
    run.save(update_fields=["status"])
    crash.point("payouts.before_signed")


@inside_action
def verify(run: Run) -> None:
    """Read every file of a run again. Raises ``Refusal("file_altered")`` when one is not what was written or signed."""
    digests = [bytes(file.sha256) for file in run.files.order_by("rank").defer("content_sealed")]
    for file in run.files.order_by("rank"):
        content_of(file)
    signed = {bytes(one.digest) for one in run.signatures.all()}
    if rules.run_digest(digests) != bytes(run.digest) or signed - {bytes(run.digest)}:
        raise _altered()


def content_of(file: RunFile) -> bytes:
    """Give a file's bytes. Raises ``Refusal("file_altered")`` when they are not those that were written."""
    try:
        packed = safe.unseal(file.content_sealed, safe.about("payouts_runfile", file.message_id, "content_sealed"))
    except safe.Unsealed:
        raise _altered() from None
    unpacked = Unpacked(packed)
    content = b"".join(unpacked)
    if not hmac.compare_digest(unpacked.sha256, bytes(file.sha256)):
        raise _altered()
    return content


def _altered() -> Refusal:
    return Refusal(
        "file_altered",
        _("Ce fichier n’est plus celui qui a été écrit. Il ne partira pas : prévenez l’exploitation."),
    )


@inside_action
def refuse_blocked(run: Run) -> None:
    """Raise ``Refusal("payments_blocked")`` when somebody has blocked an account of the run since it was gathered.

    The rows of these accounts are locked until the transaction ends: whoever blocks one a moment later waits, and
    finds the file gone.
    """
    with acting_as(EVERYWHERE):
        used = Line.objects.filter(run=run, withdrawn_at=None).values("details_id")
        held = BankDetails.objects.select_for_update(of=("self",)).filter(pk__in=used).order_by("pk")
        blocked = sum(frozen_at is not None for frozen_at in held.values_list("frozen_at", flat=True))
    if blocked:
        raise Refusal(
            "payments_blocked",
            ngettext(
                "Un compte de ce lot vient d’être bloqué. Abandonnez le lot et préparez-le à nouveau sans lui.",
                "%(count)d comptes de ce lot viennent d’être bloqués. Abandonnez le lot et préparez-le à nouveau.",
                blocked,
            )
            % {"count": blocked},
        )
