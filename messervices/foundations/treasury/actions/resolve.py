"""An agent explains what does not fit: with a reason, and a second person from an amount on."""

from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from messervices.foundations.audit.actions import record
from messervices.foundations.crous import selectors as crous
from messervices.foundations.ledger.actions import Posting, post_many
from messervices.foundations.treasury import rules
from messervices.foundations.treasury.actions.match.undo import set_adjusted
from messervices.foundations.treasury.models import Adjustment, Mismatch
from messervices.foundations.treasury.rules import Stake, adjusting
from messervices.foundations.treasury.states import CONFIRM, MISMATCH_STEPS, RESOLVE, MismatchStatus
from messervices.kernel import crash
from messervices.kernel.action import action, inside_action
from messervices.kernel.actor import Actor
from messervices.kernel.errors import Refusal

_SIGNED = ("status", "reason", "by_id", "by_label", "second_id", "second_label")
_NOT_YOURS = _("Vous ne pouvez pas traiter cet écart.")


@action
def resolve(*, mismatch_id: int, by: Actor, reason: str, now: datetime) -> str:
    """Explain a mismatch: money that waits goes through the adjustments of the Crous. Gives the status.

    From ``TREASURY_SECOND_PERSON_CENTS`` on it is only ``proposed``: somebody else confirms. Raises ``Refusal`` without
    the right, for another Crous's, without a reason, or when it is ended already.
    """
    mismatch = _locked(mismatch_id, by, RESOLVE)
    if not reason.strip():
        raise Refusal("reason_missing", _("Dites ce que vous avez constaté : la raison est gardée avec l’écart."))
    second = rules.needs_second(mismatch.amount_cents, settings.TREASURY_SECOND_PERSON_CENTS)
    mismatch.status = MISMATCH_STEPS.target("propose" if second else "resolve", mismatch.status)
    mismatch.reason, mismatch.by_id, mismatch.by_label = reason.strip()[:500], by.user_id, by.label
    mismatch.second_id, mismatch.second_label = None, ""
    if second:
        mismatch.save(update_fields=_SIGNED)
    else:
        _end(mismatch, now)
    verb = "treasury.propose_resolution" if second else "treasury.resolve_mismatch"
    _note(mismatch, verb, by, now)
    return str(mismatch.status)


@action
def confirm(*, mismatch_id: int, by: Actor, now: datetime) -> str:
    """Confirm what somebody else proposed. Raises ``Refusal("same_person")`` for whoever proposed it."""
    mismatch = _locked(mismatch_id, by, CONFIRM)
    if mismatch.status != MismatchStatus.PROPOSED:
        MISMATCH_STEPS.target("withdraw", mismatch.status)  # raises: nothing is proposed
    if mismatch.by_id == by.user_id:
        raise Refusal(
            "same_person", _("Une autre personne que vous doit confirmer : c’est la règle des deux signatures.")
        )
    mismatch.status = MISMATCH_STEPS.target("resolve", mismatch.status)
    mismatch.second_id, mismatch.second_label = by.user_id, by.label
    _end(mismatch, now)
    _note(mismatch, "treasury.resolve_mismatch", by, now)
    return str(mismatch.status)


@action
def withdraw(*, mismatch_id: int, by: Actor, reason: str, now: datetime) -> str:
    """Put a proposal back to work: the second person does not agree, or the first one thought again."""
    mismatch = _locked(mismatch_id, by, "")
    if not (by.may(RESOLVE) or by.may(CONFIRM)):
        raise Refusal("not_yours", _NOT_YOURS)
    if not reason.strip():
        raise Refusal("reason_missing", _("Dites pourquoi : la raison est gardée avec l’écart."))
    mismatch.status = MISMATCH_STEPS.target("withdraw", mismatch.status)
    mismatch.save(update_fields=["status"])
    _note(mismatch, "treasury.withdraw_resolution", by, now, reason.strip()[:500])
    return str(mismatch.status)


def _locked(mismatch_id: int, by: Actor, right: str) -> Mismatch:
    """Lock a mismatch of the agent's Crous. Raises ``Refusal`` without the right."""
    mismatch = Mismatch.objects.select_for_update(of=("self",)).filter(pk=mismatch_id).first()
    if mismatch is None or mismatch.crous_id not in by.scope.crous or (right and not by.may(right)):
        raise Refusal("not_yours", _NOT_YOURS)
    return mismatch


@inside_action
def _end(mismatch: Mismatch, now: datetime) -> None:
    """Move what waits, mark it as explained, and date the end."""
    slug = crous.crous_of(mismatch.crous_id).slug
    stake = Stake(mismatch.captured_cents, mismatch.line_cents, mismatch.entry_cents, mismatch.credit_cents)
    moved = adjusting(stake, mismatch.rail, slug)
    mismatch.rounds += 1
    post_many(
        [
            Posting(f"adjust:{mismatch.pk}:{mismatch.rounds}:{one.word}", one.debit, one.credit, one.amount_cents,
                    mismatch.kind)
            for one in moved
        ],
        at=now,
    )  # fmt: skip
    mismatch.posted, mismatch.ended_at = bool(moved), now
    mismatch.save(update_fields=[*_SIGNED, "rounds", "posted", "ended_at"])
    if moved:
        Adjustment.objects.create(
            mismatch=mismatch, crous_id=mismatch.crous_id, rail=mismatch.rail, round=mismatch.rounds, undoes=False,
            at=now, captured_cents=stake.captured_cents, line_cents=stake.line_cents, entry_cents=stake.entry_cents,
            credit_cents=stake.credit_cents,
        )  # fmt: skip
        set_adjusted(mismatch, now)
    crash.point("treasury.before_resolve_commit")


def _note(mismatch: Mismatch, verb: str, by: Actor, now: datetime, reason: str = "") -> None:
    record(
        by=by, verb=verb, subject=f"treasury.mismatch:{mismatch.pk}", crous_id=mismatch.crous_id,
        reason=reason or mismatch.reason, now=now,
        details={"kind": mismatch.kind, "amount_cents": mismatch.amount_cents},
    )  # fmt: skip
