"""The shape of what people type; nothing of the law."""

from django import forms
from django.utils.translation import gettext_lazy as _


class WishForm(forms.Form):
    """One short text."""

    wish = forms.CharField(label=_("Ce que vous cherchez"), max_length=80)
