"""The shape of what people type: their situation, their city of study, a certificate to verify, an access asked."""

import re
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from messervices.foundations.crous import rules as crous_rules
from messervices.foundations.crous import selectors as crous
from messervices.foundations.crous.models import Establishment
from messervices.look.forms import LookupField
from messervices.services.cvec import actions, rules, selectors
from messervices.services.cvec.rules import Mobility, Place, Route
from messervices.services.cvec.states import GROUNDS, RequestKind, ShareClass, SharingKind


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


_UAI = re.compile(r"[0-9]{7}[A-Z]")


def schools_like(text: str) -> list[Establishment]:
    """Establishments by a UAI, old or new, or by words of their name and city."""
    found = crous.establishment_of(text) if _UAI.fullmatch("".join(text.split()).upper()) else None
    return [found] if found else crous.establishments_like(text)


def _school_label(uai: str) -> str:
    found = crous.establishment_of(uai)
    return found.label if found else ""


def _uai_slip(text: str) -> str:
    """What is wrong with a code that has the shape of a UAI; an empty text when nothing is."""
    bare = "".join(text.split()).upper()
    if _UAI.fullmatch(bare) and not crous_rules.uai_is_right(bare):
        return str(
            _("Une faute de frappe s’est glissée dans ce code UAI : sa lettre ne correspond pas à ses chiffres.")
        )
    return ""


class SchoolField(LookupField):
    """An establishment, by its UAI or by its name; a code that cannot be one is said as such."""

    def __init__(self, **kwargs: Any) -> None:
        """Search the reference data."""
        super().__init__(
            search=lambda text: [(one.pk, f"{one.label}, {one.pk}") for one in schools_like(text)],
            label_of=_school_label,
            url_name="cvec:schools",
            error_messages={
                "required": _("Tapez le code UAI de votre établissement, ou son nom."),
                "unknown": _(
                    "Nous ne trouvons pas « %(text)s » dans le répertoire. Un code UAI a sept chiffres et une lettre ;"
                    " votre rectorat le connaît. S’il est juste, écrivez à votre Crous : il vous ajoutera."
                ),
            },
            **kwargs,
        )

    def clean(self, value: Any) -> Any:
        """Find the establishment; a slip of the finger in its code comes first."""
        slip = _uai_slip(value[0] if isinstance(value, tuple) else "")
        if slip:
            raise forms.ValidationError(slip, code="slip")
        return super().clean(value)


class RegistrationForm(forms.Form):
    """Which establishment asks for access, by whom, and for which others it files."""

    uai = SchoolField(label=_("Établissement"), help_text=_("Code UAI (par exemple 0781944P) ou nom."))
    name_1 = forms.CharField(label=_("Prénom et nom"), max_length=120)
    email_1 = forms.EmailField(label=_("Adresse e-mail professionnelle"), max_length=254)
    phone_1 = forms.CharField(label=_("Téléphone"), max_length=20, required=False)
    name_2 = forms.CharField(label=_("Prénom et nom"), max_length=120)
    email_2 = forms.EmailField(label=_("Adresse e-mail professionnelle"), max_length=254)
    phone_2 = forms.CharField(label=_("Téléphone"), max_length=20, required=False)
    others = forms.CharField(
        label=_("Codes UAI des établissements rattachés"),
        help_text=_("Un par ligne, si vous déposez aussi leurs listes. Le Crous les valide un à un."),
        widget=forms.Textarea(attrs={"rows": 3}), max_length=2_000, required=False,
    )  # fmt: skip

    establishment: Establishment
    daughters: list[str]

    def clean_others(self) -> str:
        """Find each daughter by its code; say which is none."""
        text = self.cleaned_data["others"]
        asked = re.findall(r"[^\s,;]+", text)
        found = {code: crous.establishment_of(code) for code in asked}
        unknown = [code for code, one in found.items() if one is None]
        if unknown:
            raise forms.ValidationError(
                _("Ces codes UAI ne sont pas dans le répertoire : %(codes)s.") % {"codes": ", ".join(unknown)}
            )
        self.daughters = [one.pk for one in found.values() if one]
        return str(text)

    def clean(self) -> dict[str, Any]:
        """Two persons have two addresses."""
        data = super().clean() or {}
        if "uai" in data:
            found = crous.establishment_of(data["uai"])
            assert found is not None  # noqa: S101 - the field has just found it
            self.establishment = found
        if data.get("email_1") and data["email_1"].lower() == data.get("email_2", "").lower():
            self.add_error("email_2", _("Donnez une autre adresse : les deux référents ont chacun la leur."))
        return data

    @property
    def persons(self) -> list[actions.Named]:
        """The two persons; the form is valid."""
        said = self.cleaned_data
        return [actions.Named(said[f"name_{n}"], said[f"email_{n}"], said[f"phone_{n}"]) for n in (1, 2)]


