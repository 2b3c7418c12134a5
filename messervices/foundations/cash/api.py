"""The door for La Banque Postale: a return file comes in as raw bytes, signed, and is kept before anything is done."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from messervices.foundations.cash import actions
from messervices.foundations.cash.providers import delivery
from messervices.foundations.cash.states import Origin
from messervices.kernel import crash
from messervices.kernel.actor import Actor
from messervices.kernel.scope import EVERY, Scope, acting_as

_BANK = Scope("bank:eficash", crous=EVERY)
"""A file speaks of every Crous."""


def _say(text: str, status: int = 200) -> HttpResponse:
    return HttpResponse(text, status=status, content_type="text/plain")


# A bank's server has no session and no token of ours: the signature on the raw bytes is what proves who speaks.
@csrf_exempt
@require_POST
def return_file(request: HttpRequest) -> HttpResponse:
    """Take a return file: 201 once it is kept, 200 when these bytes were known; 403 unsigned, 413 too long.

    What the file is worth is said later, at the desk: whoever delivers learns only that it has arrived.
    """
    longest = settings.EFICASH_FILE_MAX_BYTES
    if int(request.META.get("CONTENT_LENGTH") or 0) > longest:
        return _say("too long", 413)
    raw = request.read(longest + 1)
    if len(raw) > longest:
        return _say("too long", 413)
    now = request.now  # type: ignore[attr-defined]  # our middleware sets the time
    secrets = tuple(one for one in (settings.EFICASH_SECRET, settings.EFICASH_SECRET_PREVIOUS) if one)
    if not delivery.is_signed(raw, request.headers.get(delivery.HEADER, ""), secrets=secrets, now=now):
        return _say("not signed", 403)
    with acting_as(_BANK):
        received = actions.receive_file(
            raw=raw, name=f"{now:%Y%m%d-%H%M%S}.csv", origin=Origin.DELIVERY, by=Actor.system("bank:eficash"), now=now
        )
    crash.point("cash.after_store")
    return _say("known" if received.known else "kept", 200 if received.known else 201)


app_name = "cash_api"
urlpatterns = [path("return-file", return_file, name="return_file")]
