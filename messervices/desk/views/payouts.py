"""Money that leaves: what waits for a second person, runs to prepare and sign, what came back, the bank's answers.

An agent never sees a whole IBAN here but in the act of confirming, and that reading is written.
"""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from allauth.account.internal.flows.reauthentication import is_reauthentication_required
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from messervices.desk import selectors as desk
from messervices.desk.forms import AnswerFileForm, WhyForm
from messervices.desk.views.door import AgentRequest, for_agents, show
from messervices.foundations.audit import actions as audit
from messervices.foundations.audit import selectors as readings
from messervices.foundations.payouts import actions, selectors
from messervices.foundations.payouts.models import Run
from messervices.foundations.payouts.selectors import Picture
from messervices.foundations.payouts.states import APPROVE, PREPARE, SEE, SIGN
from messervices.kernel.errors import Refusal

_SHOWN = 50
_DONE = gettext_noop("C’était déjà fait : rien n’a changé.")


@require_GET
@for_agents(SEE)
def payouts(request: AgentRequest) -> HttpResponse:
    """What waits, what is ready, the last runs, what came back, answers that nothing explains: oldest first."""
    context = {
        "waiting": selectors.payouts_waiting(request.actor, _SHOWN),
        "ready": selectors.ready_by_crous(request.actor),
        "runs": selectors.runs_of(request.actor, _SHOWN),
        "returned": selectors.payouts_returned(request.actor, _SHOWN),
        "answers": selectors.answers_waiting(request.actor, _SHOWN),
        "may_prepare": request.actor.may(PREPARE),
        "form": AnswerFileForm(),
    }
    return show(request, "payouts/list", context)


def _picture(request: AgentRequest, uuid: UUID) -> Picture:
    """A payout of the agent's Crous, once its reading is written on the person's file."""
    found = selectors.payout_for(uuid, request.actor)
    if found is None:
        raise Http404
    person_id = found.payout.person_id
    if person_id is not None and not readings.has_read(request.actor, person_id, "payout", request.now):
        audit.record_read(
            by=request.actor, person_id=person_id, crous_id=found.payout.crous_id, what="payout",
            reason=gettext_noop("Vérification d’un virement"), now=request.now,
        )  # fmt: skip
    return found


def _why(deed: str, request: AgentRequest | None = None) -> WhyForm:
    """The form of a deed: several stand on one page, each with names of its own for its label."""
    return WhyForm(request.POST if request else None, auto_id=f"{deed}_%s")


def _shown(
    request: AgentRequest, found: Picture, *, bound: WhyForm | None = None, deed: str = "", iban: str = ""
) -> HttpResponse:
    context = {
        "found": found,
        "form": bound,
        "forms": {one: _why(one) for one in ("refuse", "again", "lift")} | ({deed: bound} if bound else {}),
        "iban": iban,
        "may_approve": request.actor.may(APPROVE),
    }
    return show(request, "payouts/one", context, status=422 if bound else 200)


@require_GET
@for_agents(SEE)
def payout(request: AgentRequest, uuid: UUID) -> HttpResponse:
    """One payout: its story, its account by its last four, what speaks against it, and what may be done."""
    return _shown(request, _picture(request, uuid))


@require_POST
@for_agents(APPROVE)
def payout_do(request: AgentRequest, uuid: UUID, deed: str) -> HttpResponse:
    """Confirm, refuse, order again, unblock its account; or read the IBAN, which the page then shows."""
    found = _picture(request, uuid)
    pk = found.payout.pk
    if deed == "iban":
        iban = actions.read_iban(payout_id=pk, by=request.actor, now=request.now)
        return _shown(request, found, iban=iban)
    if deed == "approve":
        _do(request, actions.approve, _("Confirmé : il partira avec le prochain lot."), payout_id=pk)
        return redirect("desk:payouts")
    deeds: dict[str, tuple[Callable[..., Any], str, dict[str, Any]]] = {
        "refuse": (actions.refuse, _("Annulé, avec votre motif. La personne est prévenue."), {"payout_id": pk}),
        "again": (actions.order_again, _("Relancé : il partira avec un prochain lot."), {"payout_id": pk}),
        "lift": (
            actions.lift_freeze,
            _("Débloqué. Une autre personne confirmera le virement."),
            {"details_id": found.details.pk},
        ),
    }
    if deed not in deeds:
        raise Http404
    form = _why(deed, request)
    if not form.is_valid():
        return _shown(request, found, bound=form, deed=deed)
    do, said, what = deeds[deed]
    _do(request, do, said, reason=form.cleaned_data["reason"], **what)
    return redirect("desk:payout", uuid)


def _do(request: AgentRequest, deed: Callable[..., Any], said: str, **what: Any) -> None:
    """Do it; a second click finds it done, and says so."""
    try:
        deed(by=request.actor, now=request.now, **what)
    except Refusal as refusal:
        if refusal.code not in {"step_closed", "already_signed", "not_frozen"}:
            raise
        said = str(refusal.sentence) if refusal.code == "already_signed" else _(_DONE)
    messages.success(request, said)


@require_POST
@for_agents(PREPARE)
def run_prepare(request: AgentRequest) -> HttpResponse:
    """Gather what is ready at a Crous; its page follows while the files are written."""
    asked = request.POST.get("crous", "")
    if not asked.isdecimal() or int(asked) not in request.actor.scope.crous:
        raise Http404
    run = actions.gather_run(crous_id=int(asked), by=request.actor, now=request.now)
    if run is None:
        messages.info(request, _("Aucun virement n’est prêt à partir."))
        return redirect("desk:payouts")
    return redirect("desk:payout_run", run.pk)


