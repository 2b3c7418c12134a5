"""A payout follows what is known of its line, and its service is told. The order in which news came does not matter."""

from datetime import datetime

from messervices.foundations.audit.actions import record
from messervices.foundations.payouts import rules
from messervices.foundations.payouts.actions.notices import tell_of_payout
from messervices.foundations.payouts.models import Line, Payout
from messervices.foundations.payouts.selectors import service_of
from messervices.foundations.payouts.states import AT_BANK, PAYOUT_STEPS, PayoutNews, PayoutStatus
from messervices.kernel.action import action, inside_action
from messervices.kernel.actor import Actor
from messervices.kernel.money import Cents

BANK = Actor.system("bank")
_VERBS = {"returned": "payouts.return_payout", "paid": "payouts.pay_out"}


@inside_action
def tell_service(payout: Payout, status: str, *, reason: str, at: datetime, by: Actor, now: datetime) -> None:
    """Call the service that ordered the payout, in the same transaction."""
    call = service_of(payout.kind)
    if call is None:
        return
    news = PayoutNews(
        payout_id=payout.pk, number=payout.number, kind=payout.kind, reference=payout.reference,
        person_id=payout.person_id, establishment_uai=payout.establishment_id or "", crous_id=payout.crous_id,
        amount_cents=Cents(payout.amount_cents), status=status, reason=reason, at=at,
    )  # fmt: skip
    call(payout_id=payout.pk, reference=payout.reference, news=news, now=now, by=by)


@action
def follow_lines(*, now: datetime, most: int = 200) -> int:
    """Have up to ``most`` payouts follow their lines; give how many lines were looked at: 0 when none is behind.

    Two workers never take the same line. Run again after a kill, it goes on where it was.
    """
    behind = Line.objects.select_for_update(of=("self",), skip_locked=True).filter(behind=True)
    lines = list(behind.order_by("pk")[:most])
    for line in lines:
        follow(line, now)
    return len(lines)


@inside_action
def follow(line: Line, now: datetime) -> None:
    """Move the payout of a locked line to where the news of the line say; tell whoever must know."""
    payout = Payout.objects.select_for_update(of=("self",)).get(pk=line.payout_id)
    line.behind = False
    line.save(update_fields=["behind"])
    status = rules.status_after(
        rules.News(
            accepted=line.accepted_at is not None,
            settled=line.settled_at is not None,
            debited=line.debited_at is not None,
            failed=line.failed_at is not None,
        )
    )
    # A line that was followed by another try is history; so is news that says less than what is known already.
    if line.rank != payout.tries or payout.status not in AT_BANK or not _says_more(payout.status, status):
        return
    payout.status = PAYOUT_STEPS.target(rules.step_to(status), payout.status)
    at = {
        "returned": line.failed_at, "paid": line.settled_at or line.debited_at, "accepted": line.accepted_at,
    }[status] or now  # fmt: skip
    setattr(payout, f"{status}_at", at)
    payout.return_code = line.code if status == "returned" else ""
    payout.save(update_fields=["status", f"{status}_at", "return_code"])
    tell_service(payout, status, reason=payout.return_code, at=at, by=BANK, now=now)
    if status in _VERBS:
        record(
            by=BANK, verb=_VERBS[status], subject=f"payouts.payout:{payout.pk}", person_id=payout.person_id,
            crous_id=payout.crous_id, details={"code": line.code} if line.code else None, now=now,
        )  # fmt: skip
        tell_of_payout(payout, status, {"code": line.code, "masked": line.details.masked}, now)


def _says_more(before: str, after: str) -> bool:
    """Tell whether a status says more than another: sent, accepted, paid, returned, in that order."""
    ranks = [PayoutStatus.SENT, PayoutStatus.ACCEPTED, PayoutStatus.PAID, PayoutStatus.RETURNED]
    return ranks.index(PayoutStatus(after)) > ranks.index(PayoutStatus(before))
