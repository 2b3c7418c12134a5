"""The shape of what is typed around a payer's link."""

from typing import Any

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _


def _email(label: Any, hint: Any) -> forms.EmailField:
    attrs = {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false", "inputmode": "email"}
    return forms.EmailField(label=label, help_text=hint, max_length=254, widget=forms.EmailInput(attrs))


class MailLinkForm(forms.Form):
    """Where to send the link, and in which language."""

    to = _email(_("Adresse e-mail de votre proche"), _("Elle n’est pas gardée une fois l’e-mail parti."))
    language = forms.ChoiceField(label=_("En quelle langue"), choices=[("fr", "Français"), ("en", "English")])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Begin with the language of the page."""
        super().__init__(*args, **kwargs)
        self.fields["language"].initial = "en" if get_language() == "en" else "fr"


class RefuseForm(forms.Form):
    """A word to the student, or none."""

    word = forms.CharField(
        label=_("Un mot pour l’étudiant"),
        help_text=_("200 caractères au plus. Il le lira dans ses messages."),
        max_length=200,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class ReceiptForm(forms.Form):
    """The name that a receipt bears, which is kept nowhere."""

    name = forms.CharField(
        label=_("Nom à porter sur le reçu"),
        max_length=80,
        required=False,
        widget=forms.TextInput({"autocomplete": "name"}),
    )


class MailReceiptForm(ReceiptForm):
    """Where to send a receipt."""

    to = _email(_("Votre adresse e-mail"), _("Elle n’est pas gardée une fois l’e-mail parti."))
    field_order = ("to", "name")
