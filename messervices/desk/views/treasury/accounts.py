"""Bank accounts of a Crous and contracts of the rails: declared, changed, closed, each with its document."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from messervices.desk.views.door import AgentRequest, for_agents
from messervices.desk.views.treasury.door import draw, office_of
from messervices.foundations.treasury import actions, selectors
from messervices.foundations.treasury.forms import AccountForm, CloseForm, ContractForm
from messervices.foundations.treasury.states import SEE, SET_ACCOUNT
from messervices.kernel.errors import Refusal


@require_GET
@for_agents(SEE)
def accounts(request: AgentRequest) -> HttpResponse:
    """Which accounts are the Crous's, and what each contract pays into and costs."""
    crous_id = office_of(request)
    context = {
        "accounts": selectors.accounts_of(request.actor, crous_id),
        "contracts": selectors.contracts_of(request.actor, crous_id),
        "may_set": request.actor.may(SET_ACCOUNT),
        "here": "treasury_accounts",
    }
    return draw(request, "accounts", crous_id, context)


@require_http_methods(["GET", "POST"])
@for_agents(SET_ACCOUNT)
def account_new(request: AgentRequest) -> HttpResponse:
    """Declare a bank account."""
    crous_id = office_of(request)
    form = AccountForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.set_account(by=request.actor, crous_id=crous_id, now=request.now, **form.cleaned_data)
        except Refusal as refusal:
            form.add_error("iban", str(refusal.sentence))
        else:
            messages.success(request, _("Le compte est déclaré : ses relevés seront acceptés."))
            return _back(request)
    context = {"form": form, "here": "treasury_accounts"}
    return draw(request, "account_new", crous_id, context, status=422 if form.is_bound else 200)


def _back(request: AgentRequest) -> HttpResponse:
    """Go back to the accounts of the Crous that was looked at."""
    return redirect(f"{reverse('desk:treasury_accounts')}?{request.GET.urlencode()}")


@require_http_methods(["GET", "POST"])
@for_agents(SET_ACCOUNT)
def account(request: AgentRequest, pk: int) -> HttpResponse:
    """One account, and the form that says it is closed."""
    found = selectors.account_of(request.actor, pk)
    if found is None:
        raise Http404
    form = CloseForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.close_account(by=request.actor, account_id=pk, now=request.now, **form.cleaned_data)
        except Refusal as refusal:
            if refusal.code != "step_closed":
                raise
        messages.success(request, _("Le compte est fermé. Ses relevés restent."))
        return _back(request)
    context = {"account": found, "form": form, "here": "treasury_accounts"}
    return draw(request, "account", found.crous_id, context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "POST"])
@for_agents(SET_ACCOUNT)
def contract(request: AgentRequest) -> HttpResponse:
    """Declare a contract, or change one that has the same number: the old conditions stay, dated."""
    crous_id = office_of(request)
    open_ = [one for one in selectors.accounts_of(request.actor, crous_id) if one.closed_on is None]
    number = request.GET.get("number", "")
    known = next((one for one in selectors.contracts_of(request.actor, crous_id) if one.number == number), None)
    names = ("rail", "number", "rate", "fixed_cents", "settled_within_days", "within_days", "matched_by", "source")
    initial = {name: getattr(known, name) for name in names} | {"account": known.account_id} if known else None
    form = ContractForm(request.POST or None, accounts=open_, initial=initial)
    if request.method == "POST" and form.is_valid():
        data = dict(form.cleaned_data)
        try:
            actions.set_contract(by=request.actor, account_id=int(data.pop("account")), now=request.now, **data)
        except Refusal as refusal:
            form.add_error("number", str(refusal.sentence))
        else:
            messages.success(request, _("Le contrat est déclaré."))
            return _back(request)
    context = {"form": form, "accounts": open_, "here": "treasury_accounts"}
    return draw(request, "contract", crous_id, context, status=422 if form.is_bound else 200)