class DaughterForm(forms.Form):
    """An establishment that one files for."""

    uai = SchoolField(label=_("Établissement rattaché"), help_text=_("Code UAI ou nom."))


class KeyForm(forms.Form):
    """The name of a key: which program holds it."""

    name = forms.CharField(
        label=_("Nom du programme"), help_text=_("Pour le reconnaître : « Scolarité », « Pégase »…"), max_length=60
    )


class RollForm(forms.Form):
    """A file of a yearly list, and what it is."""

    file = forms.FileField(
        label=_("Fichier CSV"),
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,text/csv,text/plain"}),
        error_messages={
            "required": _("Choisissez le fichier à déposer."),
            "empty": _("Ce fichier est vide. Rien n’a changé."),
        },
    )
    whole = forms.ChoiceField(
        label=_("Ce fichier contient"),
        widget=forms.RadioSelect,
        initial="part",
        choices=[
            ("part", _("des ajouts et des corrections : personne n’est retiré")),
            ("whole", _("toute la liste : les étudiants absents du fichier sont retirés, après votre accord")),
        ],
    )


class RefuseForm(forms.Form):
    """Why an access or a daughter is refused: the establishment reads it."""

    reason = forms.CharField(label=_("Raison"), widget=forms.Textarea(attrs={"rows": 3}), max_length=1_000)


class GroundForm(forms.Form):
    """On what ground something is asked, and what the student wants to add."""

    ground = forms.ChoiceField(
        label=_("Votre cas"), widget=forms.RadioSelect, error_messages={"required": _("Choisissez votre cas.")}
    )
    words = forms.CharField(
        label=_("Ce que vous voulez ajouter"),
        help_text=_("En quelques phrases. L’agent de votre Crous le lira."),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def __init__(self, *args: Any, kind: str, **kwargs: Any) -> None:
        """Offer the grounds of a kind of request."""
        super().__init__(*args, **kwargs)
        field: Any = self.fields["ground"]
        field.choices = [(ground.value, ground.label) for ground in GROUNDS[RequestKind(kind)]]


class PaperForm(forms.Form):
    """Which paper an agent asks for, and until when."""

    wanted = forms.CharField(
        label=_("Quelle pièce, et pourquoi"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Dites quelle pièce, et pourquoi : l’étudiant le lira.")},
    )
    wanted_by = forms.DateField(
        label=_("À déposer au plus tard le"),
        widget=forms.DateInput(attrs={"type": "date"}),
        error_messages={"required": _("Donnez une date."), "invalid": _("Donnez une date.")},
    )


class DrawForm(forms.Form):
    """Which sharing out to draw."""

    year = forms.ChoiceField(label=_("Année universitaire"))
    kind = forms.ChoiceField(label=_("Versement"), choices=SharingKind.choices, widget=forms.RadioSelect)

    def __init__(self, *args: Any, years: list[Any], **kwargs: Any) -> None:
        """``years`` are those whose terms are set."""
        super().__init__(*args, **kwargs)
        self.fields["year"].choices = [(str(year), str(year)) for year in years]  # type: ignore[attr-defined]  # a field with choices


class ClassForm(forms.Form):
    """In which class an establishment is, and what says so."""

    share_class = forms.ChoiceField(label=_("Classe"), choices=ShareClass.choices, widget=forms.RadioSelect)
    source = forms.CharField(label=_("Source"), help_text=_("Texte ou décision qui le dit."), max_length=300)
