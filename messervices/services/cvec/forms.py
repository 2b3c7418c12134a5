"""The shape of what people type: their situation, their city of study, a certificate to verify."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from messervices.foundations.crous import selectors as crous
from messervices.look.forms import LookupField
from messervices.services.cvec import rules, selectors
from messervices.services.cvec.rules import Mobility, Place, Route


class SituationForm(forms.Form):
    """Three questions; nothing of the answers is kept."""

    place = forms.ChoiceField(
        label=_("Où allez-vous étudier ?"),
        widget=forms.RadioSelect,
        choices=[
            (Place.HIGHER, _("Dans une université, une école, un institut ou un CFA du supérieur, en France")),
            (Place.CPGE, _("En classe préparatoire (CPGE), dans un lycée")),
            (Place.LYCEE, _("En BTS, DMA ou diplôme de comptabilité, dans un lycée ou une MFR")),
            (Place.ABROAD, _("Sur le campus à l’étranger d’une école française, où je paie mes frais")),
        ],
        error_messages={"required": _("Choisissez le lieu de vos études.")},
    )
    route = forms.ChoiceField(
        label=_("À quel titre ?"),
        widget=forms.RadioSelect,
        choices=[
            (Route.INITIAL, _("En formation initiale : étudiant, apprenti, à distance ou non")),
            (Route.CESURE, _("En année de césure, en restant inscrit")),
            (Route.CONTINUING, _("En formation continue, y compris en contrat de professionnalisation")),
            (Route.HDR, _("Pour une habilitation à diriger des recherches (HDR)")),
        ],
        error_messages={"required": _("Choisissez à quel titre vous étudiez.")},
    )
    mobility = forms.ChoiceField(
        label=_("Êtes-vous entre deux établissements ?"),
        widget=forms.RadioSelect,
        choices=[
            (Mobility.NONE, _("Non, un seul établissement")),
            (Mobility.DOUBLE, _("Oui, je prépare un double diplôme ou j’ai plusieurs inscriptions")),
            (Mobility.INCOMING, _("Oui, je viens de l’étranger en échange (Erasmus+, accord), sans frais en France")),
        ],
        error_messages={"required": _("Dites si vous êtes entre deux établissements.")},
    )

    def answer(self) -> rules.Liability:
        """Give what the three answers lead to; the form is valid."""
        data = self.cleaned_data
        return rules.liability(Place(data["place"]), Route(data["route"]), Mobility(data["mobility"]))


def _search(text: str) -> list[tuple[str, str]]:
    """Matches as radio buttons: with the département, since thirty communes may share a name."""
    return [(one.code, f"{one.label}, {one.departement.name}") for one in crous.communes_like(text)]


def _label(code: str) -> str:
    commune = crous.commune_of(code)
    return commune.label if commune else ""


class CityForm(forms.Form):
    """The city where the establishment is, by name or postcode."""

    city = LookupField(
        label=_("Ville de votre établissement"),
        help_text=_(
            "Son nom ou son code postal, par exemple Versailles ou 78000. Pas la vôtre, si elle est différente."
        ),
        search=_search,
        label_of=_label,
        url_name="cvec:communes",
        error_messages={
            "required": _("Tapez le nom ou le code postal de la ville où vous étudierez."),
            "unknown": _("Nous ne trouvons pas « %(text)s ». Vérifiez l’orthographe, ou essayez son code postal."),
        },
    )


class VerifyForm(forms.Form):
    """A certificate's number and the first letters of the name, however they are typed."""

    number = forms.CharField(
        label=_("Numéro de l’attestation"),
        help_text=_("Par exemple VER6 KQTRMB 42. Les espaces, les tirets et les minuscules ne comptent pas."),
        max_length=80,
        error_messages={"required": _("Tapez le numéro écrit sur l’attestation.")},
    )
    letters = forms.CharField(
        label=_("Cinq premières lettres du nom"),
        help_text=_("Nom de naissance ou nom d’usage. Le nom entier convient aussi."),
        max_length=300,
        error_messages={
            "required": _("Tapez les premières lettres du nom : elles prouvent que vous avez l’attestation.")
        },
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Ask for no letters when they were typed behind the number, as they are printed."""
        super().__init__(*args, **kwargs)
        self.fields["letters"].required = not selectors.asked(str(self.data.get("number", ""))).letters

    def clean(self) -> dict[str, Any]:
        """Read both, and say what is wrong with a number that cannot be one."""
        data = super().clean() or {}
        if "number" not in data:
            return data
        asked = selectors.asked(data["number"], data.get("letters", ""))
        if asked.typed_badly:
            self.add_error(
                "number", _("Une faute de frappe s’est glissée dans ce numéro : comparez-le à l’attestation.")
            )
        elif not asked.number:
            self.add_error(
                "number",
                _("Ce n’est pas la forme d’un numéro : trois lettres, un chiffre, six lettres, deux chiffres."),
            )
        data["asked"] = asked
        return data
