"""Shapes of what agents type. Nothing of the law here."""

import re
from collections.abc import Iterable
from datetime import date
from typing import Any

from django import forms
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from messervices.desk.states import NUMBER, Reason
from messervices.foundations.crous import selectors as crous
from messervices.foundations.documents.models import Paper
from messervices.foundations.students.rules import normal_ine, read_ine
from messervices.foundations.students.states import Civility, FactKind, Scheme
from messervices.look.forms import DayField, LookupField
from messervices.look.words import day

SHORTEST_REASON = 8
LONGEST_REASON = 500


class ReasonField(forms.CharField):
    """Why: a sentence that the person reads word for word."""

    def __init__(self, **kwargs: Any) -> None:
        """Give it its usual words; any may be replaced."""
        given: dict[str, Any] = {
            "label": _("Votre motif"),
            "help_text": _("Lu par la personne, mot pour mot."),
            "min_length": SHORTEST_REASON,
            "max_length": LONGEST_REASON,
            "widget": forms.Textarea(attrs={"rows": 3}),
            "error_messages": {
                "required": _("Dites pourquoi, en une phrase que la personne lira."),
                "min_length": _("C’est trop court pour être compris : écrivez une phrase."),
            },
        }
        super().__init__(**given | kwargs)

    def clean(self, value: Any) -> str:
        """A reason is kept and mailed about: it never carries a number that tells who somebody is."""
        text = str(super().clean(value))
        if any(read_ine(word).is_ine for word in re.findall(r"\w+", text)):
            raise forms.ValidationError(
                _("N’écrivez pas de numéro INE ici : ce texte est gardé et envoyé."), code="number"
            )
        return text


class OpenForm(forms.Form):
    """Why an agent opens a file that is not in their queue."""

    reason = forms.ChoiceField(
        label=_("Pourquoi ouvrez-vous ce dossier ?"),
        help_text=_("La personne lira ce motif, avec votre nom et la date, dans « Qui a regardé mon dossier »."),
        choices=Reason.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choisissez un motif.")},
    )
    words = ReasonField(label=_("Précisez, si c’est un autre motif"), required=False, help_text="")

    def clean(self) -> dict[str, Any]:
        """Another reason has to be said."""
        data = super().clean() or {}
        if data.get("reason") == Reason.OTHER and not data.get("words") and "words" not in self.errors:
            self.add_error("words", _("Écrivez ce motif : la personne le lira."))
        return data

    def sentence(self) -> str:
        """The reason as the student reads it: kept in French, the language of the platform's sentences."""
        if self.cleaned_data["words"]:
            return str(self.cleaned_data["words"])
        with translation.override("fr"):
            return str(Reason(self.cleaned_data["reason"]).label)


class DecideForm(forms.Form):
    """To whom a number belongs."""

    step = forms.ChoiceField(
        label=_("Décision"), widget=forms.RadioSelect, error_messages={"required": _("Choisissez une décision.")}
    )
    reason = ReasonField()

    def __init__(self, *args: Any, name: str, **kwargs: Any) -> None:
        """``name`` is the claimant's: the choices say it."""
        super().__init__(*args, **kwargs)
        self.fields["step"].choices = [  # type: ignore[attr-defined]  # a field with choices
            ("grant", _("L’INE est à %(name)s") % {"name": name}),
            ("refuse", _("L’INE reste à l’autre personne")),
            ("ask", _("Demander une pièce")),
        ]


def value_field(kind: str, language: str, today: date) -> forms.Field:
    """The field in which a part of the identity is typed."""
    if kind == NUMBER:
        return forms.CharField(label=_("INE"), max_length=30, help_text=_("11 signes, avec ou sans espaces."))
    label = FactKind(kind).label
    if kind == FactKind.BIRTH_ON:
        return DayField(label=label, latest=today)
    if kind == FactKind.CIVILITY:
        return forms.ChoiceField(label=label, choices=Civility.choices, required=False, widget=forms.RadioSelect)
    if kind == FactKind.NATIONALITY:
        return forms.ChoiceField(label=label, choices=crous.countries(language, historic=False))
    return forms.CharField(label=label, max_length=300, required=kind != FactKind.USUAL_NAME)


