"""Who works in the network: their roles, given and ended by the national desk, each with a reason."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from messervices.desk import selectors
from messervices.desk.forms import FindAgentForm
from messervices.desk.views.door import AgentRequest, for_agents, show
from messervices.foundations.crous import actions as crous_actions
from messervices.foundations.crous import selectors as crous
from messervices.foundations.crous.forms import GrantRoleForm, ReasonForm, RoleForm
from messervices.foundations.crous.states import Right
from messervices.look import views as look


@require_http_methods(["GET", "POST"])
@for_agents(Right.GRANT_ROLE)
def agents(request: AgentRequest) -> HttpResponse:
    """Who holds which role, by office; an agent is found by the e-mail of the account (a POST: not in an address)."""
    if not request.actor.national:
        return look.forbidden(request)
    form = FindAgentForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        found = selectors.agent_by_email(form.cleaned_data["email"])
        if found is not None:
            return redirect("desk:agent", found.pk)
        form.add_error("email", _("Aucun compte d’agent n’a cette adresse."))
    context = {"form": form, "held": crous.agents_in_office(), "roles": crous.roles()}
    return show(request, "network/agents", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "POST"])
@for_agents(Right.GRANT_ROLE)
def agent(request: AgentRequest, user_id: int) -> HttpResponse:
    """One agent: roles held and ended, alarms; the form that gives one more."""
    if not request.actor.national:
        return look.forbidden(request)
    user = selectors.agent_account(user_id)
    if user is None:
        raise Http404
    form = GrantRoleForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        crous_actions.grant_role(by=request.actor, user=user, now=request.now, **form.cleaned_data)
        messages.success(request, _("Le rôle est donné : il vaut dès la page suivante de cet agent."))
        return redirect("desk:agent", user_id)
    context = {
        "agent": user,
        "form": form,
        "held": crous.roles_of(user_id),
        "ending": ReasonForm(),
        "deeds": selectors.deeds_on_agent(user_id),
        "rights": [label for code, label in selectors.known_rights().items() if code in user.rights],
    }
    return show(request, "network/agent", context, status=422 if form.is_bound else 200)


@require_POST
@for_agents(Right.GRANT_ROLE)
def end_role(request: AgentRequest, user_id: int, held_id: int) -> HttpResponse:
    """Take a role back, with the reason. Twice ends it once."""
    if not request.actor.national:
        return look.forbidden(request)
    if not any(held.pk == held_id for held in crous.roles_of(user_id)):
        raise Http404
    form = ReasonForm(request.POST)
    if form.is_valid():
        crous_actions.end_role(by=request.actor, agent_id=held_id, reason=form.cleaned_data["reason"], now=request.now)
        messages.success(request, _("Le rôle est retiré : il ne vaut plus dès la page suivante de cet agent."))
    else:
        messages.error(request, _("Dites pourquoi : la raison est gardée avec le retrait."))
    return redirect("desk:agent", user_id)


@require_http_methods(["GET", "POST"])
@for_agents(Right.DEFINE_ROLE)
def role(request: AgentRequest, code: str = "") -> HttpResponse:
    """What a role allows; every agent who holds it follows at once."""
    if not request.actor.national:
        return look.forbidden(request)
    known = next((one for one in crous.roles() if one.code == code), None)
    if code and known is None:
        raise Http404
    rights = sorted(selectors.known_rights().items())
    names = ("code", "label_fr", "label_en", "national", "rights")
    form = RoleForm(
        request.POST or None, rights=rights, initial={name: getattr(known, name) for name in names} if known else None
    )
    if known:
        form.fields["code"].disabled = True
    if request.method == "POST" and form.is_valid():
        crous_actions.define_role(by=request.actor, now=request.now, **form.cleaned_data)
        messages.success(request, _("Le rôle est composé : les agents qui le tiennent le suivent déjà."))
        return redirect("desk:agents")
    history = selectors.deeds_by_subject([f"crous.role:{code}"]).get(f"crous.role:{code}", []) if code else []
    context = {"form": form, "role": known, "history": history}
    return show(request, "network/role", context, status=422 if form.is_bound else 200)
