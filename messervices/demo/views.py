"""The demonstration's pages: who to sign in as, the mails that were sent, the bank's cards."""

from typing import Any

from csp.constants import NONE, SELF, UNSAFE_INLINE
from csp.decorators import csp, csp_update
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_sameorigin

from messervices.demo import mailbox, selectors
from messervices.demo.forms import PersonForm
from messervices.demo.states import CARDS, PASSWORD

_SHOWN = 100


@never_cache
def home(request: Any) -> HttpResponse:
    """Everything a newcomer needs on one page."""
    context = {
        "lines": selectors.lines(),
        "password": PASSWORD,
        "cards": CARDS,
        "bank": selectors.bank_address(),
        "asked": selectors.payer_link(),
        "mails": selectors.received(5),
    }
    return render(request, "demo/home.html", context)


@never_cache
def codes(_request: HttpRequest) -> JsonResponse:
    """The codes of the moment, by address: the page asks every few seconds."""
    return JsonResponse({line.sign_in.email: line.code for line in selectors.lines() if line.code})


@never_cache
def mails(request: HttpRequest) -> HttpResponse:
    """The mails and SMS, newest first; those of one person when the page asks for them."""
    everybody = selectors.received()
    people = sorted({one.who for one in everybody})
    wanted = request.GET.get("to", "")
    form = PersonForm(request.GET or None, people=people)
    shown = [one for one in everybody if one.who == wanted] if wanted in people else everybody
    return render(request, "demo/mails.html", {"mails": shown[:_SHOWN], "form": form, "wanted": wanted})


def _found(name: str) -> mailbox.Mail:
    found = mailbox.mail(name)
    if found is None:
        raise Http404
    return found


@csp_update({"frame-src": [SELF]})
def mail(request: HttpRequest, name: str) -> HttpResponse:
    """One mail: as it looks, as text with its links, and with what programs read of it; or one SMS."""
    return render(request, "demo/mail.html", {"mail": _found(name)})


# What stands in a mail is not ours to trust: no script, nothing loaded from anywhere, no form; links lead out of it.
@xframe_options_sameorigin
@csp(
    {
        "default-src": [NONE],
        "style-src": [UNSAFE_INLINE],
        "base-uri": [NONE],
        "form-action": [NONE],
        "frame-ancestors": [SELF],
        "sandbox": ["allow-top-navigation-by-user-activation"],
    }
)
def html(_request: HttpRequest, name: str) -> HttpResponse:
    """The HTML of a mail, for the frame that shows it."""
    found = _found(name)
    if not found.html:
        raise Http404
    return HttpResponse(found.html.replace("<head>", '<head><base target="_top">', 1))


def attachment(_request: HttpRequest, name: str, place: int) -> HttpResponse:
    """A file that came with a mail; always a download, never shown as a page of ours."""
    found = mailbox.attachment(_found(name).name, place)
    if found is None:
        raise Http404
    filename, media_type, content = found
    response = HttpResponse(content, content_type=media_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{filename.encode("ascii", "ignore").decode()}"'
    return response
