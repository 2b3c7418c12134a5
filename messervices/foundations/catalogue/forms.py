"""Shapes of what the desk sends about tiles and announcements. Nothing of the law."""

from django import forms
from django.core.validators import URLValidator
from django.utils.translation import gettext_lazy as _

from messervices.foundations.catalogue.actions import AnnouncementText, EntryText
from messervices.foundations.catalogue.states import AnnouncementKind, Perimeter, Section
from messervices.foundations.crous.forms import DatesForm, SourcedForm, YearField, crous_field

_ADDRESS = {"invalid": _("L’adresse commence par https:// et mène au service.")}


class EntryForm(DatesForm, SourcedForm):
    """A tile that leads to another site."""

    slug = forms.SlugField(max_length=40, label=_("Code"))
    section = forms.ChoiceField(choices=Section.choices, label=_("Rubrique"))
    title_fr = forms.CharField(max_length=80, label=_("Titre en français"))
    title_en = forms.CharField(max_length=80, label=_("Titre en anglais"))
    sentence_fr = forms.CharField(max_length=200, label=_("Phrase en français"))
    sentence_en = forms.CharField(max_length=200, label=_("Phrase en anglais"))
    address = forms.URLField(
        max_length=200, assume_scheme="https", validators=[URLValidator(schemes=["https"])], error_messages=_ADDRESS,
        label=_("Adresse"),
    )  # fmt: skip
    icon = forms.SlugField(max_length=24, label=_("Icône"))
    keywords = forms.CharField(max_length=300, required=False, label=_("Mots pour la recherche"))
    position = forms.IntegerField(min_value=0, max_value=9999, label=_("Place dans la rubrique"))

    @property
    def text(self) -> EntryText:
        """What the action takes. Only when the form is valid."""
        said = {
            name: value for name, value in self.cleaned_data.items() if name not in {"opens_on", "closes_on", "reason"}
        }
        return EntryText(**said, opens_at=self.period.opens_at, closes_at=self.period.closes_at)


class AnnouncementForm(DatesForm, SourcedForm):
    """An announcement, its perimeter and its dates."""

    slug = forms.SlugField(max_length=60, label=_("Code"))
    kind = forms.ChoiceField(choices=AnnouncementKind.choices, label=_("Ton"))
    title_fr = forms.CharField(max_length=120, label=_("Titre en français"))
    title_en = forms.CharField(max_length=120, label=_("Titre en anglais"))
    body_fr = forms.CharField(max_length=1000, widget=forms.Textarea, label=_("Texte en français"))
    body_en = forms.CharField(max_length=1000, widget=forms.Textarea, label=_("Texte en anglais"))
    perimeter = forms.ChoiceField(choices=Perimeter.choices, label=_("Qui la voit"))
    crous_id = crous_field()
    service = forms.SlugField(max_length=40, required=False, label=_("Service de la campagne"))
    year = YearField(required=False, label=_("Année de la campagne"))

    @property
    def text(self) -> AnnouncementText:
        """What the action takes. Only when the form is valid."""
        said = {
            name: value for name, value in self.cleaned_data.items() if name not in {"opens_on", "closes_on", "reason"}
        }
        return AnnouncementText(**said, opens_at=self.period.opens_at, closes_at=self.period.closes_at)


class WithdrawForm(forms.Form):
    """The reason of a withdrawal."""

    reason = forms.CharField(max_length=500, label=_("Raison"))
