"""The page behind the link "no more mails of this kind": nobody needs to sign in to be left alone."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from messervices.foundations.notifications import actions, selectors
from messervices.kernel.scope import Scope, acting_as


# A mail program posts here by itself (RFC 8058), without page or cookie: the signed token is what allows it, and it
# allows this one thing.
@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def stop(request: HttpRequest, token: str) -> HttpResponse:
    """Say what would be stopped; stop it at the press of the button. Mail scanners open links: that stops nothing."""
    found = selectors.stop_of(token)
    if found is None:
        return render(request, "notifications/stop.html", {"topic": None}, status=410)
    person_id, topic = found
    if request.method == "POST":
        with acting_as(Scope("notifications.stop", person=person_id)):
            actions.stop_topic(person_id=person_id, topic=topic, now=request.now)  # type: ignore[attr-defined]  # our middleware sets the time
    return render(request, "notifications/stop.html", {"topic": topic, "done": request.method == "POST"})
