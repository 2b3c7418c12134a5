"""The words of a message: the room that writes has the templates, the frame round them is ours.

Each message is written once. Of a kind ``cvec.certificate`` the room has ``cvec/mail/certificate.subject`` and
``.txt``: the text is parted into blocks (``rules.blocks``), and the mail's text, its HTML and the inbox are drawn from
them. An urgent kind has ``cvec/sms/<name>.txt`` too. ``cvec/message/certificate.html`` may say more in the inbox, which
is behind a sign-in, than a mail may.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.template import Context, TemplateDoesNotExist
from django.template.loader import get_template, render_to_string
from django.utils import translation
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language_bidi, ngettext

from messervices.foundations.notifications import rules

_FRAME = "notifications/mail/frame"


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail: subject, plain text, HTML; all three say the same."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class Item:
    """One message of a mail: which kind, what its templates are told, the page of ours that it leads to."""

    kind: str
    params: Mapping[str, Any]
    link: str


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands round the words: whom they greet, who writes, how to answer, how to have no more of them.

    ``relayed``: it passes on what a person asks, a payment perhaps, and the warning against fraud says so.
    """

    first_name: str = ""
    crous: str = ""
    answers: bool = False
    stop_url: str = ""
    relayed: bool = False


def compose(*, kind: str, params: dict[str, Any], language: str, first_name: str, link: str, crous: str) -> Letter:
    """Write the mail of one message in a language. ``link`` is a path of ours, made absolute here."""
    return compose_items([Item(kind, params, link)], language=language, frame=Frame(first_name, crous))


def compose_items(items: list[Item], *, language: str, frame: Frame) -> Letter:
    """Write one mail of one or several messages to the same person; several get a title each."""
    with translation.override(language):
        sections = [_section(rules.template_of(one.kind, "mail"), one.params, one.link) for one in items]
        return _framed(sections, frame, language)


def compose_template(*, template: str, params: dict[str, Any], language: str) -> Letter:
    """Write the mail of a template to an address, which sees ``params``, ``site`` and ``site_url``.

    The frame greets by the parameter ``first_name``, and with ``relayed`` says that we pass on a request.
    """
    frame = Frame(first_name=rules.greeting(str(params.get("first_name", ""))), relayed=bool(params.get("relayed")))
    with translation.override(language):
        return _framed([_section(template, params, "")], frame, language)


def compose_sms(*, kind: str, params: dict[str, Any], language: str, link: str) -> str:
    """Write the SMS of an urgent message, with the telephones' alphabet. It sees ``params``, ``site`` and ``url``."""
    with translation.override(language):
        context = _context(params) | {"url": f"{settings.SITE_URL}{link}"}
        return rules.gsm(_plain(f"{rules.template_of(kind, 'sms')}.txt", context))


def title_of(kind: str, params: dict[str, Any]) -> str:
    """Give a message's title in the language in force: the subject of its mail."""
    return _subject(rules.template_of(kind, "mail"), _context(params))


def body_of(kind: str, params: dict[str, Any], *, link: str, crous: str) -> SafeString:
    """Give a message's body as HTML for the inbox, in the language in force."""
    context = _context(params) | {"link": link, "crous": crous}
    name = f"{rules.template_of(kind, 'message')}.html"
    try:
        return mark_safe(render_to_string(name, context))  # noqa: S308 - a template of ours, which escapes what it is given
    except TemplateDoesNotExist as missing:
        if str(missing) != name:
            raise
    blocks = _blocks(rules.template_of(kind, "mail"), context)
    return mark_safe(render_to_string("notifications/mail/blocks.html", {"blocks": blocks}).strip())  # noqa: S308 - as above


def _context(params: Mapping[str, Any]) -> dict[str, Any]:
    return {"site": settings.SITE_NAME, "site_url": settings.SITE_URL} | {
        key: rules.tame(value) for key, value in params.items()
    }


def _section(template: str, params: Mapping[str, Any], link: str) -> dict[str, Any]:
    """Write the part of one message: its title, its blocks, and where it leads."""
    context = _context(params) | {"link": f"{settings.SITE_URL}{link}" if link else ""}
    return {"title": _subject(template, context), "blocks": _blocks(template, context), "link": context["link"]}


def _framed(sections: list[dict[str, Any]], frame: Frame, language: str) -> Letter:
    """Put the frame round the sections. With several, the subject says how many."""
    many = len(sections) > 1
    subject = sections[0]["title"]
    if many:
        said = ngettext("%(count)d message sur vos démarches", "%(count)d messages sur vos démarches", len(sections))
        subject = said % {"count": len(sections)}
    context = {
        "site": settings.SITE_NAME, "site_url": settings.SITE_URL, "subject": subject, "sections": sections,
        "many": many, "frame": frame, "first_name": frame.first_name, "language": language,
        "direction": "rtl" if get_language_bidi() else "ltr",
    }  # fmt: skip
    text = rules.without_gaps(_plain(f"{_FRAME}.txt", context))
    return Letter(subject, text, render_to_string(f"{_FRAME}.html", context))


def _subject(template: str, context: dict[str, Any]) -> str:
    return rules.one_line(_plain(f"{template}.subject", context))


def _blocks(template: str, context: dict[str, Any]) -> list[rules.Block]:
    """Part the text of a template. Only an address that was given as one (``url``, ``…_url``) makes a button."""
    return rules.blocks(_plain(f"{template}.txt", context), _urls(context.items()))


def _urls(said: Iterable[tuple[str, Any]]) -> frozenset[str]:
    named = (value for name, value in said if name == "url" or name.endswith("_url"))
    return frozenset(url for url in named if isinstance(url, str) and url.startswith(("https://", "http://")))


def _plain(name: str, context: dict[str, Any]) -> str:
    """Render a text: nothing is escaped, because nothing will read it as HTML."""
    return str(get_template(name).template.render(Context(context, autoescape=False)))  # type: ignore[attr-defined]  # Django's own engine has it
