"""Every kind there is, in both languages, as text, HTML, inbox and SMS; and what hostile names do to them."""

import ast
import re
from collections.abc import Iterator
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.template import TemplateDoesNotExist
from django.utils import translation

from messervices.foundations.notifications import rules
from messervices.foundations.notifications.providers.letter import (
    Frame,
    Item,
    Letter,
    body_of,
    compose,
    compose_items,
    compose_sms,
    compose_template,
    title_of,
)
from messervices.kernel.messages import MessageKind, message_kinds

PRODUCT = Path(settings.ROOT) / "messervices"
PARTS = sorted(path for path in PRODUCT.glob("**/templates/*/mail/*.subject") if "_template" not in path.parts)
KINDS = message_kinds()
SAID = [(name, number, params) for name, kind in KINDS.items() for number, params in enumerate(kind.samples)]
IDS = [f"{name}-{number}" for name, number, _params in SAID]
LANGUAGES = ("fr", "en")
FRENCH = re.compile(r"\b(vous|votre|nous|cette|une|est)\b", re.IGNORECASE)
RAW = re.compile(r"\{\{|\}\}|\{%|%\}|%\(\w+\)s|\bNone\b|\b(True|False)\b")
IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}")
INE = re.compile(r"\b(\d{10}[A-Z]|\d{9}[A-Z]{2}|[0-9A-Z]{10}\d(?=\b))\b")


def kind_of(subject: Path) -> str:
    name = str(subject.with_suffix("")).partition("/templates/")[2]
    return name.replace("/mail/", ".")


def told_kinds() -> set[str]:
    """Find the kinds that the product's code names in its calls of ``notify``."""
    kinds = set()
    for path in PRODUCT.glob("**/*.py"):
        if "tests" in path.parts or "notify(" not in path.read_text():
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            called = getattr(node, "func", None)
            if getattr(called, "attr", getattr(called, "id", "")) == "notify":
                kinds |= {k.value.value for k in node.keywords if k.arg == "kind" and isinstance(k.value, ast.Constant)}
    return kinds


def installed(kind: str) -> bool:
    return any(config.label == kind.partition(".")[0] for config in apps.get_app_configs())


def test_every_kind_that_is_told_or_has_a_template_is_in_its_rooms_messages() -> None:
    written = {kind_of(path) for path in PARTS} | told_kinds()
    unknown = sorted(kind for kind in written - set(KINDS) if installed(kind))
    assert not unknown, f"{unknown}: tell them in the room's states.py, MESSAGES, with samples of their params"


def test_every_kind_has_its_words_and_samples() -> None:
    for kind, described in KINDS.items():
        assert rules.template_of(kind, "mail")
        assert described.samples, f"{kind} has no sample: nothing is tested"
    wordless = set(KINDS) - {kind_of(path) for path in PARTS}
    assert not wordless, f"{sorted(wordless)}: no template, or nobody tells them any more"


def letter_of(kind: str, params: Any, language: str) -> Letter:
    return compose(
        kind=kind, params=dict(params), language=language, first_name="Lina", link="/me/", crous="Crous de X"
    )


def words(html: str) -> str:
    """The text of an HTML page, in one line."""
    body = re.sub(r"<(style|head)\b.*?</\1>", " ", html, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("kind", "_number", "params"), SAID, ids=IDS)
def test_every_kind_can_be_written(kind: str, _number: int, params: Any, language: str) -> None:
    letter = letter_of(kind, params, language)
    assert letter.subject
    assert "\n" not in letter.subject
    assert f'<html lang="{language}" dir="ltr">' in letter.html
    assert not re.search(r"<(img|script|link|iframe|object|form|table)\b|url\(|@import|\son\w+=", letter.html)
    for place in (letter.subject, letter.text, words(letter.html)):
        assert not RAW.search(place), f"a placeholder or a Python value is left in {place!r}"
        assert not IBAN.search(place)
        assert not INE.search(place), "a number of a student"
    shown = words(letter.html)
    for line in letter.text.splitlines():
        said = " ".join(re.sub("^MesServices, ", "MesServices ", line.removeprefix("- ")).rstrip(": \u00a0").split())
        assert said in shown, f"in the text and not in the HTML: {line}"
    if language == "en":
        said = letter.text
        for value in params.values():  # what somebody typed stays in their language
            said = said.replace(value, "") if isinstance(value, str) and value else said
        assert not FRENCH.search(said), "a sentence is not translated"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("kind", "_number", "params"), SAID, ids=IDS)
def test_every_kind_can_be_read_in_the_inbox(kind: str, _number: int, params: Any, language: str) -> None:
    with translation.override(language):
        title, body = title_of(kind, dict(params)), body_of(kind, dict(params), link="/me/", crous="")
    assert title == letter_of(kind, params, language).subject
    assert not RAW.search(words(body))
    assert "<p>" in body


URGENT = [(name, params) for name, kind in KINDS.items() if kind.urgent for params in kind.samples]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("kind", "params"), URGENT, ids=[name for name, _params in URGENT])
def test_every_urgent_kind_has_an_sms_that_fits_and_names_nobody(kind: str, params: Any, language: str) -> None:
    text = compose_sms(kind=kind, params=dict(params), language=language, link="/me/contact")
    assert rules.parts_of_sms(text) <= rules.SMS_PARTS, f"{len(text)} signs: {text}"
    assert text == rules.gsm(text)
    assert "?" not in text.replace("? ", "")
    assert text.startswith(settings.SITE_NAME)
    assert not RAW.search(text)
    assert not IBAN.search(text)


