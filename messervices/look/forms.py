"""Form fields that every room uses: a date in three parts, a text that searches a list, and their drawing."""

import datetime as dt
from collections.abc import Callable, Iterable
from typing import Any

from django import forms
from django.forms.renderers import DjangoTemplates
from django.forms.utils import flatatt
from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _


class LookRenderer(DjangoTemplates):
    """Makes ``{{ form.name.as_field_group }}`` and ``{{ form }}`` look like the rest (setting FORM_RENDERER)."""

    form_template_name = "look/form.html"
    field_template_name = "look/field_group.html"


class DayWidget(forms.MultiWidget):
    """Three short inputs: day, month, year. Easier than any calendar for a date one knows by heart."""

    look = "day"
    use_fieldset = True

    def __init__(self, attrs: dict[str, Any] | None = None, *, autocomplete: str = "") -> None:
        """``autocomplete="bday"`` lets the browser fill a birth date."""
        parts = {}
        for part in ("day", "month", "year"):
            own = {"inputmode": "numeric", "maxlength": 4 if part == "year" else 2}
            if autocomplete:
                own["autocomplete"] = f"{autocomplete}-{part}"
            parts[part] = forms.TextInput(attrs=own)
        super().__init__(parts, attrs)

    def decompress(self, value: dt.date | None) -> list[Any]:
        """Cut a date in its three parts."""
        return [value.day, value.month, value.year] if value else ["", "", ""]


class DayField(forms.MultiValueField):
    """A calendar day typed in three parts. An impossible day (31 April) is said as such; what was typed stays."""

    default_error_messages = {
        "required": _("Indiquez le jour, le mois et l’année."),
        "incomplete": _("Il manque le jour, le mois ou l’année."),
        "invalid": _("Cette date n’existe pas. Vérifiez le jour et le mois, par exemple 14 3 2008."),
        "too_early": _("Cette date est trop ancienne. Vérifiez l’année."),
        "too_late": _("Cette date n’est pas possible : vérifiez l’année."),
    }

    def __init__(
        self,
        *,
        earliest: dt.date = dt.date(1900, 1, 1),
        latest: Callable[[], dt.date] | dt.date | None = None,
        autocomplete: str = "",
        **kwargs: Any,
    ) -> None:
        """Bounds are inclusive; ``latest`` may be a function, asked at each validation."""
        self.earliest, self.latest = earliest, latest
        parts = tuple(forms.CharField(required=False) for _part in range(3))
        super().__init__(parts, widget=DayWidget(autocomplete=autocomplete), require_all_fields=False, **kwargs)

    def clean(self, value: Any) -> dt.date | None:
        """Read the three parts; raises ValidationError with codes of ``default_error_messages``."""
        parts = [str(part or "").strip() for part in (value or ["", "", ""])]
        if not any(parts):
            if self.required:
                raise forms.ValidationError(self.error_messages["required"], code="required")
            return None
        if not all(parts):
            raise forms.ValidationError(self.error_messages["incomplete"], code="incomplete")
        try:
            day, month, year = (int(part) for part in parts)
            answer = dt.date(year, month, day)
        except (ValueError, OverflowError):
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid") from None
        if answer < self.earliest:
            raise forms.ValidationError(self.error_messages["too_early"], code="too_early")
        latest = self.latest() if callable(self.latest) else self.latest
        if latest is not None and answer > latest:
            raise forms.ValidationError(self.error_messages["too_late"], code="too_late")
        return answer