def _run(request: AgentRequest, pk: int) -> Run:
    found = selectors.run_for(pk, request.actor)
    if found is None:
        raise Http404
    return found


@require_GET
@for_agents(SEE)
def run(request: AgentRequest, pk: int) -> HttpResponse:
    """One run: its sum, its files, its signatures, its lines by their numbers; nobody's name, nobody's account."""
    return _show_run(request, _run(request, pk))


def _show_run(
    request: AgentRequest, found: Run, *, bound: WhyForm | None = None, deed: str = "", file: str = ""
) -> HttpResponse:
    held = [one for one in found.files.all() if one.sending_at and not one.sent_at and not one.refusal]
    signers = {one.agent_id for one in found.signatures.all()}
    context = {
        "run": found,
        "digest": bytes(found.digest).hex(),
        "lines": selectors.lines_of(found, _SHOWN),
        "tally": selectors.tally_of(found),
        "form": bound,
        "drop_form": bound if bound and deed == "drop" else _why("drop"),
        "held": [
            (one, bound if bound and (deed, file) == ("not_taken", one.pk) else _why(f"file_{one.rank}"))
            for one in held
        ],
        "may_sign": request.actor.may(SIGN) and request.actor.user_id not in signers,
        "has_signed": request.actor.user_id in signers,
        "may_prepare": request.actor.may(PREPARE),
        "is_unsent": selectors.is_unsent(found),
    }
    return show(request, "payouts/run", context, status=422 if bound else 200)


@require_POST
@for_agents()
def run_do(request: AgentRequest, pk: int, deed: str) -> HttpResponse:
    """Sign, give up, take a file, say that the bank took it or did not."""
    found = _run(request, pk)
    here = reverse("desk:payout_run", args=[pk])
    if deed == "sign":
        if is_reauthentication_required(request, app="allauth.account"):
            messages.info(request, _("Confirmez que c’est vous, puis signez."))
            return redirect(f"{reverse('account_reauthenticate')}?{urlencode({'next': here})}")
        _do(request, actions.sign_run, _("Signé."), run_id=pk, digest=request.POST.get("digest", ""))
        return redirect(here)
    file = request.POST.get("file", "")
    if file and file not in {one.pk for one in found.files.all()}:
        raise Http404
    if deed == "take" and file:
        return _download(request, file)
    if deed == "handed" and file:
        _do(request, actions.note_handed_over, _("C’est noté : le fichier est à la banque."), message_id=file)
        return redirect(here)
    form = _why(deed, request)
    if deed not in {"drop", "not_taken"} or (deed == "not_taken" and not file):
        raise Http404
    if not form.is_valid():
        return _show_run(request, found, bound=form, deed=deed, file=file)
    reason = form.cleaned_data["reason"]
    if deed == "drop":
        _do(request, actions.drop_run, _("Abandonné : ses virements sont de nouveau prêts."), run_id=pk, reason=reason)
    else:
        _do(request, actions.note_not_taken, _("C’est noté : ses virements sont de nouveau prêts."), message_id=file,
            reason=reason)  # fmt: skip
    return redirect(here)


def _download(request: AgentRequest, message_id: str) -> HttpResponse:
    """Give the file's bytes; a name that tells nobody's."""
    content = actions.take_file(message_id=message_id, by=request.actor, now=request.now)
    response = HttpResponse(content, content_type="application/xml")
    response["Content-Disposition"] = f'attachment; filename="{message_id}.xml"'
    return response


@require_POST
@for_agents(PREPARE)
def answer_hand_in(request: AgentRequest) -> HttpResponse:
    """Take an answer that an agent fetched from the bank: kept as it is, read by a job."""
    form = AnswerFileForm(request.POST, request.FILES)
    if not form.is_valid():
        messages.error(request, str(form.errors["file"][0]))
        return redirect("desk:payouts")
    raw = form.cleaned_data["file"].read()
    known = actions.hand_in_answer(raw=raw, by=request.actor, now=request.now) is None
    if known:
        messages.info(request, _("Cette réponse était déjà là : rien n’a changé."))
    else:
        messages.success(request, _("Réponse reçue : elle est lue dans la minute."))
    return redirect("desk:payouts")


@require_http_methods(["GET", "POST"])
@for_agents(SEE)
def answer(request: AgentRequest, pk: UUID) -> HttpResponse:
    """An answer that nothing explains: what it speaks of, what it did, filed with a reason."""
    found = selectors.answer_for(pk, request.actor)
    if found is None:
        raise Http404
    form = WhyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        _do(request, actions.close_answer, _("C’est classé, avec votre motif."), answer_id=str(pk),
            reason=form.cleaned_data["reason"])  # fmt: skip
        return redirect("desk:payouts")
    unknown = found.tally.get("unknown", 0)
    said = (
        ngettext("%(count)d virement inconnu", "%(count)d virements inconnus", unknown) % {"count": unknown}
        if unknown
        else ""
    )
    context = {"answer": found, "form": form, "said": said, "may_close": request.actor.may(PREPARE)}
    return show(request, "payouts/answer", context, status=422 if form.is_bound else 200)


@require_POST
@for_agents("payments:refund:retry")
def refund_transfer(request: AgentRequest, pk: int) -> HttpResponse:
    """Have a surplus that its rail could not give back leave by transfer; ask the person for an account if need be."""
    if desk.refund_for(pk, request.actor) is None:
        raise Http404
    payout = actions.pay_refund(refund_id=pk, by=request.actor, now=request.now)
    if payout is None:
        messages.info(request, _("La personne n’a pas encore donné de compte : il vient de lui être demandé."))
        return redirect("desk:refund", pk)
    messages.success(request, _("Il sera rendu par virement."))
    return redirect("desk:bank")
