"""Which bank accounts and contracts are whose: declared with a source, never edited, dated when they end."""

from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _
from stdnum import iban as numbers
from stdnum.exceptions import ValidationError as NotANumber

from messervices.foundations.audit.actions import record
from messervices.foundations.treasury.models import BankAccount, Contract
from messervices.foundations.treasury.states import SET_ACCOUNT
from messervices.kernel.action import action
from messervices.kernel.actor import Actor
from messervices.kernel.errors import Refusal


def _refuse_unless(by: Actor, crous_id: int) -> None:
    if not by.may(SET_ACCOUNT) or crous_id not in by.scope.crous:
        raise Refusal("not_yours", _("Vous ne pouvez pas déclarer de compte pour ce Crous."))


@action
def set_account(
    *, by: Actor, crous_id: int, iban: str, label: str, source: str, opened_on: date, now: datetime
) -> BankAccount:
    """Declare a bank account of a Crous. The same one twice is one.

    Raises ``Refusal``: ``not_yours``, ``iban_wrong``, ``iban_taken``.
    """
    _refuse_unless(by, crous_id)
    try:
        bare = numbers.validate(iban)
    except NotANumber:
        raise Refusal("iban_wrong", _("Cet IBAN n’est pas juste : vérifiez-le sur le relevé.")) from None
    known = BankAccount.objects.filter(iban=bare, crous_id=crous_id).first()
    if known is not None:
        return known
    try:
        with transaction.atomic():
            made = BankAccount.objects.create(
                crous_id=crous_id, iban=bare, label=label, source=source, opened_on=opened_on, set_at=now,
                set_by_id=by.user_id, set_by_label=by.label,
            )  # fmt: skip
    except IntegrityError:
        raise Refusal("iban_taken", _("Ce compte est déjà celui d’un autre Crous.")) from None
    record(
        by=by, verb="treasury.set_account", subject=f"treasury.account:{made.pk}", crous_id=crous_id, reason=source,
        now=now,
    )  # fmt: skip
    return made


@action
def close_account(*, by: Actor, account_id: int, closed_on: date, reason: str, now: datetime) -> None:
    """Say that an account is closed. Its statements stay."""
    account = BankAccount.objects.select_for_update(of=("self",)).filter(pk=account_id).first()
    if account is None:
        raise Refusal("not_yours", _("Vous ne pouvez pas déclarer de compte pour ce Crous."))
    _refuse_unless(by, account.crous_id)
    if account.closed_on is not None:
        raise Refusal("step_closed", _("Ce compte est déjà fermé."))
    account.closed_on = closed_on
    account.save(update_fields=["closed_on"])
    record(
        by=by, verb="treasury.close_account", subject=f"treasury.account:{account.pk}", crous_id=account.crous_id,
        reason=reason, now=now,
    )  # fmt: skip


@action
def set_contract(
    *,
    by: Actor,
    account_id: int,
    rail: str,
    number: str,
    rate: int | None,
    fixed_cents: int,
    within_days: int,
    settled_within_days: int,
    matched_by: str,
    source: str,
    now: datetime,
) -> Contract:
    """Declare a contract of a rail, or change it: the old row stays, dated. The same again changes nothing."""
    account = BankAccount.objects.filter(pk=account_id).first()
    _refuse_unless(by, account.crous_id if account else -1)
    assert account is not None  # noqa: S101 - refused just above
    wanted = {
        "crous_id": account.crous_id, "account_id": account.pk, "rate": rate, "fixed_cents": fixed_cents,
        "within_days": within_days, "settled_within_days": settled_within_days, "matched_by": matched_by,
    }  # fmt: skip
    known = (
        Contract.objects.select_for_update(of=("self",)).filter(rail=rail, number=number, superseded_at=None).first()
    )
    if known is not None and known.crous_id not in by.scope.crous:
        raise Refusal("contract_taken", _("Ce contrat est déjà celui d’un autre Crous."))
    if known is not None and all(getattr(known, name) == value for name, value in wanted.items()):
        return known
    Contract.objects.filter(rail=rail, number=number, superseded_at=None).update(superseded_at=now)
    try:
        with transaction.atomic():
            made = Contract.objects.create(
                rail=rail, number=number, source=source, set_at=now, set_by_id=by.user_id, set_by_label=by.label,
                **wanted,
            )  # fmt: skip
    except IntegrityError:
        raise Refusal("contract_taken", _("Ce contrat est déjà celui d’un autre Crous.")) from None
    record(
        by=by, verb="treasury.set_contract", subject=f"treasury.contract:{made.pk}", crous_id=account.crous_id,
        reason=source, now=now,
    )  # fmt: skip
    return made
