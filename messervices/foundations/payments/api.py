"""The door for banks: a notice comes in as raw bytes, and is kept. Nothing of ours is told to whoever knocks."""

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from messervices.foundations.payments import actions
from messervices.foundations.payments.states import Verdict
from messervices.kernel import crash
from messervices.kernel.scope import EVERY, Scope, acting_as

LONGEST = {"lyra": 16 * 1024, "stripe": 64 * 1024, "payfip": 1024}
"""Bytes. Lyra's notices have two or three thousand, Stripe's webhooks ten."""


def _say(text: str, status: int = 200) -> HttpResponse:
    return HttpResponse(text, status=status, content_type="text/plain")


def _notification(request: HttpRequest, rail: str) -> HttpResponse:
    """Take a notice: 200 once it is kept, whatever it says; 403 when it is not authentic, to be sent again."""
    longest = LONGEST[rail]
    if int(request.META.get("CONTENT_LENGTH") or 0) > longest:
        return _say("too long", 413)
    raw = request.read(longest + 1)
    if len(raw) > longest:
        return _say("too long", 413)
    signature = request.headers.get("Stripe-Signature", "")
    # A bank acts for every Crous; which one a notice concerns is not known before it is read.
    with acting_as(Scope(f"bank:{rail}", crous=EVERY)):
        verdict = actions.receive(rail=rail, raw=raw, signature=signature, now=request.now)  # type: ignore[attr-defined]  # our middleware sets the time
    crash.point("payments.after_store")
    return _say("ok") if verdict in {Verdict.GOOD, Verdict.HINT} else _say(str(verdict), 403)


# A bank's server has no session and no token of ours: what proves who speaks is the signature on the raw bytes, or, of
# PayFiP, what it answers when we ask.
@csrf_exempt
@require_POST
def lyra_notification(request: HttpRequest) -> HttpResponse:
    """Take a notice of Lyra."""
    return _notification(request, "lyra")


@csrf_exempt
@require_POST
def stripe_notification(request: HttpRequest) -> HttpResponse:
    """Take a webhook of Stripe."""
    return _notification(request, "stripe")


@csrf_exempt
@require_POST
def payfip_notification(request: HttpRequest) -> HttpResponse:
    """Take a notice of PayFiP, which proves nothing and makes us ask."""
    return _notification(request, "payfip")


app_name = "payments_api"
urlpatterns = [
    path("lyra/notification", lyra_notification, name="lyra"),
    path("stripe/notification", stripe_notification, name="stripe"),
    path("payfip/notification", payfip_notification, name="payfip"),
]
