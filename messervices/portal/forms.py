"""Forms of the portal: the shape of what is typed, nothing of the law."""

import datetime as dt
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from messervices.foundations.accounts.states import Language
from messervices.foundations.crous import selectors as crous
from messervices.foundations.notifications.rules import phone_number
from messervices.foundations.students.models import Person
from messervices.foundations.students.rules import INE_LENGTH, Identity, read_ine
from messervices.foundations.students.states import Civility, IdentifierStatus
from messervices.kernel.messages import Topic
from messervices.look.forms import DayField, LongSelect, LookupField

YOUNGEST_YEARS = 10
"""Nobody younger studies in higher education; a later year is a slip of the keyboard."""

NAME_LENGTH = 300
FRANCE = "FR"


def years_before(day: dt.date, years: int) -> dt.date:
    """The same day some years earlier; 29 February becomes the 28th."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)


class NameField(forms.CharField):
    """A name in any script, as its bearer writes it: apostrophes, hyphens and spaces are kept, up to 300 signs."""

    default_error_messages = {
        "no_letter": gettext_lazy("Un nom contient au moins une lettre."),
        "control": gettext_lazy("Ce nom contient un caractère invisible. Tapez-le à nouveau plutôt que de le coller."),
    }

    def __init__(self, **kwargs: Any) -> None:
        """Set the greatest length."""
        super().__init__(max_length=NAME_LENGTH, **kwargs)

    def clean(self, value: Any) -> str:
        """Compose accents and single the spaces; refuse what cannot be a name."""
        text = " ".join(unicodedata.normalize("NFC", super().clean(value)).split())
        if not text:
            return ""
        if any(unicodedata.category(sign) in ("Cc", "Co", "Cs") for sign in text):
            raise forms.ValidationError(self.error_messages["control"], code="control")
        if not any(sign.isalpha() for sign in text):
            raise forms.ValidationError(self.error_messages["no_letter"], code="no_letter")
        return text


def communes_for_field(text: str) -> list[tuple[str, str]]:
    """Communes that look like what was typed, as a list to choose from."""
    return [(commune.code, commune.label) for commune in crous.communes_like(text)]


def commune_label(code: str) -> str:
    """How a commune is written in a list."""
    commune = crous.commune_of(code)
    return commune.label if commune else ""


class IdentityForm(forms.Form):
    """Who are you: asked once, for every service."""

    birth_name = NameField(
        label=gettext_lazy("Nom de naissance"),
        help_text=gettext_lazy("Celui de votre acte de naissance ou de votre passeport."),
    )
    usual_name = NameField(
        label=gettext_lazy("Nom d’usage"),
        required=False,
        help_text=gettext_lazy("Seulement si vous utilisez un autre nom, par exemple après un mariage."),
    )
    first_names = NameField(
        label=gettext_lazy("Prénoms"),
        help_text=gettext_lazy("Tous, dans l’ordre, séparés par une espace. Par exemple : Lina Sarah."),
    )
    civility = forms.ChoiceField(
        label=gettext_lazy("Civilité"),
        required=False,
        choices=[(choice.value, choice.label) for choice in Civility if choice.value],
        widget=forms.RadioSelect,
    )
    birth_on = DayField(
        label=gettext_lazy("Date de naissance"), help_text=gettext_lazy("Par exemple 14 3 2008."), autocomplete="bday"
    )
    birth_country = forms.ChoiceField(
        label=gettext_lazy("Pays de naissance"),
        widget=LongSelect,
        help_text=gettext_lazy("Le nom qu’il avait à votre naissance : les pays disparus sont dans la liste."),
    )
    birth_commune = LookupField(
        label=gettext_lazy("Commune de naissance"),
        help_text=gettext_lazy("Nom ou code postal, avec ou sans accents."),
        required=False,
        search=communes_for_field,
        label_of=commune_label,
        url_name="portal:communes",
    )
    birth_place = NameField(label=gettext_lazy("Ville de naissance"), required=False)
    nationality = forms.ChoiceField(label=gettext_lazy("Nationalité"), widget=LongSelect)
    ine = forms.CharField(
        label=gettext_lazy("Numéro INE"),
        required=False,
        max_length=40,
        help_text=gettext_lazy(
            "11 caractères, sur votre relevé de notes du bac ou votre carte d’étudiant. Espaces et minuscules acceptés."
        ),
    )
    no_ine = forms.BooleanField(
        label=gettext_lazy("Je n’ai pas d’INE : donnez-moi un numéro provisoire"), required=False
    )

    def __init__(self, *args: Any, today: dt.date, **kwargs: Any) -> None:
        """``today`` bounds the birth date; the lists of countries follow the language of the page."""
        super().__init__(*args, **kwargs)
        language = get_language() or "fr"
        blank = [("", _("Choisissez"))]
        self.fields["birth_country"].choices = blank + list(crous.countries(language))
        self.fields["nationality"].choices = blank + list(crous.countries(language, historic=False))
        self.fields["birth_on"].latest = years_before(today, YOUNGEST_YEARS)
        for name, fill in (("birth_name", "family-name"), ("first_names", "given-name"), ("birth_country", "country")):
            self.fields[name].widget.attrs["autocomplete"] = fill
        self.fields["ine"].widget.attrs |= {
            "autocapitalize": "characters",
            "spellcheck": "false",
            "autocomplete": "off",
        }

    def clean_ine(self) -> str:
        """Read the number; say what is wrong with its length or shape, and show the good form."""
        typed = self.cleaned_data["ine"]
        if not typed.strip():
            return ""
        reading = read_ine(typed)
        if reading.is_ine:
            return reading.value
        length = len(reading.value)
        if length != INE_LENGTH:
            sentence = ngettext(
                "Il y a %(length)d caractère ; un INE en a 11.",
                "Il y a %(length)d caractères ; un INE en a 11.",
                length,
            )
            raise forms.ValidationError(sentence % {"length": length}, code="length")
        raise forms.ValidationError(
            _("Ce numéro n’a la forme d’aucun INE. Comparez-le au papier, par exemple 0601234567H ou 061234567AB."),
            code="shape",
        )

    def clean(self) -> dict[str, Any]:
        """What is needed depends on other answers: the commune in France, the INE unless one has none."""
        data = super().clean() or {}
        if "ine" in data and "ine" not in self.errors:
            if not data["ine"] and not data.get("no_ine"):
                self.add_error("ine", _("Tapez votre INE, ou cochez « Je n’ai pas d’INE »."))
            elif data["ine"] and data.get("no_ine"):
                self.add_error("no_ine", _("Vous avez tapé un INE : décochez cette case, ou effacez le numéro."))
        if data.get("birth_country") == FRANCE:
            if "birth_commune" not in self.errors and not data.get("birth_commune"):
                self.add_error("birth_commune", _("Tapez le nom ou le code postal de votre commune de naissance."))
        elif "birth_commune" in self.errors and data.get("birth_country"):
            del self.errors["birth_commune"]  # born abroad: the commune is not asked
        return data

    def identity(self) -> Identity:
        """The answers as the students' room takes them."""
        data = self.cleaned_data
        in_france = data["birth_country"] == FRANCE
        commune = crous.commune_of(data["birth_commune"]) if in_france else None
        return Identity(
            birth_name=data["birth_name"],
            usual_name="" if data["usual_name"] == data["birth_name"] else data["usual_name"],
            first_names=data["first_names"],
            birth_on=data["birth_on"],
            birth_country=data["birth_country"],
            birth_commune=commune.code if commune else "",
            birth_place=commune.name if commune else data["birth_place"],
            nationality=data["nationality"],
            civility=data["civility"],
            ine=data["ine"],
        )


