"""Tags and filters of every page: the shell, icons, form fields, money, dates and numbers to read aloud."""

from functools import lru_cache
from typing import Any

from django import forms, template
from django.forms.boundfield import BoundField
from django.template.base import FilterExpression, Parser, Token
from django.template.context import Context
from django.template.loader import get_template
from django.templatetags.i18n import do_translate
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext

from messervices.look import shell as shells
from messervices.look.icons import icon_html
from messervices.look.words import count, day, euros, hour, iso, masked, moment, spaced, weekday

register = template.Library()

# Shell ---------------------------------------------------------------------------------------------------------


@register.simple_tag(takes_context=True)
def shell(context: Context, part: str, *, desk: bool = False) -> SafeString:
    """Draw ``open``, ``header`` or ``footer``. The page may set ``unread`` and ``office`` in its context."""
    unread = context.get("unread") or 0
    return shells.draw(part, context.get("request"), desk=desk, unread=unread, office=str(context.get("office") or ""))


@register.simple_tag(takes_context=True)
def flash(context: Context) -> SafeString:
    """Show the messages left by the page before (django.contrib.messages), when it left some."""
    request = context.get("request")
    storage = getattr(request, "_messages", None)
    if not storage:  # the storage is false when nothing waits: no cookie is opened
        return mark_safe("")
    waiting = list(storage)
    return get_template("look/flash.html").render({"waiting": waiting}) if waiting else mark_safe("")


class ConstantNode(template.Node):
    """A text that is the same for everybody who reads a language: worked out once a language, not once a page."""

    def __init__(self, node: template.Node) -> None:
        """Keep the node that knows the text."""
        self.node = node
        self.texts: dict[str, str] = {}

    def render(self, context: Context) -> str:
        """Give the text in the language of the page."""
        language = get_language() or ""
        text = self.texts.get(language)
        if text is None:
            text = self.texts[language] = self.node.render(context)
        return text


@register.tag("trans")
def trans(parser: Parser, token: Token) -> template.Node:
    """Django's ``{% trans %}``, with the memory of a constant sentence: a page has dozens of them."""
    node = do_translate(parser, token)
    word = token.split_contents()[1:]
    constant = len(word) == 1 and word[0][0] in "\"'" and word[0][-1] == word[0][0]
    return ConstantNode(node) if constant else node


class LinkNode(template.Node):
    """The address of a named page."""

    def __init__(self, name: str) -> None:
        """Keep the name."""
        self.name = name

    def render(self, context: Context) -> str:
        """Give the path. Raises NoReverseMatch on an unknown name, as ``{% url %}`` does."""
        return reverse(self.name)


@register.tag("link")
def link(parser: Parser, token: Token) -> template.Node:
    """``{% link "portal:help" %}``: ``{% url %}`` of a page without arguments, looked up once."""
    return ConstantNode(LinkNode(token.split_contents()[1].strip("\"'")))


# Icons ---------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _open_door() -> SafeString:
    return get_template("look/shell/open_door.svg").render()


@register.simple_tag
def open_door() -> SafeString:
    """The drawing of the next step: an open door, in the colours of the theme."""
    return _open_door()


class IconNode(template.Node):
    """``{% icon "key" %}``: a constant name is drawn once a process, not once a page."""

    def __init__(self, parts: list[FilterExpression]) -> None:
        """Keep the expressions, and whether all of them are constants."""
        self.parts = parts
        self.constant = all(isinstance(part.var, str) for part in parts)
        self.html: SafeString | None = None

    def render(self, context: Context) -> SafeString:
        """Give the drawing; an empty name gives nothing."""
        if self.html is not None:
            return self.html
        name, *rest = (str(part.resolve(context) or "") for part in self.parts)
        html = icon_html(name, " ".join(rest)) if name else mark_safe("")
        if self.constant:
            self.html = html
        return html


