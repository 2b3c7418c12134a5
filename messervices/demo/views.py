"""The demonstration's pages: who to sign in as, the mails that were sent, the bank's cards."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache

from messervices.demo import mailbox, selectors
from messervices.demo.states import CARDS, PASSWORD


@never_cache
def home(request: Any) -> HttpResponse:
    """Everything a newcomer needs on one page."""
    context = {
        "lines": selectors.lines(),
        "password": PASSWORD,
        "cards": CARDS,
        "bank": selectors.bank_address(),
        "mails": mailbox.newest(5),
    }
    return render(request, "demo/home.html", context)


@never_cache
def codes(_request: HttpRequest) -> JsonResponse:
    """The codes of the moment, by address: the page asks every few seconds."""
    return JsonResponse({line.sign_in.email: line.code for line in selectors.lines() if line.code})


@never_cache
def mails(request: HttpRequest) -> HttpResponse:
    """The mails, newest first."""
    return render(request, "demo/mails.html", {"mails": mailbox.newest()})


def _found(name: str) -> mailbox.Mail:
    found = mailbox.mail(name)
    if found is None:
        raise Http404
    return found


def mail(request: HttpRequest, name: str) -> HttpResponse:
    """One mail, as text with its links: what a reader without pictures sees."""
    return render(request, "demo/mail.html", {"mail": _found(name)})


def attachment(_request: HttpRequest, name: str, place: int) -> HttpResponse:
    """A file that came with a mail; always a download, never shown as a page of ours."""
    found = mailbox.attachment(_found(name).name, place)
    if found is None:
        raise Http404
    filename, media_type, content = found
    response = HttpResponse(content, content_type=media_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{filename.encode("ascii", "ignore").decode()}"'
    return response
