"""Paying the shares of a final sharing out: a transfer each, once, as soon as an account is given."""

from datetime import datetime

from django.urls import reverse

from messervices.foundations.audit import actions as audit
from messervices.foundations.crous import selectors as crous
from messervices.foundations.notifications import actions as notifications
from messervices.foundations.payouts import selectors as payouts
from messervices.foundations.payouts.actions import order_payout
from messervices.foundations.payouts.states import PayoutNews
from messervices.kernel import crash
from messervices.kernel.action import action, inside_action
from messervices.kernel.actor import Actor
from messervices.services.cvec import rules, selectors
from messervices.services.cvec.models import Share
from messervices.services.cvec.states import SHARE_OF_PAYOUT, ShareStatus, SharingKind

KIND = "cvec.share"
_PAYABLE = (ShareStatus.PLANNED, ShareStatus.NO_ACCOUNT, ShareStatus.CANCELLED)


def pay_shares(*, sharing_id: int, now: datetime) -> None:
    """Order what can be, one transaction each. Run again, it orders what was not."""
    for share_id in selectors.shares_to_pay(sharing_id):
        pay_share(by=Actor.system("job:cvec.pay_shares"), share_id=share_id, now=now)


@action
def pay_share(*, by: Actor, share_id: int, now: datetime) -> Share:
    """Order the transfer of a share, tell its referents once. Twice orders once.

    Without an account it waits for one. What is nothing, or less, is not ordered: it stays in the books.
    """
    share = Share.objects.select_for_update(of=("self",)).select_related("sharing", "establishment").get(pk=share_id)
    if share.sharing.final_at is None or share.status not in _PAYABLE:
        return share
    if share.told_at is None:
        _tell(share, now)
        share.told_at = now
    account = payouts.details_in_force(establishment_uai=share.establishment_id)
    if share.amount_cents <= 0:
        share.status = ShareStatus.NOTHING
    elif account is None or not share.crous_id:
        share.status = ShareStatus.NO_ACCOUNT
    else:
        payout = order_payout(
            kind=KIND, reference=str(share.pk), crous_id=share.crous_id, amount_cents=share.amount_cents,
            debit_account=rules.shared_account(share.sharing.year), details_id=account.pk, by=by, now=now,
            establishment_uai=share.establishment_id,
            label=f"CVEC {share.sharing.year} {share.sharing.get_kind_display()}",
        )  # fmt: skip
        share.status, share.payout_number = ShareStatus.ORDERED, payout.number
        audit.record(
            by=by, verb="cvec.order_share", subject=f"cvec.share:{share.pk}", now=now, crous_id=share.crous_id,
            details={"amount_cents": share.amount_cents},
        )  # fmt: skip
    share.save(update_fields=["status", "payout_number", "told_at"])
    crash.point("cvec.ordered")
    return share


def _tell(share: Share, now: datetime) -> None:
    """Write to the referents that their letter is there; the sum stands in the letter alone."""
    for referent in crous.referents_of(share.establishment_id):
        notifications.queue_mail(
            to=referent.user.email, language=referent.user.language, template="cvec/mail/share", now=now,
            params={
                "establishment": share.establishment.name, "year": share.sharing.year.label,
                "first": share.sharing.kind == SharingKind.REFERENCE,
                "path": reverse("cvec:shares", args=[share.establishment_id]),
            },
        )  # fmt: skip


@inside_action
def note_payout(*, payout_id: int, reference: str, news: PayoutNews, now: datetime, by: Actor) -> None:
    """The transfer of a share moved: the share follows. The same news again change nothing."""
    status = SHARE_OF_PAYOUT.get(news.status)
    if status is None:
        return
    share = Share.objects.select_for_update(of=("self",)).get(pk=int(reference))
    share.status, share.payout_number = status, news.number
    share.paid_at = news.at if status == ShareStatus.PAID else None
    share.save(update_fields=["status", "payout_number", "paid_at"])