@register.tag("icon")
def icon(parser: Parser, token: Token) -> IconNode:
    """``{% icon "arrow" "s flip" %}``: name, then classes."""
    bits = token.split_contents()[1:]
    if not 1 <= len(bits) <= 2:  # noqa: PLR2004 - name and classes
        raise template.TemplateSyntaxError("icon takes a name and, if need be, classes")
    return IconNode([parser.compile_filter(bit) for bit in bits])


# Forms ---------------------------------------------------------------------------------------------------------

_KINDS: tuple[tuple[type[forms.Widget], str], ...] = (
    (forms.RadioSelect, "radios"),
    (forms.CheckboxSelectMultiple, "radios"),
    (forms.CheckboxInput, "check"),
    (forms.FileInput, "file"),
)


def _kind(field: BoundField) -> str:
    """The template that draws a field: by the widget's own word ``look``, or by its class."""
    widget = field.field.widget
    own = getattr(widget, "look", "")
    return own or next((kind for cls, kind in _KINDS if isinstance(widget, cls)), "input")


def field_context(
    field: BoundField, label: str = "", hint: str = "", size: str = "", *, optional: bool | None = None, **attrs: Any
) -> dict[str, Any]:
    """All that a field's template needs.

    ``hint`` replaces the help text; ``size`` is ``s``, ``m`` or ``l`` (6, 16, 26 rem).

    ``optional=False`` leaves out "(facultatif)" where another answer makes the field needed. Other names become
    attributes of the input: ``autocomplete="email"``, ``inputmode="numeric"``.
    """
    kind = _kind(field)
    base = field.auto_id or field.html_name
    hint = hint or str(field.help_text or "")
    errors = [str(error) for error in field.errors]
    described = " ".join(([f"{base}_helptext"] if hint else []) + ([f"{base}_error"] if errors else []))
    own = dict(field.field.widget.attrs)
    classes = ["in"] if kind in ("input", "lookup") else []
    classes += [own.pop("class", ""), f"w-{size}" if size else "", "mono" if attrs.pop("mono", False) else ""]
    given = {name.replace("_", "-"): value for name, value in attrs.items() if value not in ("", None, False)}
    given["class"] = " ".join(name for name in classes if name) or None
    given["aria-describedby"] = described or None
    if errors:
        given["aria-invalid"] = "true"
    if optional is None:
        optional = not field.field.required and not isinstance(field.field.widget, forms.CheckboxInput)
    return {
        "field": field,
        "kind": kind,
        "id": base,
        "label": label or field.label,
        "hint": hint,
        "errors": errors,
        "described": described,
        "optional": optional,
        "attrs": {name: value for name, value in given.items() if value is not None},
        "size": size,
    }


@register.simple_tag
def field(
    bound: BoundField, label: str = "", hint: str = "", size: str = "", *, optional: bool | None = None, **attrs: Any
) -> SafeString:
    """Draw one form field: label, hint, error and input, tied together for screen readers."""
    if bound.is_hidden:
        return mark_safe(str(bound))  # noqa: S308 - Django's own widget
    context = field_context(bound, str(label), str(hint), size, optional=optional, **attrs)
    return get_template(f"look/field/{context['kind']}.html").render(context)


@register.simple_tag
def field_input(bound: BoundField, attrs: dict[str, Any]) -> SafeString:
    """The input alone, with the attributes that ``field`` computed."""
    return bound.as_widget(attrs=attrs)


@register.simple_tag
def errors(*bound_forms: forms.BaseForm | None) -> SafeString:
    """Draw the summary of what is wrong, with a link to each field; nothing when nothing is wrong."""
    rows: list[tuple[str, str, str]] = []
    for form in bound_forms:
        if form is None or not form.is_bound:
            continue
        rows += [("", "", str(error)) for error in form.non_field_errors()]
        for one in form:
            several = _kind(one) in ("radios", "cards", "day")  # the first of its inputs
            target = f"{one.auto_id}_0" if several else one.id_for_label or one.auto_id
            rows += [(f"#{target}", str(one.label), str(error)) for error in one.errors]
    return get_template("look/errors.html").render({"rows": rows}) if rows else mark_safe("")


