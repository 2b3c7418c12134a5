"""What who got a link sees: a first name, an amount, what for. They pay, or refuse, and that is all the link can do.

Nobody signs in here, and no cookie gives a right: the secret in the address does. So the forms carry no token of ours,
nothing is kept in a cache or an index, and no site that one goes on to is told the address one comes from.
"""

import secrets
from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from messervices.foundations.accounts import actions as accounts
from messervices.foundations.accounts import selectors as accounts_read
from messervices.foundations.payments import actions, rules, selectors
from messervices.foundations.payments.forms import MailReceiptForm, ReceiptForm, RefuseForm
from messervices.foundations.payments.models import PayerLink
from messervices.foundations.payments.rules import PayerState
from messervices.kernel.errors import ProviderUnavailable, Refusal
from messervices.kernel.scope import Scope, acting_as
from messervices.look.views import too_many

View = Callable[..., HttpResponse]
PARIS = ZoneInfo("Europe/Paris")
_OVER = 410
_A_MONTH = 30 * 24 * 3600
_WRONG_FORM = 422


def _by_link(view: View) -> View:
    """Find the link of the secret, and act in the scope of its student; for a secret that is none, say nothing."""

    @csrf_exempt  # the secret in the address is what lets one pay or refuse: there is no other right to abuse
    @never_cache
    @wraps(view)
    def guarded(request: Any, token: str) -> HttpResponse:
        read = rules.read_token(token)
        link = selectors.link_by_token(read)
        if link is None:
            return _discreet(_missed(request))
        with acting_as(Scope("payer", person=link.person_id)):
            return _discreet(view(request, link, read))

    return guarded


def _discreet(response: HttpResponse) -> HttpResponse:
    """Keep the address out of indexes, and from every site that one goes on to."""
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    return response


def _missed(request: Any) -> HttpResponse:
    """A secret that is none: the page of every link that is over, and after twenty a minute of a network, a wait."""
    try:
        accounts.insist(actions.GUESS_NETWORK, request.now, "payments.link.guess", accounts_read.network(request))
    except accounts.TooMany as wait:
        response = too_many(request, wait)
        response["Retry-After"] = str(wait.wait)
        return response
    return _over(request)


def _over(request: Any) -> HttpResponse:
    """Expired, used, cancelled, refused, cut short or invented: one page, which does not say which."""
    return render(request, "payments/payer/over.html", status=_OVER)


def _cookie(link: PayerLink) -> str:
    return f"payer-{link.uuid.hex[:12]}"


def _key(request: Any, link: PayerLink) -> str:
    """What this browser holds of a payment that it began by this link; "" for nothing."""
    return str(request.COOKIES.get(_cookie(link), ""))[:64]


@_by_link
@require_safe
def payer(request: Any, link: PayerLink, token: str) -> HttpResponse:
    """Ask whether one wants to pay; or say where one's payment stands, or that another is paying, or nothing."""
    sight = selectors.payer_sight(link, _key(request, link))
    if sight.state == PayerState.OVER:
        return _over(request)
    if sight.state == PayerState.PAID:
        return _paid(request, link, token, MailReceiptForm())
    _ask_if_silent(sight, link, request)
    return _sight_page(request, "payments/payer/payer.html", link, sight, token)


@_by_link
@require_POST
def payer_go(request: Any, link: PayerLink, token: str) -> HttpResponse:
    """Accept, and leave for the bank. Who is second waits on the page of the link."""
    key = _key(request, link) or secrets.token_urlsafe(16)
    back = reverse("pay:payer_back", args=[link.uuid])
    try:
        gone = actions.go_to_bank(
            uuid=link.order.uuid,
            person_id=link.person_id,
            language=get_language() or "fr",
            back_url=request.build_absolute_uri(back),
            now=request.now,
            by_link=actions.ByLink(link.pk, key),
        )
    except Refusal:
        return _over(request)
    except ProviderUnavailable:
        sight = selectors.payer_sight(link, key)
        return _sight_page(request, "payments/payer/bank_down.html", link, sight, token, status=503)
    if gone.form is None:
        return redirect("pay:payer", token=token)
    context = {"order": gone.order, "form": gone.form, "token": token}
    response = (
        render(request, "payments/payer/leave.html", context)
        if gone.form.fields
        else HttpResponseRedirect(gone.form.action_url)
    )
    response.set_cookie(
        _cookie(link), key, max_age=_A_MONTH, path=reverse("pay:payer_cut"), secure=request.is_secure(), httponly=True,
        samesite="Lax",
    )  # fmt: skip
    return response