class CorrectForm(forms.Form):
    """A new value, why, and the proof: a file handed in now, or one that the person's file already holds."""

    reason = ReasonField()
    paper = forms.ChoiceField(label=_("Preuve déjà au dossier"), required=False)
    proof = forms.FileField(
        label=_("Nouvelle preuve"), required=False, help_text=_("PDF ou photo, 10 Mo au plus. La personne la verra.")
    )

    def __init__(
        self, *args: Any, kind: str, language: str, today: date, papers: Iterable[Paper], **kwargs: Any
    ) -> None:
        """``papers`` are the proofs already handed in for the person."""
        super().__init__(*args, **kwargs)
        self.kind = kind
        if kind == FactKind.BIRTH_PLACE:
            self._ask_place(language)
        else:
            self.fields["value"] = value_field(kind, language, today)
        known = [(str(paper.pk), f"{paper.name}, {day(paper.received_at)}") for paper in papers]
        self.fields["paper"].choices = [("", _("Aucune de celles-là")), *known]  # type: ignore[attr-defined]  # a field with choices
        if not known:
            self.fields["paper"].widget = forms.HiddenInput()
            self.fields["proof"].required = True
            self.fields["proof"].label = _("Preuve")
            self.fields["proof"].error_messages["required"] = _("Joignez la preuve.")
        self.order_fields(["value", "commune", "place", "country", "reason", "paper", "proof"])

    def _ask_place(self, language: str) -> None:
        self.fields["country"] = forms.ChoiceField(label=_("Pays de naissance"), choices=crous.countries(language))
        self.fields["commune"] = LookupField(
            label=_("Commune de naissance, en France"),
            required=False,
            search=_communes,
            label_of=_commune_label,
            url_name="desk:communes",
        )
        self.fields["place"] = forms.CharField(
            label=_("Ville de naissance, à l’étranger"), max_length=300, required=False
        )

    def clean(self) -> dict[str, Any]:
        """A proof is given one way or the other; a birth in France names its commune."""
        data = super().clean() or {}
        if not data.get("paper") and not data.get("proof") and "proof" not in self.errors:
            self.add_error("proof", _("Joignez la preuve, ou choisissez-en une qui est déjà au dossier."))
        if self.kind == FactKind.BIRTH_PLACE and not self.errors.keys() & {"commune", "country"}:
            if data["country"] == "FR" and not data["commune"]:
                self.add_error("commune", _("Cherchez la commune par son nom ou son code postal."))
            if data["country"] != "FR" and not data["place"]:
                self.add_error("place", _("Indiquez la ville."))
        return data

    def clean_value(self) -> Any:
        """A number has the shape of an INE, and is no provisional one: that is nothing to verify."""
        value = self.cleaned_data["value"]
        if self.kind == NUMBER and read_ine(value).scheme in {"", Scheme.PROVISIONAL}:
            raise forms.ValidationError(_("Ce n’est pas un INE : vérifiez les 11 signes sur la preuve."), code="ine")
        return value

    def stored(self) -> Any:
        """The value as the fact keeps it: an ISO date, a place in three parts, a code, or a text."""
        data = self.cleaned_data
        if self.kind == FactKind.BIRTH_PLACE:
            commune = crous.commune_of(data["commune"]) if data["country"] == "FR" else None
            if commune is not None:
                return {"commune": commune.code, "place": commune.name, "country": "FR"}
            return {"commune": "", "place": data["place"], "country": data["country"]}
        if self.kind == FactKind.BIRTH_ON:
            return data["value"].isoformat()
        if self.kind == NUMBER:
            return normal_ine(data["value"])
        return " ".join(data["value"].split())


def _communes(text: str) -> list[tuple[str, str]]:
    return [(commune.code, commune.label) for commune in crous.communes_like(text)]


def _commune_label(code: str) -> str:
    commune = crous.commune_of(code)
    return commune.label if commune else ""


class FindAgentForm(forms.Form):
    """The account of an agent."""

    email = forms.EmailField(label=_("Adresse e-mail du compte"), max_length=254)


class WhyForm(forms.Form):
    """Why something that concerns money is done: read by whoever is paid, when somebody is."""

    reason = ReasonField()


class AnswerFileForm(forms.Form):
    """An answer of the bank, as an agent fetched it."""

    file = forms.FileField(
        label=_("Réponse de la banque (pain.002)"),
        help_text=_("Le fichier XML tel que la banque le donne. Le même deux fois ne change rien."),
        error_messages={"required": _("Choisissez le fichier de la banque."), "empty": _("Ce fichier est vide.")},
    )


class NoteForm(forms.Form):
    """What an accountant found out."""

    note = forms.CharField(
        label=_("Ce que vous avez constaté"),
        help_text=_("Gardé avec cet avis, daté et signé. Ni nom, ni numéro de carte."),
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Écrivez ce que vous avez constaté, en une phrase.")},
    )


class ReturnFileForm(forms.Form):
    """A return file of the post offices."""

    file = forms.FileField(
        label=_("Fichier de La Poste"),
        help_text=_("Le fichier du jour, tel que vous l’avez reçu. Déposé deux fois, il n’est lu qu’une fois."),
        error_messages={
            "required": _("Choisissez un fichier."),
            "empty": _("Ce fichier est vide."),
        },
    )


class LineForm(NoteForm):
    """What an agent decides of a sum that nothing explains: one of the deeds open from where it stands."""

    deed = forms.ChoiceField(
        label=_("Décision"), widget=forms.RadioSelect, error_messages={"required": _("Choisissez une décision.")}
    )
    order_number = forms.CharField(
        label=_("Référence du paiement"),
        help_text=_("Les dix signes que l’étudiant lit sur sa page, par exemple sur son avis."),
        max_length=16,
        required=False,
    )
    field_order = ("deed", "order_number", "note")

    def __init__(self, *args: Any, in_suspense: bool, has_order: bool, **kwargs: Any) -> None:
        """``in_suspense``: the money is there and waits; ``has_order``: the notice that it names says whose it is."""
        super().__init__(*args, **kwargs)
        self.has_order = has_order
        choices = [("close", _("Classer : cette somme n’est pas pour nous, ou nous l’avions déjà"))]
        if in_suspense:
            choices = [
                ("match", _("Rapprocher : elle paie la commande ci-dessous")),
                ("give_back", _("Rendre : à la personne de la commande ci-dessous")),
                *choices,
            ]
        self.fields["deed"].choices = choices  # type: ignore[attr-defined]  # a field with choices

    def clean(self) -> dict[str, Any]:
        """Matching names an order; giving back too, unless the line's own notice does."""
        data = super().clean() or {}
        wanted = data.get("deed") == "match" or (data.get("deed") == "give_back" and not self.has_order)
        if wanted and not data.get("order_number"):
            self.add_error("order_number", _("Écrivez la référence du paiement."))
        return data
