"""A number that two persons gave: the whole picture of the one, and the decision beside it."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from messervices.desk import actions, selectors
from messervices.desk.forms import DecideForm
from messervices.desk.states import Right
from messervices.desk.views import files
from messervices.desk.views.door import AgentRequest, for_agents
from messervices.foundations.audit import selectors as audit
from messervices.foundations.students.models import IdentifierCase, Person

_TOLD = {
    "ask": _("La pièce est demandée : la personne en est prévenue."),
    "grant": _("Décision enregistrée. Les deux personnes sont prévenues."),
    "refuse": _("Décision enregistrée. Les deux personnes sont prévenues."),
}


def _other(request: AgentRequest, case: IdentifierCase) -> Person | None:
    """The other holder, whose name is shown once that is written on their file too; nobody while the file is shut."""
    other = selectors.other_holder(case, request.actor) if files.opened(request, case.person) else None
    if other is not None and not audit.has_read(request.actor, other.pk, "case", request.now):
        actions.open_file(by=request.actor, person=other, what="case", reason=files.case_reason(), now=request.now)
    return other


@require_http_methods(["GET", "POST"])
@for_agents(Right.DECIDE_CASE)
def case(request: AgentRequest, number: int) -> HttpResponse:
    """Show the file and the form; take the decision. Another Crous's case and nobody's are the same 404.

    The opening is written in either case: a decision sent from a page that was never opened is an opening too.
    """
    found = selectors.case_for(number, request.actor)
    if found is None:
        raise Http404
    form = DecideForm(request.POST or None, name=found.person.display_name)
    if request.method == "POST" and files.opened(request, found.person) and form.is_valid():
        step, reason = form.cleaned_data["step"], form.cleaned_data["reason"]
        actions.decide_case(by=request.actor, case_id=found.pk, step=step, reason=reason, now=request.now)
        messages.success(request, _TOLD[step])
        return redirect("desk:home")
    context = {"case": found, "form": form, "other": _other(request, found)}
    return files.shown(request, found.person, "case", context, status=422 if form.is_bound else 200)