@register.filter
def sub(bound: BoundField) -> list[Any]:
    """The parts of a field of several inputs (radio buttons, day-month-year)."""
    return list(bound.subwidgets)


@register.filter
def cards(bound: BoundField) -> list[dict[str, Any]]:
    """The choices of a ``ChoiceCards`` widget with their sentence and icon."""
    widget = bound.field.widget
    return [
        {
            "tag": one.tag(),
            "label": one.choice_label,
            "note": widget.notes.get(str(one.data["value"]), ""),
            "icon": widget.icons.get(str(one.data["value"]), ""),
        }
        for one in bound.subwidgets
    ]


@register.filter
def day_parts(bound: BoundField, wrong: object = None) -> list[dict[str, Any]]:
    """The three inputs of a ``DayField``, each with its word."""
    widget = bound.field.widget
    attrs = {"class": "in w-s", "id": bound.auto_id}
    if wrong:
        attrs["aria-invalid"] = "true"
    context = widget.get_context(bound.html_name, bound.value(), attrs)
    words = (gettext("Jour"), gettext("Mois"), gettext("Année"))
    parts = []
    for word, sub_widget, data in zip(words, widget.widgets, context["widget"]["subwidgets"], strict=True):
        html = sub_widget.render(data["name"], data["value"], data["attrs"])
        parts.append({"label": word, "tag": html})
    return parts


# Money, dates, numbers ----------------------------------------------------------------------------------------

for written in (count, day, euros, hour, iso, masked, moment, spaced, weekday):
    register.filter(written)


@register.filter
def spoken(reason: str) -> str:
    """A reason kept in French, in the language of the page when it is one of the platform's own sentences."""
    return gettext(reason) if reason else ""


@register.filter
def share(value: Any, top: Any = 100) -> str:
    """A part of a whole in hundredths, for the width of a meter; never less than 0 nor more than 100."""
    part = 100 * float(value or 0) / (float(top) or 1)
    return f"{min(max(part, 0), 100):g}"


@register.filter
def page_numbers(page: Any) -> list[int]:
    """Numbers of pages to show: first, last, and two around the current one; 0 stands for a gap."""
    last, here = page.paginator.num_pages, page.number
    near = sorted({1, last, *(number for number in range(here - 1, here + 2) if 1 <= number <= last)})
    shown: list[int] = []
    for number in near:
        if shown and number - shown[-1] > 1:
            shown.append(0)
        shown.append(number)
    return shown


# Charts -------------------------------------------------------------------------------------------------------


@register.simple_tag
def bars(rows: list[tuple[Any, ...]], width: int = 640) -> dict[str, Any]:
    """Geometry of a chart of horizontal bars. ``rows`` are (label, value, value in words); ``width`` in units.

    Rows of five have another value, and it in words, beside: it is a thinner bar, drawn as an outline, under the first.
    """
    top = max((value for row in rows for value in row[1:5:2]), default=0) or 1
    step = 60 if any(len(row) > 3 for row in rows) else 44  # noqa: PLR2004 - another value is beside
    drawn = []
    for place, (label, value, text, *beside) in enumerate(rows):
        long, other = (_long(one, top, width) for one in (value, beside[0] if beside else 0))
        drawn.append({
            "label": label, "text": text, "width": long, "y_label": 14 + step * place, "y_bar": 20 + step * place,
            "y_text": 34 + step * place, "x_text": long + 8, "other_text": beside[1] if beside else "",
            "other_width": other, "y_other": 43 + step * place, "x_other": other + 8, "y_other_text": 53 + step * place,
        })  # fmt: skip
    return {"rows": drawn, "width": width, "height": step * len(rows) + 4}


def _long(value: float, top: float, width: int) -> int:
    """The length of a bar in units."""
    return round((width - 16) * 0.78 * max(value, 0) / top)
