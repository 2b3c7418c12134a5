"""Shapes of what an accountant types: a file, what was found out, an account, a contract."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from messervices.foundations.payments.states import RailName
from messervices.foundations.treasury.models import BankAccount
from messervices.foundations.treasury.states import MatchedBy
from messervices.look.forms import DayField


class FileForm(forms.Form):
    """A file of the bank."""

    file = forms.FileField(
        label=_("Fichier de la banque"),
        help_text=_("Relevé camt.053, avis camt.054, ou fichier de règlement. Déposé deux fois, il ne compte qu’une."),
        error_messages={"required": _("Choisissez un fichier."), "empty": _("Ce fichier est vide.")},
    )


class ResolveForm(forms.Form):
    """What an accountant found out about a mismatch."""

    reason = forms.CharField(
        label=_("Ce que vous avez constaté"),
        help_text=_("Gardé avec l’écart, daté et signé. Ni nom, ni numéro de compte."),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Écrivez ce que vous avez constaté, en une phrase.")},
    )


class AccountForm(forms.Form):
    """A bank account of the Crous."""

    iban = forms.CharField(label=_("IBAN"), max_length=42, help_text=_("Tel qu’il est écrit sur le relevé."))
    label = forms.CharField(label=_("Nom du compte"), max_length=80, help_text=_("Par exemple « Dépôt de fonds »."))
    opened_on = DayField(label=_("Ouvert le"))
    source = forms.CharField(label=_("D’après quelle pièce"), max_length=300)


class CloseForm(forms.Form):
    """An account that is closed."""

    closed_on = DayField(label=_("Fermé le"))
    reason = forms.CharField(label=_("D’après quelle pièce"), max_length=300)


class ContractForm(forms.Form):
    """A contract of a rail: where it pays, what it costs, how its credits are known."""

    rail = forms.ChoiceField(label=_("Moyen de paiement"), choices=RailName.choices)
    number = forms.CharField(
        label=_("Numéro du contrat"), max_length=64, help_text=_("Tel qu’il figure dans les fichiers de règlement.")
    )
    account = forms.ChoiceField(label=_("Verse sur le compte"))
    rate = forms.IntegerField(
        label=_("Commission, en millièmes de pour cent"),
        help_text=_("350 pour 0,350 %. Vide si elle n’est pas convenue : aucun frais ne sera inattendu."),
        required=False,
        min_value=0,
        max_value=100_000,
    )
    fixed_cents = forms.IntegerField(label=_("Part fixe par opération, en centimes"), min_value=0, initial=0)
    settled_within_days = forms.IntegerField(
        label=_("Remis sous combien de jours de banque"), min_value=0, max_value=60, initial=4
    )
    within_days = forms.IntegerField(
        label=_("Crédité sous combien de jours de banque"), min_value=0, max_value=60, initial=3
    )
    matched_by = forms.ChoiceField(
        label=_("Comment reconnaître le versement"), choices=MatchedBy.choices, widget=forms.RadioSelect,
        initial=MatchedBy.REFERENCE,
    )  # fmt: skip
    source = forms.CharField(label=_("D’après quelle pièce"), max_length=300)

    def __init__(self, *args: Any, accounts: Iterable[BankAccount], **kwargs: Any) -> None:
        """``accounts`` are those the contract may pay into."""
        super().__init__(*args, **kwargs)
        self.fields["account"].choices = [(one.pk, str(one)) for one in accounts]  # type: ignore[attr-defined]  # a field with choices
