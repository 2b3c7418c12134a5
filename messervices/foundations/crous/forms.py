"""Shapes of what the desk sends about dates, amounts, roles and referents. Nothing of the law."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from messervices.foundations.crous import rules, selectors
from messervices.foundations.crous.states import Certainty
from messervices.kernel.academic_year import AcademicYear
from messervices.kernel.period import Period
from messervices.look.forms import DayField, LookupField


class YearField(forms.CharField):
    """An academic year written ``2026-2027``."""

    default_error_messages = {"invalid": _("Écrivez l’année universitaire ainsi : 2026-2027.")}

    def __init__(self, **kwargs: Any) -> None:
        """Nine characters: no more can make sense."""
        super().__init__(max_length=9, **kwargs)

    def clean(self, value: Any) -> AcademicYear | None:
        """Give the year, or ``None`` when nothing was typed and nothing is required."""
        text = super().clean(value)
        if not text:
            return None
        try:
            return AcademicYear.of_label(text)
        except ValueError:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid") from None


class CentsField(forms.CharField):
    """An amount in euros, cleaned to whole cents."""

    default_error_messages = {"invalid": _("Écrivez un montant en euros, par exemple 105,00.")}

    def __init__(self, **kwargs: Any) -> None:
        """The keyboard of figures, on a phone."""
        super().__init__(max_length=16, **kwargs)
        self.widget.attrs["inputmode"] = "decimal"

    def clean(self, value: Any) -> int | None:
        """Give the cents, or ``None`` when nothing was typed and nothing is required."""
        text = super().clean(value)
        if not text:
            return None
        cents = rules.cents_of(text)
        if cents is None:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        return cents


def _crous_choices() -> list[tuple[str, Any]]:
    return [("", _("Tout le réseau")), *((str(crous.pk), crous.name) for crous in selectors.crous_list())]


def crous_field(**kwargs: Any) -> forms.TypedChoiceField:
    """Make a choice among the 26 Crous, or all of them (``None``)."""
    return forms.TypedChoiceField(
        choices=_crous_choices, coerce=int, empty_value=None, required=False, label=_("Crous"), **kwargs
    )


class DatesForm(forms.Form):
    """A first and a last day, both included; either may be left open."""

    opens_on = DayField(required=False, label=_("Premier jour"))
    closes_on = DayField(required=False, label=_("Dernier jour, inclus"))

    @property
    def period(self) -> Period:
        """The half-open period of these days, in Paris time. Only when the form is valid."""
        return rules.days_included(self.cleaned_data["opens_on"], self.cleaned_data["closes_on"])


class SourcedForm(forms.Form):
    """Where it comes from, how sure it is, and why it is changed: kept with every change."""

    source = forms.CharField(max_length=300, label=_("Source"), help_text=_("Texte, page ou décision qui le dit."))
    certainty = forms.ChoiceField(choices=Certainty.choices, label=_("Certitude"))
    reason = forms.CharField(max_length=500, label=_("Raison du changement"))


class WindowForm(DatesForm, SourcedForm):
    """The dates of a campaign. Which campaign is in the address of the page, or typed for a new one."""

    service = forms.RegexField(r"^[a-z_]+(\.[a-z_]+)*$", max_length=40, label=_("Service"))
    year = YearField(label=_("Année universitaire"))
    crous_id = crous_field()

    field_order = ("service", "year", "crous_id", "opens_on", "closes_on", "source", "certainty", "reason")


class AmountForm(SourcedForm):
    """An amount of a year."""

    kind = forms.CharField(max_length=40, label=_("Montant de"))
    year = YearField(label=_("Année universitaire"))
    amount_cents = CentsField(label=_("Montant en euros"))

    field_order = ("kind", "year", "amount_cents", "source", "certainty", "reason")


class GrantRoleForm(forms.Form):
    """A role for an agent."""

    role_code = forms.ChoiceField(choices=selectors.role_choices, label=_("Rôle"))
    crous_id = crous_field()
    reason = forms.CharField(max_length=500, label=_("Raison"))


class RoleForm(forms.Form):
    """What a role is called and what it allows. ``rights`` are those that the platform knows (given by the desk)."""

    code = forms.SlugField(max_length=40, label=_("Code"))
    label_fr = forms.CharField(max_length=80, label=_("Nom en français"))
    label_en = forms.CharField(max_length=80, label=_("Nom en anglais"))
    national = forms.BooleanField(required=False, label=_("Rôle national"))
    rights = forms.MultipleChoiceField(widget=forms.CheckboxSelectMultiple, label=_("Droits"))
    reason = forms.CharField(max_length=500, label=_("Raison"))

    def __init__(self, *args: Any, rights: list[tuple[str, Any]], **kwargs: Any) -> None:
        """``rights``: (code, label) of every right that may be given."""
        super().__init__(*args, **kwargs)
        self.fields["rights"].choices = rights  # type: ignore[attr-defined]  # a field with choices


def _establishment_label(uai: str) -> str:
    found = selectors.establishment_of(uai)
    return found.label if found else ""


class ReferentForm(forms.Form):
    """A referent for an establishment."""

    uai = LookupField(
        search=lambda text: [(one.uai, one.label) for one in selectors.establishments_like(text)],
        label_of=_establishment_label,
        label=_("Établissement"),
    )
    email = forms.EmailField(max_length=254, label=_("Adresse e-mail du référent"))
    reason = forms.CharField(max_length=500, label=_("Raison"))


class ReasonForm(forms.Form):
    """The reason of an end: of a role, of a referent."""

    reason = forms.CharField(max_length=500, label=_("Raison"))
