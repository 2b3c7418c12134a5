"""Shapes of what is typed about an account. The law of it is in ``rules``; services may put this form in their own."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from messervices.foundations.payouts import rules
from messervices.foundations.payouts.providers import registry
from messervices.foundations.payouts.rules import Typed
from messervices.foundations.payouts.selectors import typed_refusal

LONGEST_IBAN_TYPED = 60


class IbanField(forms.CharField):
    """An IBAN typed once, however spaced: the key is checked, the country too. Cleans to the plain IBAN."""

    def __init__(self, **kwargs: Any) -> None:
        """Give it its usual words; any may be replaced."""
        given: dict[str, Any] = {
            "label": _("IBAN"),
            "help_text": _(
                "Il est sur votre RIB et dans l’application de votre banque. Les comptes de toute l’Europe conviennent."
            ),
            "max_length": LONGEST_IBAN_TYPED,
            "widget": forms.TextInput(
                attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "characters"}
            ),
            "error_messages": {"required": _("Écrivez l’IBAN du compte.")},
        }
        super().__init__(**given | kwargs)

    def clean(self, value: Any) -> str:
        """Judge it; what is wrong is said with what to do."""
        plain = rules.plain_iban(super().clean(value))
        judged = rules.judge_iban(plain, registry.sepa_countries())
        if judged != Typed.RIGHT:
            raise forms.ValidationError(str(typed_refusal(judged, plain).sentence), code=str(judged))
        return plain


class BankDetailsForm(forms.Form):
    """Where the money is to go. Never keep what was typed here in a session, a draft or an address."""

    iban = IbanField()
    holder = forms.CharField(
        label=_("Titulaire du compte"),
        help_text=_("Le nom écrit sur le RIB. Si ce n’est pas le vôtre, un agent vérifiera avant le premier virement."),
        max_length=rules.LONGEST_NAME,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": _("Écrivez le nom du titulaire, comme sur le RIB.")},
    )

    def clean_holder(self) -> str:
        """Ask for letters that banks accept."""
        holder = str(self.cleaned_data["holder"])
        if not rules.sepa_text(holder, rules.LONGEST_NAME):
            raise forms.ValidationError(_("Écrivez le nom du titulaire en lettres latines, comme sur le RIB."))
        return holder
