"""The page ``/design`` and the pages of errors."""

import datetime as dt
import math

from django import forms
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from messervices.look.forms import ChoiceCards, DayField, LookupField

_TOWNS = [
    ("78646", "Versailles (78000)"),
    ("78551", "Saint-Germain-en-Laye (78100)"),
    ("18214", "Saint-Germain-du-Puy (18390)"),
]
_ICONS = (
    "search", "arrow", "back", "down", "check", "close", "plus", "info", "warn", "bad",
    "ok", "lock", "globe", "user", "mail", "home", "list", "wallet", "qr", "card",
    "people", "cash", "paper", "seal", "download", "print", "calendar", "pin", "bed", "key",
    "euro", "mark", "filter", "external", "clock", "eye", "shield", "chat", "phone", "cap",
    "hand", "work", "meal", "building", "up", "edit", "offline", "undo", "share", "access",
    "tool", "gift", "theme", "exit", "copy", "book", "flag", "gear", "scale", "chart",
)  # fmt: skip


def _towns_like(text: str) -> list[tuple[str, str]]:
    """A short list for the example of a field that searches."""
    return [town for town in _TOWNS if text.casefold() in town[1].casefold()]


class ExampleForm(forms.Form):
    """Every kind of field, for the page of components only."""

    email = forms.EmailField(label=_("Adresse e-mail"), help_text=_("Une adresse par personne."))
    usual_name = forms.CharField(label=_("Nom d’usage"), required=False)
    year = forms.ChoiceField(label=_("Année"), choices=[("2026", "2026-2027"), ("2025", "2025-2026")])
    birth_on = DayField(label=_("Date de naissance"), help_text=_("Par exemple 14 3 2008."), latest=dt.date(2020, 1, 1))
    city = LookupField(
        label=_("Ville d’études"),
        help_text=_("Nom ou code postal, avec ou sans accents."),
        search=_towns_like,
        label_of=lambda value: dict(_TOWNS).get(value, ""),
        url_name="look:towns",
    )
    notice = forms.MultipleChoiceField(
        label=_("Me prévenir"),
        choices=[("mail", _("Par e-mail")), ("sms", _("Par SMS"))],
        widget=forms.CheckboxSelectMultiple,
    )
    proof = forms.FileField(label=_("Justificatif"), help_text=_("PDF ou photo, 5 Mo au plus."))
    message = forms.CharField(label=_("Votre message"), widget=forms.Textarea)
    way = forms.ChoiceField(
        label=_("Moyen de paiement"),
        choices=[("card", _("Par carte bancaire")), ("other", _("Quelqu’un paie pour moi"))],
        widget=ChoiceCards(
            notes={"card": _("Votre banque vous demande de confirmer."), "other": _("Un lien à lui envoyer.")},
            icons={"card": "card", "other": "people"},
        ),
    )
    agree = forms.BooleanField(label=_("J’ai relu mes réponses"))


class WrongForm(forms.Form):
    """A few fields filled badly, to show errors."""

    email = forms.EmailField(label=_("Adresse e-mail"), help_text=_("Une adresse par personne."))
    birth_on = DayField(label=_("Date de naissance"), help_text=_("Par exemple 14 3 2008."))
    city = LookupField(label=_("Ville d’études"), search=_towns_like, label_of=lambda _value: "", url_name="look:towns")
    agree = forms.BooleanField(label=_("J’ai relu mes réponses"))


def design(request: HttpRequest) -> HttpResponse:
    """Show every component with its states. Nothing on it is sent anywhere."""
    typed = {
        "email": "lina.exemple.fr",
        "birth_on_day": "31",
        "birth_on_month": "4",
        "birth_on_year": "2008",
        "city": "Saint",
    }
    return render(
        request,
        "look/design.html",
        {
            "form": ExampleForm(initial={"way": "card", "notice": ["mail"]}),
            "wrong": WrongForm(typed, auto_id="wrong_%s"),
            "icons": _ICONS,
            "steps": [_("Ma situation"), _("Ma ville"), _("Mon paiement"), _("Mon attestation")],
            "bars": [
                ("2024-2025", 2_140_000, "2,14 M"),
                ("2025-2026", 2_190_000, "2,19 M"),
                ("2026-2027", 830_000, "0,83 M"),
            ],
            "compared": [("24/08", 1_240, "1 240 €", 980, "980 €"), ("25/08", 760, "760 €", 1_110, "1 110 €")],
            "page": Paginator(range(240), 20).get_page(request.GET.get("page", 4)),
            "happened": [
                {"at": dt.datetime(2026, 8, 28, 12, 12, tzinfo=dt.UTC), "title": _("CVEC acquittée"), "fam": "enrol"},
                {
                    "at": dt.datetime(2026, 7, 12, 8, 0, tzinfo=dt.UTC),
                    "title": _("Identité enregistrée"),
                    "fam": "help",
                },
            ],
        },
    )


def towns(request: HttpRequest) -> JsonResponse:
    """Answer the example of a field that searches."""
    found = _towns_like(request.GET.get("q", ""))
    return JsonResponse({"results": [{"value": value, "label": label, "hint": ""} for value, label in found]})


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404: also what one gets for the file of somebody else."""
    return render(request, "look/404.html", status=404)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403: signed in, without the right."""
    return render(request, "look/403.html", status=403)


def too_many(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """429: too many tries; the sentence says for how long, in whole minutes (``wait`` is in seconds)."""
    wait = getattr(exception, "wait", 0) or 0
    return render(request, "look/429.html", {"minutes": math.ceil(wait / 60)}, status=429)


def broken(request: HttpRequest) -> HttpResponse:
    """500: something of ours broke. Asks the database nothing."""
    return render(request, "look/500.html", {"reference": getattr(request, "reference", "")}, status=500)
