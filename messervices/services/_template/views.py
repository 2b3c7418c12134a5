"""Pages: read the form and the clock, make one call, show the result."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render

from messervices.services._template import rules, selectors
from messervices.services._template.forms import WishForm


def home(request: Any) -> HttpResponse:
    """What the service is, and what it knows of who reads."""
    person_id = request.actor.person_id
    known = selectors.known_kinds(person_id) if person_id else set()
    form = WishForm(request.GET if "wish" in request.GET else None)
    context = {
        "form": form,
        "ready": rules.is_ready(known),
        "wish": form.cleaned_data["wish"] if form.is_valid() else "",
    }
    return render(request, "_template/home.html", context)
