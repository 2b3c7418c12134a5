"""A refund takes effect on the certificate, and follows its transfer."""

from datetime import datetime

from django.utils.translation import gettext as _

from messervices.foundations.documents import actions as documents
from messervices.foundations.payouts.states import PayoutNews
from messervices.foundations.students import actions as students
from messervices.foundations.students.states import Certainty, FactKind
from messervices.kernel.action import inside_action
from messervices.kernel.actor import Actor
from messervices.kernel.errors import Refusal
from messervices.services.cvec.actions.letter import letter_of
from messervices.services.cvec.actions.row import record, tell_of
from messervices.services.cvec.models import Acquittement, Request
from messervices.services.cvec.states import GRANTED, REQUEST_STEPS, STEPS, Ground, Status


@inside_action
def follow_payout(*, payout_id: int, reference: str, news: PayoutNews, now: datetime, by: Actor) -> None:
    """Follow the transfer of a refund: called by payouts, perhaps twice, inside its transaction.

    What the bank took takes effect, if it had waited for a second person; what came back waits for another account;
    what an agent cancelled takes the decision back.
    """
    asked = Request.objects.select_for_update(of=("self",)).filter(
        acquittement_id=int(reference), status__in=GRANTED
    ).first()  # fmt: skip
    if asked is None:
        return
    if news.status == "paid" or (news.status == "accepted" and asked.ground != Ground.NOT_LIABLE):
        take_effect(asked, by=by, now=now)
    if news.status == "cancelled":
        _take_back(asked, news.reason, by=by, now=now)
    step = {"paid": "pay", "returned": "send_back"}.get(news.status)
    if step is not None and asked.status != REQUEST_STEPS.steps[step][1]:
        asked.status = REQUEST_STEPS.target(step, asked.status)
        asked.save(update_fields=["status"])


@inside_action
def take_effect(asked: Request, *, by: Actor, now: datetime) -> None:
    """Change what the certificate is worth, once: valid and refunded (98), or nothing, for who never owed it."""
    if asked.settled_at is not None:
        return
    assert asked.acquittement_id is not None  # noqa: S101 - the database wants it of what is granted
    acquittement = Acquittement.objects.select_for_update(of=("self",)).get(requests=asked)
    asked.settled_at = now
    asked.save(update_fields=["settled_at"])
    if asked.ground != Ground.NOT_LIABLE:
        acquittement.status = STEPS.target("refund", acquittement.status)
        acquittement.save(update_fields=["status"])
        record(acquittement, "cvec.refund", by=by, now=now)
        return
    acquittement.status = STEPS.target("void", acquittement.status)
    acquittement.save(update_fields=["status"])
    assert acquittement.document_id is not None  # noqa: S101 - a paid one has its certificate
    documents.cancel(
        document_id=acquittement.document_id, reason=_("La CVEC n’était pas due : elle est remboursée."), by=by, now=now
    )
    students.record_fact(
        person_id=asked.person_id, kind=FactKind.CVEC_ACQUITTEE, year=asked.year, value=False, source="cvec",
        certainty=Certainty.VERIFIED, now=now,
    )  # fmt: skip
    record(acquittement, "cvec.void", by=by, now=now)


def _take_back(asked: Request, reason: str, *, by: Actor, now: datetime) -> None:
    """An agent cancelled the transfer: the CVEC is paid again, and a letter says why.

    Raises ``Refusal("certificate_ended")`` when the certificate is worth nothing any more: that money is owed.
    """
    acquittement = Acquittement.objects.select_for_update(of=("self",)).get(requests=asked)
    if acquittement.status == Status.CANCELLED:
        raise Refusal(
            "certificate_ended",
            _("L’attestation a pris fin avec ce remboursement : il reste dû. Demandez plutôt un autre compte."),
        )
    asked.status = REQUEST_STEPS.target("take_back", asked.status)
    asked.reason = reason
    asked.letter = letter_of(asked, granted=False, now=now)
    asked.save(update_fields=["status", "reason", "letter"])
    if acquittement.status == Status.REFUNDED:
        acquittement.status = STEPS.target("restore", acquittement.status)
        acquittement.save(update_fields=["status"])
    tell_of(asked, "cvec.request_refused", {"refund": True, "reason": reason}, document_id=asked.letter_id, now=now)
    record(acquittement, "cvec.take_back_refund", by=by, now=now)
