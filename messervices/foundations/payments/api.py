"""The door for banks: a notice comes in as raw bytes, and is kept. Nothing of ours is told to whoever knocks."""

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from messervices.foundations.payments import actions
from messervices.foundations.payments.states import Verdict
from messervices.kernel import crash
from messervices.kernel.scope import EVERY, Scope, acting_as

LONGEST = 16 * 1024
"""Bytes. A notice of the bank has two or three thousand."""

_BANK = Scope("bank:lyra", crous=EVERY)
"""A bank acts for every Crous; which one a notice concerns is not known before it is read."""


def _say(text: str, status: int = 200) -> HttpResponse:
    return HttpResponse(text, status=status, content_type="text/plain")


# A bank's server has no session and no token of ours: the signature on the raw bytes is what proves who speaks.
@csrf_exempt
@require_POST
def lyra_notification(request: HttpRequest) -> HttpResponse:
    """Take a notice of Lyra: 200 once it is kept, whatever it says; 403 when it is not authentic, to be sent again."""
    if int(request.META.get("CONTENT_LENGTH") or 0) > LONGEST:
        return _say("too long", 413)
    raw = request.read(LONGEST + 1)
    if len(raw) > LONGEST:
        return _say("too long", 413)
    with acting_as(_BANK):
        verdict = actions.receive(rail="lyra", raw=raw, now=request.now)  # type: ignore[attr-defined]  # our middleware sets the time
    crash.point("payments.after_store")
    return _say("ok") if verdict == Verdict.GOOD else _say(str(verdict), 403)


app_name = "payments_api"
urlpatterns = [path("lyra/notification", lyra_notification, name="lyra")]
