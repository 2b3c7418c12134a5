"""A student asks: to be exempted, or to have the CVEC back. What is known already is not asked."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from messervices.foundations.crous import selectors as crous
from messervices.foundations.documents import actions as documents
from messervices.foundations.documents import selectors as papers
from messervices.foundations.payouts import selectors as payouts
from messervices.foundations.students import actions as students
from messervices.kernel.academic_year import AcademicYear
from messervices.kernel.action import action, inside_action
from messervices.kernel.actor import Actor
from messervices.kernel.errors import Refusal
from messervices.services.cvec import selectors
from messervices.services.cvec.actions.decide import grant
from messervices.services.cvec.actions.row import held, note, tell_of
from messervices.services.cvec.models import Acquittement, Request
from messervices.services.cvec.rules import Obstacle
from messervices.services.cvec.states import CLOSED, GROUNDS, REQUEST_STEPS, VALID, Ground, RequestKind, RequestStatus

PLATFORM = Actor.system("cvec.requests")


@action
def open_request(
    *, by: Actor, person_id: int, year: AcademicYear, kind: str, ground: str, words: str, now: datetime
) -> Request:
    """Begin a request, or change the one that was begun and not sent. Twice is once.

    Raises ``Refusal``: ``ground_unknown``, ``city_missing``, ``already_sent``, or why nothing may be asked
    (``obstacle_words``).
    """
    if ground not in GROUNDS[RequestKind(kind)]:
        raise Refusal("ground_unknown", _("Choisissez un des cas de la liste."))
    live = Request.objects.select_for_update(of=("self",)).filter(person_id=person_id, year=year, kind=kind)
    live = live.exclude(status__in=CLOSED)
    found = live.first()
    if found is None:
        made = _made(by=by, person_id=person_id, year=year, kind=kind, ground=ground, words=words, now=now)
        if made is not None:
            return made
        found = live.get()
    if found.status not in {RequestStatus.DRAFT, RequestStatus.PROPOSED}:
        raise Refusal("already_sent", _("Votre demande est déjà envoyée : suivez-la ici."))
    found.ground, found.words = ground, words.strip()
    found.save(update_fields=["ground", "words"])
    return found


@inside_action
def _made(
    *, by: Actor, person_id: int, year: AcademicYear, kind: str, ground: str, words: str, now: datetime,
    status: str = RequestStatus.DRAFT,
) -> Request | None:  # fmt: skip
    """Write a request on what can be asked now; raise ``Refusal`` when nothing can.

    ``None`` when another one began at the same instant, in another tab or by the night's proposal.
    """
    acquittement, office_id = None, None
    if kind == RequestKind.REFUND:
        acquittement = Acquittement.objects.filter(person_id=person_id, year=year).exclude(status="cancelled").first()
        _refuse_refund(acquittement, year, now)
        assert acquittement is not None  # noqa: S101 - refused above
        office_id = acquittement.crous_id
    else:
        office_id = _office_of_exemption(person_id, year, now)
    asked = Request(
        person_id=person_id, crous_id=office_id, year=year, kind=kind, ground=ground, words=words.strip(),
        acquittement=acquittement, amount_cents=acquittement.amount_cents if acquittement else 0, status=status,
        opened_at=now,
    )  # fmt: skip
    try:
        with transaction.atomic():
            asked.save(force_insert=True)
    except IntegrityError as error:
        if "cvec_request_one_at_a_time" not in str(error):
            raise
        return None
    students.attach_to_crous(person_id=person_id, crous_id=office_id)
    note(asked, "cvec.propose_refund" if status == RequestStatus.PROPOSED else "cvec.open_request", by=by, now=now)
    return asked


def _refuse_refund(acquittement: Acquittement | None, year: AcademicYear, now: datetime) -> None:
    obstacle = selectors.refund_obstacle_of(acquittement, year, now)
    if obstacle is not None:
        raise Refusal(str(obstacle), selectors.obstacle_words(obstacle, year))


def _office_of_exemption(person_id: int, year: AcademicYear, now: datetime) -> int:
    """The Crous that will decide: that of the city of study. Nothing is asked of who has a certificate already."""
    campaign = selectors.campaign_of(year, now)
    if campaign is None or now not in campaign.window:
        raise Refusal("campaign_closed", _("La CVEC %(year)s ne s’acquitte pas en ce moment.") % {"year": year})
    if Acquittement.objects.filter(person_id=person_id, year=year, status__in=VALID).exists():
        raise Refusal(str(Obstacle.VALID), selectors.obstacle_words(Obstacle.VALID, year))
    known = selectors.knowledge_of(person_id, year)
    if not known.commune:
        raise Refusal(
            "city_missing",
            _("Dites d’abord dans quelle ville se trouve votre établissement."),
            next_url=reverse("cvec:city", args=[year]),
            next_label=_("Choisir ma ville d’études"),
        )
    return crous.crous_of_commune(known.commune).pk


@action
def submit_request(*, by: Actor, request_id: int, now: datetime) -> Request:
    """Send a request to the Crous; a scholar whom the platform knows as such is answered at once. Twice is once.

    Raises ``Refusal``: ``papers_missing``, ``details_missing``, ``step_closed``, or that it is too late: a paper that
    was asked for in time may come later.
    """
    asked = Request.objects.select_for_update(of=("self",)).get(pk=request_id, person_id=by.person_id or 0)
    if asked.status in {RequestStatus.SUBMITTED, RequestStatus.ACCEPTED}:
        return asked
    was_asked = asked.status == RequestStatus.MORE_PAPERS
    step = REQUEST_STEPS.target("submit", asked.status)
    if asked.kind == RequestKind.REFUND:
        acquittement = held(asked.person_id, asked.year)
        if not was_asked:
            _refuse_refund(acquittement, asked.year, now)
        if payouts.details_in_force(person_id=asked.person_id) is None:
            raise Refusal("details_missing", _("Dites d’abord sur quel compte vous rembourser."))
    documents.close_folder(subject=asked.subject, person_id=asked.person_id, crous_id=asked.crous_id, now=now)
    slots = selectors.slots_of(asked)
    if slots and not papers.are_ready(asked.subject, asked.person_id, slots):
        raise Refusal("papers_missing", _("Il manque une pièce, ou sa vérification n’est pas terminée."))
    asked.status, asked.submitted_at = step, now
    asked.save(update_fields=["status", "submitted_at"])
    note(asked, "cvec.submit_request", by=by, now=now)
    if asked.ground == Ground.SCHOLAR and selectors.is_known_scholar(asked.person_id, asked.year):
        grant(asked, by=PLATFORM, reason="", now=now)
    else:
        tell_of(asked, "cvec.request_received", {"refund": asked.kind == RequestKind.REFUND}, now=now)
    return asked


@action
def withdraw_request(*, by: Actor, request_id: int, now: datetime) -> None:
    """Take a request back before it is decided. Twice is once. Raises ``Refusal("step_closed")`` afterwards."""
    asked = Request.objects.select_for_update(of=("self",)).get(pk=request_id, person_id=by.person_id or 0)
    if asked.status == RequestStatus.WITHDRAWN:
        return
    asked.status = REQUEST_STEPS.target("withdraw", asked.status)
    asked.save(update_fields=["status"])
    documents.shred_later(subject=asked.subject, on=now.date())
    note(asked, "cvec.withdraw_request", by=by, now=now)


@action
def propose_refund(*, person_id: int, year: AcademicYear, now: datetime) -> Request | None:
    """Propose to who became a scholar after paying to have the CVEC back. ``None`` when there is nothing to propose.

    Never twice: who withdrew the proposal, or asked already, is left alone.
    """
    if Request.objects.filter(person_id=person_id, year=year, kind=RequestKind.REFUND).exists():
        return None
    try:
        asked = _made(
            by=PLATFORM, person_id=person_id, year=year, kind=RequestKind.REFUND, ground=Ground.SCHOLAR, words="",
            now=now, status=RequestStatus.PROPOSED,
        )  # fmt: skip
    except Refusal:
        return None
    if asked is None:
        return None
    until = selectors.refund_last_day(asked.acquittement, year)
    tell_of(asked, "cvec.refund_proposed", {"until": until.isoformat() if until else ""}, now=now)
    return asked
