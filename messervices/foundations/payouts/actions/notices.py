"""Writing to whoever owns the account: a person by message and mail, an establishment by mail to its referents."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.core import signing
from django.urls import reverse

from messervices.foundations.crous import selectors as crous
from messervices.foundations.notifications.actions import notify, queue_mail
from messervices.foundations.payouts.models import BankDetails, Payout
from messervices.foundations.students.models import Person
from messervices.kernel.action import inside_action

SALT = "payouts.freeze"


def freeze_path(details: BankDetails) -> str:
    """The address of the page that blocks this account: signed, for that alone, and valid as long as the account is."""
    return reverse("payouts:freeze", args=[signing.dumps(str(details.pk), salt=SALT)])


@inside_action
def tell_of_new_details(details: BankDetails, *, changed: bool, now: datetime) -> None:
    """Say that an account was given, which one (its last four), from when it is used, and how to block it."""
    params = {
        "masked": details.masked,
        "bank": details.bank,
        "changed": changed,
        "usable_from": details.usable_from.isoformat(),
        "hours": settings.PAYOUT_COOLING_HOURS,
    }
    _write(details, "details_told", params, freeze_path(details), now)


@inside_action
def tell_of_freeze(details: BankDetails, now: datetime) -> None:
    """Say that nothing goes to the account any more, and what to do."""
    _write(details, "details_frozen", {"masked": details.masked}, own_page(details), now)


@inside_action
def tell_of_lift(details: BankDetails, now: datetime) -> None:
    """Say that an agent lifted the block, and how to put it back."""
    _write(details, "details_lifted", {"masked": details.masked}, freeze_path(details), now)


@inside_action
def tell_of_payout(payout: Payout, kind: str, params: dict[str, Any], now: datetime) -> None:
    """Say what became of a payout."""
    given = {"label": payout.label, "amount_cents": payout.amount_cents, "number": payout.number} | params
    path = own_page(payout) if kind == "returned" else reverse("payouts:payouts")
    _write(payout, kind, given, path, now)


@inside_action
def ask_for_details(person_id: int, *, label: str, amount_cents: int, now: datetime) -> None:
    """Ask a person for an account, because money waits for them."""
    followed = Person.objects.values_list("crous_ids", flat=True).filter(pk=person_id).first() or [0]
    notify(
        person_id=person_id, crous_id=followed[0], kind="payouts.details_wanted",
        params={"label": label, "amount_cents": amount_cents}, link=reverse("payouts:details"), now=now,
    )  # fmt: skip


def own_page(owned: BankDetails | Payout) -> str:
    """The page where an owner gives an account."""
    path = reverse("payouts:details")
    return f"{path}?for={owned.establishment_id}" if owned.establishment_id else path


def _write(owned: BankDetails | Payout, kind: str, params: dict[str, Any], link: str, now: datetime) -> None:
    """Write to a person, in the name of their first Crous; or to each referent of an establishment."""
    if owned.person_id is not None:
        followed = Person.objects.values_list("crous_ids", flat=True).filter(pk=owned.person_id).first() or [0]
        notify(
            person_id=owned.person_id, crous_id=followed[0], kind=f"payouts.{kind}", params=params, link=link, now=now
        )  # fmt: skip
        return
    for referent in crous.referents_of(owned.establishment_id or ""):
        queue_mail(
            to=referent.user.email,
            language=referent.user.language,
            template=f"payouts/mail/{kind}",
            params=params | {"url": f"{settings.SITE_URL}{link}"},
            now=now,
        )