def known_identity(person: Person) -> Mapping[str, Any]:
    """What the form shows to somebody who has already said who they are."""
    fields = ("birth_name", "usual_name", "first_names", "birth_on", "birth_country", "nationality", "civility")
    provisional = person.ine_status == IdentifierStatus.DISPUTED or read_ine(person.ine).scheme == "provisional"
    return {name: getattr(person, name) for name in fields} | {
        "birth_commune": person.birth_commune,
        "birth_place": "" if person.birth_commune else person.birth_place,
        "ine": "" if provisional else person.ine,
        "no_ine": provisional,
    }


HOME_PREFIX = "33"
"""The country of a telephone number that names none."""


class ContactForm(forms.Form):
    """How one wants to be written to: language, topics by mail, a number for what is urgent."""

    language = forms.ChoiceField(
        label=gettext_lazy("Langue de vos messages"), choices=Language.choices, widget=forms.RadioSelect
    )
    mail = forms.MultipleChoiceField(
        label=gettext_lazy("E-mails que vous pouvez arrêter"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy(
            "Décochez ce que vous ne voulez plus recevoir par e-mail : cela reste dans vos messages."
        ),
    )
    phone = forms.CharField(
        label=gettext_lazy("Téléphone portable"),
        required=False,
        max_length=40,
        help_text=gettext_lazy(
            "De n’importe quel pays. Hors de France, commencez par l’indicatif, par exemple +39 347 123 4567."
        ),
    )
    sms = forms.BooleanField(label=gettext_lazy("M’envoyer un SMS quand c’est urgent"), required=False)

    def __init__(self, *args: Any, topics: Iterable[Topic], **kwargs: Any) -> None:
        """``topics``: those whose mails may be stopped."""
        super().__init__(*args, **kwargs)
        self.topics = list(topics)
        self.fields["mail"].choices = [(topic.value, topic.label) for topic in self.topics]
        self.fields["phone"].widget.attrs |= {"autocomplete": "tel", "inputmode": "tel"}

    def clean_phone(self) -> str:
        """Read a number of any country; say how to write one that is none."""
        typed = self.cleaned_data["phone"]
        number = phone_number(typed, HOME_PREFIX)
        if typed.strip() and not number:
            raise forms.ValidationError(
                _("Ce numéro n’est pas complet. Par exemple 06 12 34 56 78, ou +39 347 123 4567."), code="shape"
            )
        return number

    def mail_off(self) -> list[str]:
        """The topics that were not kept."""
        return [topic.value for topic in self.topics if topic.value not in self.cleaned_data["mail"]]
