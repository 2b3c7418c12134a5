import ast
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings

from messervices.foundations.notifications import rules
from messervices.foundations.notifications.providers.letter import compose, compose_template

PRODUCT = Path(settings.ROOT) / "messervices"
PARTS = sorted(path for path in PRODUCT.glob("**/templates/*/mail/*.subject") if "_template" not in path.parts)


def name_of(subject: Path) -> str:
    return str(subject.with_suffix("")).partition("/templates/")[2]


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


@pytest.mark.parametrize("kind", sorted(told_kinds()))
def test_every_kind_that_is_told_has_its_words(kind: str) -> None:
    if not any(config.label == kind.partition(".")[0] for config in apps.get_app_configs()):
        pytest.skip("its room is not installed")
    assert rules.template_of(kind, "mail") in {name_of(path) for path in PARTS}


@pytest.mark.parametrize("subject", PARTS, ids=name_of)
@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_mail_of_the_house_can_be_written_and_is_one_line_above_its_text(subject: Path, language: str) -> None:
    at = "2026-08-28T12:00:00+00:00"
    params = {"at": at, "amount_cents": 100, "url": "https://x.example/", "year": "2026-2027", "label": "CVEC"}
    letter = compose_template(template=name_of(subject), params=params, language=language)
    assert "\n" not in letter.subject
    assert letter.subject
    assert letter.text.strip()
    assert letter.html.startswith("<!doctype html>")
    assert f'<html lang="{language}">' in letter.html


def test_a_link_is_an_address_of_ours_and_none_is_none() -> None:
    said = {"kind": "room.ready", "params": {"who": "x"}, "language": "fr", "first_name": "Lina", "crous": ""}
    assert f"{settings.SITE_URL}/me/" in compose(**said, link="/me/").text
    assert "MesServices\u00a0:" not in compose(**said, link="").text
