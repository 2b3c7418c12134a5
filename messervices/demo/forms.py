"""The one question of the mailbox: whose mails."""

from collections.abc import Iterable

from django import forms
from django.utils.translation import gettext_lazy as _

from messervices.look.forms import LongSelect


class PersonForm(forms.Form):
    """Whose mails and SMS are shown."""

    to = forms.ChoiceField(label=_("Messages de"), required=False, widget=LongSelect)

    def __init__(self, *args: object, people: Iterable[str], **kwargs: object) -> None:
        """``people``: the addresses that something went to."""
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # Django's own
        self.fields["to"].choices = [("", _("tout le monde")), *((one, one) for one in people)]  # type: ignore[attr-defined]  # a choice has choices
