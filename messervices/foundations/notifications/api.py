"""The door for whoever carries our mails and SMS: a signed notice comes in as raw bytes, and is kept."""

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from messervices.foundations.notifications import actions
from messervices.kernel import crash
from messervices.kernel.scope import EVERY, Scope, acting_as

LONGEST = 16 * 1024
"""Bytes. A notice has a few hundred."""

_CARRIER = Scope("carrier:mail", crous=EVERY)
"""A carrier tells of everybody's mails; whose one is, is not known before it is read."""


def _say(text: str, status: int = 200) -> HttpResponse:
    return HttpResponse(text, status=status, content_type="text/plain")


# A carrier's server has no session and no token of ours: the signature on the raw bytes is what proves who speaks.
@csrf_exempt
@require_POST
def report(request: HttpRequest) -> HttpResponse:
    """Take a notice: 200 once it is kept, whatever it says; 403 when no key of ours signed it, to be sent again."""
    if int(request.META.get("CONTENT_LENGTH") or 0) > LONGEST:
        return _say("too long", 413)
    raw = request.read(LONGEST + 1)
    if len(raw) > LONGEST:
        return _say("too long", 413)
    signature = request.headers.get("X-Report-Signature", "")
    with acting_as(_CARRIER):
        kept = actions.receive_notice(raw=raw, signature=signature, now=request.now)  # type: ignore[attr-defined]  # our middleware sets the time
    crash.point("notifications.report_kept")
    return _say("ok") if kept else _say("not signed", 403)


app_name = "messages_api"
urlpatterns = [path("reports", report, name="report")]