class LookupWidget(forms.Widget):
    """A text that searches a long list.

    Posts three names: the text, ``-pick`` (the value chosen) and ``-asked`` (the text for which the choice was made: a
    choice made for another text does not count).
    """

    look = "lookup"
    template_name = "look/widgets/lookup.html"

    def __init__(self, attrs: dict[str, Any] | None = None, *, url_name: str = "") -> None:
        """``url_name`` names a view that answers ``?q=`` with ``{"results": [{"value", "label", "hint"}]}``."""
        super().__init__(attrs)
        self.url_name = url_name
        self.options: list[tuple[str, str]] = []

    def value_from_datadict(self, data: Any, files: Any, name: str) -> tuple[str, str, str]:
        """Read (text, pick, asked)."""
        return (
            str(data.get(name, "")).strip(),
            str(data.get(f"{name}-pick", "")).strip(),
            str(data.get(f"{name}-asked", "")).strip(),
        )

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        """Tell whether the form did not carry this field at all."""
        return name not in data

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """Give the template the text, the choice made and the choices to show."""
        text, pick, asked = value if isinstance(value, tuple) else (value or "", "", "")
        context = super().get_context(name, text, attrs)
        context["widget"].update(
            value=text,
            pick=pick if asked == text else "",
            asked=text,
            options=self.options,
            url_name=self.url_name,
        )
        return context


class LookupField(forms.Field):
    """A value found by typing a part of its label: a commune, an establishment.

    With script a list opens under the field. Without, the form comes back with the matches as radio buttons.
    ``search(text)`` returns (value, label) pairs, best first; ``label_of(value)`` the label of a stored value or "".
    Cleans to the value (str), or "" when not required.
    """

    default_error_messages = {
        "required": _("Tapez un nom ou un code postal."),
        "unknown": _("Nous ne trouvons pas « %(text)s ». Vérifiez l’orthographe, ou essayez le code postal."),
        "choose": _("Choisissez dans la liste ce qui correspond à « %(text)s »."),
    }

    def __init__(
        self,
        *,
        search: Callable[[str], Iterable[tuple[str, str]]],
        label_of: Callable[[str], str],
        url_name: str = "",
        **kwargs: Any,
    ) -> None:
        """Keep the two questions to the list."""
        self.search, self.label_of = search, label_of
        kwargs.setdefault("widget", LookupWidget(url_name=url_name))
        super().__init__(**kwargs)

    def prepare_value(self, value: Any) -> Any:
        """Show the label of a stored value."""
        if isinstance(value, tuple):
            return value
        label = self.label_of(value) if value else ""
        return (label, value or "", label)

    def clean(self, value: Any) -> str:
        """Give the value that the text and the choice stand for."""
        text, pick, asked = value if isinstance(value, tuple) else (str(value or ""), "", "")
        if not text:
            if self.required:
                raise forms.ValidationError(self.error_messages["required"], code="required")
            return ""
        if pick and asked == text and self.label_of(pick):
            return pick
        found = list(self.search(text))
        exact = [one for one in found if one[1].casefold() == text.casefold()]
        if len(exact) == 1 or len(found) == 1:
            return (exact or found)[0][0]
        self.widget.options = found
        code = "choose" if found else "unknown"
        raise forms.ValidationError(self.error_messages[code], code=code, params={"text": text})


class LongSelect(forms.Select):
    """A list of hundreds of options, written at once: Django draws each by a template, a tenth of a second in all."""

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> SafeString:
        """Write the list. Flat choices only."""
        chosen = {str(one) for one in self.format_value(value)}
        options = format_html_join(
            "",
            '<option value="{}"{}>{}</option>',
            ((code, mark_safe(" selected") if str(code) in chosen else "", label) for code, label in self.choices),
        )
        own = self.build_attrs(self.attrs, {"name": name, **(attrs or {})})
        return format_html("<select{}>{}</select>", flatatt(own), options)


class ChoiceCards(forms.RadioSelect):
    """Radio buttons drawn as cards, for two to four weighty choices. ``notes`` maps a value to a sentence."""

    look = "cards"

    def __init__(
        self,
        attrs: dict[str, Any] | None = None,
        choices: Any = (),
        *,
        notes: dict[str, str | Promise] | None = None,
        icons: dict[str, str] | None = None,
    ) -> None:
        """``icons`` maps a value to the name of an icon."""
        super().__init__(attrs, choices)
        self.notes, self.icons = notes or {}, icons or {}