def test_a_kind_that_does_not_hurry_has_no_sms() -> None:
    kind = next(name for name, described in KINDS.items() if not described.urgent)
    with pytest.raises(TemplateDoesNotExist):
        compose_sms(kind=kind, params={}, language="fr", link="")


def test_no_mail_can_be_stopped_that_carries_a_decision_money_or_a_paper() -> None:
    stoppable = {name for name, kind in KINDS.items() if kind.may_stop}
    assert stoppable >= {"desk.ine_kept", "payments.given_back"}
    assert not stoppable & {"cvec.certificate", "payments.surplus", "desk.ine_refused", "notifications.address_dead"}
    assert not MessageKind().may_stop, "who says nothing of a kind cannot have it stopped"


# Hostile names ---------------------------------------------------------------------------------------------------

HOSTILE = (
    "<script>alert(1)</script>", "\"'><img src=x onerror=alert(1)>", "{{ settings.SECRET_KEY }}{% debug %}",
    "Zoé >> https://evil.example/", "a\r\nBcc: x@evil.example\r\n\r\n<h1>b", "- x\n- y", "\u202egnp.exe", "&amp;<b>",
    "https://evil.example/ Lina",
)  # fmt: skip


class Links(HTMLParser):
    """Collects what a page leads to, and its elements."""

    def __init__(self) -> None:
        """Nothing yet."""
        super().__init__()
        self.links: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note it."""
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name == "href"]


def links_of(html: str) -> Links:
    found = Links()
    found.feed(html)
    return found


def hostile_samples() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every text of every sample in turn replaced by what somebody might type."""
    for kind, described in KINDS.items():
        for params in described.samples:
            for key, value in params.items():
                typed = isinstance(value, str) and not key.endswith("url") and key not in {"kind", "code"}
                if typed and not re.match(r"\d{4}-\d\d-\d\d(T|$)", value):
                    yield kind, {**params, key: "\0"}


@pytest.mark.parametrize("typed", HOSTILE)
def test_what_somebody_typed_stays_words_in_every_mail(typed: str) -> None:
    for kind, params in hostile_samples():
        hurt = {key: typed if value == "\0" else value for key, value in params.items()}
        letter = compose(kind=kind, params=hurt, language="fr", first_name=rules.greeted(typed), link="/me/", crous="")
        found, clean = links_of(letter.html), links_of(letter_of(kind, params, "fr").html)
        assert [tag for tag in found.tags if tag not in {"p", "ul", "li"}] == [
            tag for tag in clean.tags if tag not in {"p", "ul", "li"}
        ], kind
        assert found.tags.count("li") == clean.tags.count("li"), kind
        assert not any("evil" in link for link in found.links), kind
        assert "\n" not in letter.subject
        assert "SECRET" not in letter.text.replace("{{ settings.SECRET_KEY }}", "")


@pytest.mark.parametrize("typed", HOSTILE)
def test_a_hostile_first_name_greets_as_a_word_or_not_at_all(typed: str) -> None:
    name = rules.greeted(typed)
    letter = compose(kind="room.ready", params={"who": "x"}, language="fr", first_name=name, link="", crous="")
    assert "evil" not in letter.text
    assert "<script" not in letter.html
    assert "<img" not in letter.html


# The frame -------------------------------------------------------------------------------------------------------


def test_a_link_is_an_address_of_ours_and_none_is_none() -> None:
    said = {"kind": "room.ready", "params": {"who": "x"}, "language": "fr", "first_name": "Lina", "crous": ""}
    assert f"{settings.SITE_URL}/me/" in compose(**said, link="/me/").text
    assert "MesServices\u00a0:" not in compose(**said, link="").text


def test_a_button_is_a_link_in_html_and_an_address_below_its_words_in_text() -> None:
    letter = compose_template(template="room/mail/pay", params={"url": "https://x.example/a?b=1&c=2"}, language="fr")
    assert '<a class="button" href="https://x.example/a?b=1&amp;c=2">Payer</a>' in letter.html
    assert "Payer\u00a0:\nhttps://x.example/a?b=1&c=2\n" in letter.text


@pytest.mark.parametrize(
    ("name", "said"),
    [("Mme A. Durand", "Bonjour Mme A. Durand,"), ("https://evil.example", "Bonjour,"), ("", "Bonjour,")],
)
def test_a_mail_to_an_address_greets_whom_it_was_told_to_greet(name: str, said: str) -> None:
    letter = compose_template(template="room/mail/pay", params={"url": "", "first_name": name}, language="fr")
    assert letter.text.splitlines()[0] == said


def test_only_an_address_given_as_one_makes_a_button() -> None:
    letter = compose_template(template="room/mail/pay", params={"url": "javascript:alert(1)"}, language="fr")
    assert links_of(letter.html).links == [settings.SITE_URL]


def test_a_mail_is_read_from_right_to_left_where_the_language_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("messervices.foundations.notifications.providers.letter.get_language_bidi", lambda: True)
    assert 'dir="rtl"' in compose_items([Item("room.rich", {}, "")], language="fr", frame=Frame()).html
    style = (PRODUCT / "foundations/notifications/templates/notifications/mail/frame.html").read_text()
    assert not re.search(r"(margin|padding|border)-(left|right)|text-align: (left|right)|float:", style)


def test_the_way_to_stop_is_said_where_there_is_one() -> None:
    item = [Item("room.news", {}, "")]
    letter = compose_items(item, language="fr", frame=Frame(stop_url="https://m.example/stop/a"))
    assert "https://m.example/stop/a" in links_of(letter.html).links
    assert "Ne plus recevoir ce genre d’e-mails\u00a0:\nhttps://m.example/stop/a" in letter.text
    assert "Ne plus recevoir" not in compose_items(item, language="fr", frame=Frame()).text
