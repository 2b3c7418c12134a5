"""The words of a message: the room that writes has the templates, the frame round them is ours.

Of a kind ``cvec.certificate`` the room has ``cvec/mail/certificate.subject`` and ``.txt``; it may have ``.html`` beside
them, and ``cvec/message/certificate.html`` for the inbox. Where it has not, the text's paragraphs serve.
"""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.template import Context, TemplateDoesNotExist
from django.template.loader import get_template, render_to_string
from django.utils import translation
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe

from messervices.foundations.notifications import rules


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail: subject, plain text, HTML; all three say the same."""

    subject: str
    text: str
    html: str


def compose(*, kind: str, params: dict[str, Any], language: str, first_name: str, link: str, crous: str) -> Letter:
    """Write the mail of a message in a language. ``link`` is a path of ours, made absolute here."""
    frame = {"first_name": first_name, "crous": crous, "link": f"{settings.SITE_URL}{link}" if link else ""}
    return compose_template(template=rules.template_of(kind, "mail"), params=params, language=language, frame=frame)


def compose_template(
    *, template: str, params: dict[str, Any], language: str, frame: dict[str, str] | None = None
) -> Letter:
    """Write the mail of a template. A template sees ``params`` and ``first_name``, ``crous``, ``link``, ``site``."""
    with translation.override(language):
        context = {"site": settings.SITE_NAME, "site_url": settings.SITE_URL} | (frame or {}) | params
        subject = rules.one_line(_plain(f"{template}.subject", context))
        blocks = rules.paragraphs(_plain(f"{template}.txt", context))
        body = _html_or_paragraphs(f"{template}.html", context, blocks)
        context |= {"subject": subject, "blocks": blocks, "body": body, "language": language}
        text = rules.without_gaps(_plain("notifications/mail/frame.txt", context))
        return Letter(subject, text, render_to_string("notifications/mail/frame.html", context))


def title_of(kind: str, params: dict[str, Any]) -> str:
    """Give a message's title in the language in force: the subject of its mail."""
    return rules.one_line(_plain(f"{rules.template_of(kind, 'mail')}.subject", {"site": settings.SITE_NAME} | params))


def body_of(kind: str, params: dict[str, Any], *, link: str, crous: str) -> SafeString:
    """Give a message's body as HTML for the inbox, in the language in force."""
    context = {"site": settings.SITE_NAME, "site_url": settings.SITE_URL, "link": link, "crous": crous} | params
    blocks = rules.paragraphs(_plain(f"{rules.template_of(kind, 'mail')}.txt", context))
    return _html_or_paragraphs(f"{rules.template_of(kind, 'message')}.html", context, blocks)


def _plain(name: str, context: dict[str, Any]) -> str:
    """Render a text: nothing is escaped, because nothing will read it as HTML."""
    return str(get_template(name).template.render(Context(context, autoescape=False)))  # type: ignore[attr-defined]  # Django's own engine has it


def _html_or_paragraphs(name: str, context: dict[str, Any], blocks: list[str]) -> SafeString:
    try:
        return mark_safe(render_to_string(name, context))  # noqa: S308 - a template of ours, which escapes what it is given
    except TemplateDoesNotExist as missing:
        if str(missing) != name:
            raise
    return format_html_join("\n", "<p>{}</p>", ((block,) for block in blocks))
