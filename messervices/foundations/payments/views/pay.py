"""A student leaves for the bank, comes back, and is told what is known. Nothing here books anything."""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any
from uuid import UUID

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from messervices.foundations.payments import actions, selectors
from messervices.foundations.payments.models import Order
from messervices.foundations.payments.states import CARD
from messervices.kernel.errors import ProviderUnavailable

PATIENCE = timedelta(seconds=4)
"""How long after the return the bank's own notice is waited for, before the bank is asked."""

SLOW = timedelta(seconds=20)
"""After this the page says that the bank is slow to answer."""

View = Callable[..., HttpResponse]


def own_order(view: View) -> View:
    """Ask for a signed-in student; somebody else's order is no order at all (404)."""

    @never_cache
    @wraps(view)
    def guarded(request: Any, uuid: UUID) -> HttpResponse:
        if request.actor.person_id is None:
            return redirect_to_login(reverse("pay:show", args=[uuid]))
        try:
            return view(request, uuid)
        except Order.DoesNotExist:
            raise Http404 from None

    return guarded


@own_order
@require_POST
def go(request: Any, uuid: UUID) -> HttpResponse:
    """Leave for the bank: by its address, or by a page that posts its form, with a button for who has no script.

    ``rail`` is the means that was chosen (a card when nothing was); ``leave``: they did not pay at a bank that is
    silent now, and want another.
    """
    rail = request.POST.get("rail") or CARD
    try:
        gone = actions.go_to_bank(
            uuid=uuid,
            person_id=request.actor.person_id,
            language=get_language() or "fr",
            back_url=request.build_absolute_uri(reverse("pay:back", args=[uuid])),
            now=request.now,
            rail=rail[:16],
            mail=request.user.email,
            leave_silent=request.POST.get("leave") == "yes",
        )
    except ProviderUnavailable:
        standing = selectors.standing_of(uuid, request.actor.person_id)
        context = {"standing": standing, "rail": rail, "others": selectors.other_means(standing)}
        return render(request, "payments/bank_down.html", context, status=503)
    if gone.form is None:
        return redirect("pay:show", uuid=uuid)
    if not gone.form.fields:
        return HttpResponseRedirect(gone.form.action_url)
    return render(request, "payments/leave.html", {"order": gone.order, "form": gone.form})


@own_order
@require_safe
def back(request: Any, uuid: UUID) -> HttpResponse:
    """Come back from the bank: noted, never believed. The bank tells our server, not the browser."""
    order = selectors.order_of(uuid, request.actor.person_id)
    actions.note_return(order_id=order.pk, now=request.now)
    return redirect("pay:show", uuid=uuid)


@own_order
@require_safe
def show(request: Any, uuid: UUID) -> HttpResponse:
    """Say where the payment stands; once paid, go on to where the service shows what was bought."""
    standing = selectors.standing_of(uuid, request.actor.person_id)
    if standing.state == "paid":
        return redirect(standing.order.return_path)
    if standing.is_by_link:
        return redirect("pay:link", uuid=uuid)
    _ask_if_silent(standing, request)
    slow = standing.is_waiting and _since_return(standing, request) >= SLOW
    means = [] if standing.is_waiting else selectors.means_now(standing.order.amount_cents)
    context = {"standing": standing, "order": standing.order, "slow": slow, "means": means}
    return render(request, "payments/standing.html", context)


@own_order
@require_safe
def state(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Tell the waiting page where to go: 204 while nothing is known, else an address."""
    actor, shown = request.actor, request.GET.get("shown", "")  # type: ignore[attr-defined]  # our middleware sets the actor
    standing = selectors.standing_of(uuid, actor.person_id)
    if standing.state == "paid":
        return JsonResponse({"url": standing.order.return_path})
    _ask_if_silent(standing, request)
    slow = "slow" if standing.is_waiting and _since_return(standing, request) >= SLOW else ""
    if shown == f"{standing.state}{slow}":
        return HttpResponse(status=204)
    return JsonResponse({"url": reverse("pay:show", args=[uuid])})


def _since_return(standing: selectors.Standing, request: Any) -> timedelta:
    attempt = standing.attempt
    if attempt is None:
        return timedelta()
    return request.now - (attempt.returned_at or attempt.begun_at)  # type: ignore[no-any-return]  # a time less a time


def _ask_if_silent(standing: selectors.Standing, request: Any) -> None:
    """Have the bank asked when a student waits and the bank has said nothing for some seconds."""
    came_back = standing.attempt is not None and standing.attempt.returned_at is not None
    if standing.state == "unconfirmed" and came_back and _since_return(standing, request) >= PATIENCE:
        actions.queue_question(order_id=standing.order.pk, now=request.now)
