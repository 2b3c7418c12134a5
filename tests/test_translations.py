"""The English is complete: each app's own django.po says every French sentence of its code and pages, and no other."""

import io
import re
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from babel.messages.pofile import read_po
from django.utils.translation.template import templatize

from tests.house import PRODUCT, name_of, product_files, rooms, templates

KEYWORDS = dict(DEFAULT_KEYWORDS) | {
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext_lazy": (1, 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|(?<!%)%[sd]|{\w*}")
PLAIN = re.compile(r"\w'\w| [;?!€»]| :(?!\w)|« ")
APPS = [*rooms(), PRODUCT / "config", PRODUCT / "kernel", PRODUCT / "look"]

Key = tuple[str, str]  # context and sentence


def _key(message: Message) -> Key:
    sentence = message.id if isinstance(message.id, str) else message.id[0]
    return (message.context or "", sentence)


@cache
def said_in(app: Path) -> dict[Key, str]:
    """Find every sentence of an app, with where it is said."""
    found: dict[Key, str] = {}
    sources = [(path, path.read_bytes()) for path in product_files() if path.is_relative_to(app)]
    sources += [
        (path, re.sub(r"(?m)^[ \t]+", "", templatize(path.read_text(), origin=str(path))).encode())  # no Python indent
        for path in templates()
        if path.is_relative_to(app)
    ]
    for path, source in sources:
        for number, sentence, _, context in extract(
            "python", io.BytesIO(source), KEYWORDS, options={"encoding": "utf-8"}
        ):
            first = sentence if isinstance(sentence, str) else sentence[0]
            if first:
                found[context or "", first] = f"{name_of(path)}:{number}"
    return found


@cache
def english_of(app: Path) -> dict[Key, Message]:
    """Read the app's English."""
    path = app / "locale" / "en" / "LC_MESSAGES" / "django.po"
    if not path.exists():
        return {}
    with path.open("rb") as source:
        return {_key(message): message for message in read_po(source, locale="en") if message.id}


@pytest.mark.parametrize("app", APPS, ids=name_of)
def test_every_sentence_has_its_english(app: Path) -> None:
    known = english_of(app)
    missing = [
        f"{where}: {key[1]!r}"
        for key, where in said_in(app).items()
        if key not in known or known[key].fuzzy or not all(_texts(known[key].string))
    ]
    assert not missing, f"write them in {name_of(app)}/locale/en/LC_MESSAGES/django.po:\n" + "\n".join(missing)


@pytest.mark.parametrize("app", APPS, ids=name_of)
def test_no_english_is_left_of_a_sentence_that_is_gone(app: Path) -> None:
    stale = [sentence for context, sentence in english_of(app).keys() - said_in(app).keys()]
    assert not stale, "\n".join(stale)


@pytest.mark.parametrize("app", APPS, ids=name_of)
def test_the_english_holds_the_same_places_to_fill(app: Path) -> None:
    wrong = [
        f"{key[1]!r} → {text!r}"
        for key, message in english_of(app).items()
        for text in _texts(message.string)
        if not set(PLACEHOLDER.findall(text)) <= _places(message)
    ]
    assert not wrong, "\n".join(wrong)


def _texts(text: str | tuple[str, ...] | list[str]) -> list[str]:
    return [text] if isinstance(text, str) else list(text)


def _places(message: Message) -> set[str]:
    return {place for text in _texts(message.id) for place in PLACEHOLDER.findall(text)}


def test_the_french_is_written_with_its_own_typography() -> None:
    plain = [
        f"{where}: {sentence!r}"
        for app in APPS
        for (_, sentence), where in said_in(app).items()
        if PLAIN.search(sentence)
    ]
    assert not plain, "write ’ and an unbreakable space before : ; ? ! €\n" + "\n".join(plain)
