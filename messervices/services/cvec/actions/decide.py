"""The Crous answers a request: asks for one more paper, accepts, refuses; a letter says why and how to appeal."""

from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext as _

from messervices.foundations.crous import selectors as crous
from messervices.foundations.documents import actions as documents
from messervices.foundations.payments.models import Order
from messervices.foundations.payouts import actions as payouts
from messervices.foundations.payouts import selectors as accounts
from messervices.foundations.payouts.states import PayoutStatus
from messervices.kernel.action import action, inside_action
from messervices.kernel.actor import Actor
from messervices.kernel.errors import Refusal
from messervices.kernel.money import Cents
from messervices.services.cvec import rules, selectors
from messervices.services.cvec.actions.acknowledge import OPEN, exempt
from messervices.services.cvec.actions.letter import letter_of
from messervices.services.cvec.actions.refund import take_effect
from messervices.services.cvec.actions.row import held, note, tell_of
from messervices.services.cvec.models import Request
from messervices.services.cvec.states import REQUEST_STEPS, VALID, Ground, RequestKind, RequestStatus, Right

PAYOUT = "cvec.refund"


def _locked(request_id: int, by: Actor) -> Request:
    """Lock a request that an agent may decide. Raises ``Refusal``: ``not_allowed``, ``own_file``."""
    asked = Request.objects.select_for_update(of=("self",)).get(pk=request_id)
    if not by.may(Right.DECIDE) or asked.crous_id not in by.scope.crous:
        raise Refusal("not_allowed", _("Vos droits ne vous permettent pas de faire cela."))
    if by.person_id is not None and by.person_id == asked.person_id:
        raise Refusal("own_file", _("Vous ne pouvez pas décider de votre propre dossier."))
    return asked


@action
def ask_paper(*, by: Actor, request_id: int, wanted: str, wanted_by: date, now: datetime) -> None:
    """Ask the student for one more paper, until the end of a day. Asked again, the last counts.

    Raises ``Refusal``: ``not_allowed``, ``own_file``, ``step_closed``, ``reason_missing``, ``day_past``.
    """
    asked = _locked(request_id, by)
    if not wanted.strip():
        raise Refusal("reason_missing", _("Dites quelle pièce, et pourquoi : l’étudiant le lira."))
    if wanted_by <= rules.local_day(now, crous.crous_of(asked.crous_id).timezone):
        raise Refusal("day_past", _("Laissez au moins un jour à l’étudiant."))
    asked.status = REQUEST_STEPS.target("ask_paper", asked.status)
    asked.wanted, asked.wanted_by = wanted.strip(), wanted_by
    asked.save(update_fields=["status", "wanted", "wanted_by"])
    documents.open_folder(subject=asked.subject, person_id=asked.person_id)
    note(asked, "cvec.ask_paper", by=by, now=now, reason=asked.wanted)
    told = {"refund": asked.kind == RequestKind.REFUND, "wanted": asked.wanted, "wanted_by": wanted_by.isoformat()}
    tell_of(asked, "cvec.request_wants", told, now=now)


@action
def accept_request(*, by: Actor, request_id: int, now: datetime) -> Request:
    """Say yes. Twice is once.

    Raises ``Refusal``: ``not_allowed``, ``own_file``, ``step_closed``, ``details_missing``, ``valid``.
    """
    asked = _locked(request_id, by)
    if asked.status == RequestStatus.ACCEPTED:
        return asked
    grant(asked, by=by, reason="", now=now)
    return asked


@action
def refuse_request(*, by: Actor, request_id: int, reason: str, now: datetime) -> Request:
    """Say no, with the reason that the student reads. Twice is once. Raises ``Refusal`` as ``accept_request``."""
    asked = _locked(request_id, by)
    if asked.status == RequestStatus.REFUSED:
        return asked
    if not reason.strip():
        raise Refusal("reason_missing", _("Dites pourquoi : l’étudiant lira cette raison dans sa lettre."))
    _decide(asked, "refuse", reason.strip(), by=by, now=now)
    told = {"refund": asked.kind == RequestKind.REFUND, "reason": asked.reason}
    tell_of(asked, "cvec.request_refused", told, document_id=asked.letter_id, now=now)
    note(asked, "cvec.refuse_request", by=by, now=now, reason=asked.reason)
    return asked