@_by_link
@require_http_methods(["GET", "HEAD", "POST"])
def payer_refuse(request: Any, link: PayerLink, token: str) -> HttpResponse:
    """Ask once more, with a word to the student if one likes; then refuse."""
    sight = selectors.payer_sight(link, _key(request, link))
    if sight.state not in {PayerState.ASKED, PayerState.AGAIN}:
        return redirect("pay:payer", token=token)
    form = RefuseForm(request.POST) if request.method == "POST" else RefuseForm()
    if not form.is_bound or not form.is_valid():
        return _sight_page(request, "payments/payer/refuse.html", link, sight, token, form=form)
    try:
        refused = actions.refuse_link(link_id=link.pk, word=form.cleaned_data["word"], now=request.now)
    except Refusal:  # somebody began to pay at this very moment
        return redirect("pay:payer", token=token)
    return render(request, "payments/payer/refused.html") if refused else _over(request)


@_by_link
@require_safe
def payer_state(request: Any, link: PayerLink, token: str) -> HttpResponse:
    """Tell the waiting page where to go: 204 while nothing has changed, else an address."""
    sight = selectors.payer_sight(link, _key(request, link))
    _ask_if_silent(sight, link, request)
    if request.GET.get("shown", "") == sight.state:
        return HttpResponse(status=204)
    return JsonResponse({"url": reverse("pay:payer", args=[token])})


@_by_link
@require_http_methods(["GET", "HEAD", "POST"])
def payer_receipt(request: Any, link: PayerLink, token: str) -> HttpResponse:
    """Show the receipt as a sheet to print, with the name that one has typed: it is kept nowhere."""
    receipt = selectors.payer_receipt(link, _key(request, link))
    if receipt is None:
        return redirect("pay:payer", token=token)
    form = ReceiptForm(request.POST)
    name = form.cleaned_data["name"] if form.is_valid() else ""
    with timezone.override(ZoneInfo(receipt.timezone)):
        context = {"receipt": receipt, "name": name, "token": token, "about": _about(link.order.kind)}
        return render(request, "payments/payer/receipt.html", context)


@_by_link
@require_POST
def payer_mail(request: Any, link: PayerLink, token: str) -> HttpResponse:
    """Send the receipt to the payer's address."""
    receipt = selectors.payer_receipt(link, _key(request, link))
    if receipt is None:
        return redirect("pay:payer", token=token)
    form = MailReceiptForm(request.POST)
    if not form.is_valid():
        return _paid(request, link, token, form)
    if not accounts.take_rate(actions.MAIL_PAYER, request.now, "payments.link.receipt", link.pk):
        form.add_error("to", _("Le reçu a déjà été envoyé plusieurs fois aujourd’hui. Vous pouvez l’imprimer."))
        return _paid(request, link, token, form)
    actions.mail_receipt(
        link_id=link.pk, receipt=receipt, language=get_language() or "fr", now=request.now, **form.cleaned_data
    )
    messages.success(request, _("Le reçu est parti à cette adresse."))
    return redirect("pay:payer", token=token)


@never_cache
@require_safe
def payer_back(request: Any, uuid: UUID) -> HttpResponse:
    """Come back from the bank, which knows no secret of ours: it is noted, and who began goes on to their page."""
    link = selectors.link_by_uuid(uuid)
    if link is None:
        return _discreet(_missed(request))
    with acting_as(Scope("payer", person=link.person_id)):
        actions.note_return(order_id=link.order_id, link_id=link.pk, now=request.now)
    address = selectors.link_address(link)
    if address and selectors.is_theirs(link, _key(request, link)):
        return _discreet(redirect(urlsplit(address).path))
    return _discreet(render(request, "payments/payer/returned.html"))


def _ask_if_silent(sight: selectors.PayerSight, link: PayerLink, request: Any) -> None:
    """Have the bank asked, at most every 15 seconds, while somebody waits for what it will say."""
    if sight.state in {PayerState.UNCONFIRMED, PayerState.BUSY}:
        actions.queue_question(order_id=link.order_id, now=request.now)


def _about(kind: str) -> list[str]:
    """The templates that may say what is paid for: the service's own, or none."""
    return [f"{kind.partition('.')[0]}/about_payment.html", "payments/payer/about.html"]


def _sight_page(
    request: Any, template: str, link: PayerLink, sight: selectors.PayerSight, token: str, **more: Any
) -> HttpResponse:
    """A page about what one may be told, in the hours of Paris, which it names: the payer may be anywhere."""
    status = more.pop("status", _WRONG_FORM if "form" in more and more["form"].errors else 200)
    with timezone.override(PARIS):
        context = {"sight": sight, "token": token, "about": _about(sight.kind), **more}
        return render(request, template, context, status=status)


def _paid(request: Any, link: PayerLink, token: str, form: MailReceiptForm) -> HttpResponse:
    """Thank, and give the receipt: to print, or by mail."""
    receipt = selectors.payer_receipt(link, _key(request, link))
    assert receipt is not None  # noqa: S101 - the callers looked
    with timezone.override(ZoneInfo(receipt.timezone)):
        context = {"receipt": receipt, "token": token, "form": form}
        return render(request, "payments/payer/paid.html", context, status=_WRONG_FORM if form.errors else 200)