@inside_action
def grant(asked: Request, *, by: Actor, reason: str, now: datetime) -> None:
    """Accept a locked request: exempt, or have the money paid out. All of it in the transaction of the decision."""
    if asked.kind == RequestKind.EXEMPTION:
        _exempt(asked, by=by, now=now)
    _decide(asked, "accept", reason, by=by, now=now)
    if asked.kind == RequestKind.REFUND:
        _pay_out(asked, by=by, now=now)
    told = {"refund": asked.kind == RequestKind.REFUND, "amount_cents": asked.amount_cents}
    tell_of(asked, "cvec.request_accepted", told, document_id=asked.letter_id, now=now)
    note(asked, "cvec.accept_request", by=by, now=now)


def _exempt(asked: Request, *, by: Actor, now: datetime) -> None:
    """Give the certificate. Who paid meanwhile is told to ask for a refund: the money must find its way back."""
    commune = selectors.knowledge_of(asked.person_id, asked.year).commune
    amount = crous.amount_of("cvec", asked.year) or Cents(1)
    with connection.cursor() as cursor:
        cursor.execute(OPEN, (asked.person_id, asked.year.start, asked.crous_id, commune, amount, now))
    acquittement = held(asked.person_id, asked.year)
    if acquittement.status in VALID:
        raise Refusal(
            "valid",
            _("L’étudiant a une attestation entre-temps. S’il a payé, c’est un remboursement qu’il doit demander."),
        )
    asked.acquittement = acquittement
    exempt(acquittement, asked.ground, by=by, now=now)


def _pay_out(asked: Request, *, by: Actor, now: datetime) -> None:
    """Order the transfer, from the account on which the Crous collected; take effect once nothing speaks against it.

    Who never owed it keeps a certificate until the money has left: what ends for good ends last.
    """
    assert asked.acquittement_id is not None  # noqa: S101 - the database wants it of a refund
    Order.objects.select_for_update().filter(acquittement=asked.acquittement_id).exists()
    details = accounts.details_in_force(person_id=asked.person_id)
    if details is None:
        raise Refusal("details_missing", _("L’étudiant n’a pas dit sur quel compte le rembourser."))
    office = crous.crous_of(asked.crous_id)
    payout = payouts.order_payout(
        kind=PAYOUT, reference=str(asked.acquittement_id), person_id=asked.person_id, crous_id=asked.crous_id,
        amount_cents=asked.amount_cents, debit_account=rules.collected_account(asked.year, office.slug),
        label=f"CVEC {asked.year}", details_id=details.pk, by=by, now=now,
    )  # fmt: skip
    if payout.status == PayoutStatus.READY and asked.ground != Ground.NOT_LIABLE:
        take_effect(asked, by=by, now=now)


def _decide(asked: Request, step: str, reason: str, *, by: Actor, now: datetime) -> None:
    """Write the decision and its letter; say when the papers will be destroyed."""
    asked.status = REQUEST_STEPS.target(step, asked.status)
    asked.decided_at, asked.decided_by_id, asked.decided_by_label = now, by.user_id, by.label
    asked.reason = reason
    asked.letter = letter_of(asked, granted=step == "accept", now=now)
    asked.save(
        update_fields=[
            "status", "decided_at", "decided_by_id", "decided_by_label", "reason", "letter", "acquittement",
        ]
    )  # fmt: skip
    documents.close_folder(subject=asked.subject, person_id=asked.person_id, crous_id=asked.crous_id, now=now)
    kept = timedelta(days=settings.CVEC_PAPERS_KEPT_DAYS)
    documents.shred_later(subject=asked.subject, on=(now + kept).date())
