"""The rules of the house that no linter knows. Each failure names the file and says what to do."""

import ast
import re
from collections import Counter
from importlib import import_module
from pathlib import Path

import pytest
from django.conf import settings

from messervices.kernel import manifest
from tests.house import (
    PRODUCT,
    ROOT,
    functions,
    is_test,
    name_of,
    product_files,
    python_files,
    rooms,
    services,
    strings,
    templates,
    tree_of,
)  # fmt: skip

LINES_A_FUNCTION = 70
LINES_A_FILE = 400

NAMES = {
    "__init__", "actions", "admin", "api", "apps", "desk", "forms", "invariants", "manifest", "middleware", "models",
    "rules", "selectors", "states", "tasks", "urls", "views",
}  # fmt: skip
FOLDERS = {
    "actions", "api", "data", "desk", "forms", "locale", "management", "migrations", "models", "rules", "selectors",
    "sql", "static", "templates", "templatetags", "tests", "views", "__pycache__",
}  # fmt: skip
MORE = {
    "accounts": {
        "adapter": "django-allauth asks it what an account is",
        "backends": "Django asks it who signs in",
        "sessions": "Django's session engine",
    },
    "demo": {
        "mailbox": "Django’s mail backend of the demonstration",
        "papers": "the files that the demonstration bank would have sent, for the year so far",
    },
}
"""Names that one room alone may hold, each because a framework asks for a module of that kind."""

CLOCKS = re.compile(
    r"\btimezone\.now\b|\bdatetime\.(now|utcnow|today)\b|\bdate\.today\b|(?<!\w)time\.time\(|\bauto_now(_add)?\s*="
)
NOQA = re.compile(r"#\s*noqa\b(?!: [A-Z0-9]+(, ?[A-Z0-9]+)* - \S)")
IGNORE = re.compile(r"#\s*type:\s*ignore\b(?!\[[a-z, -]+\]  # \S)")
VERB = re.compile(r"[a-z_]+\.[a-z]+_[a-z_]+")
MARKUP = re.compile(r"\sstyle=|\son[a-z]+=|<style\b|<script(?![^>]*\b(src|type=\"application/json\"))")


def test_a_room_holds_the_closed_list_of_files_and_no_other() -> None:
    wrong = []
    for room in rooms():
        allowed = NAMES | set(MORE.get(room.name, {}))
        for path in room.iterdir():
            if path.suffix == ".py" and path.stem not in allowed:
                wrong.append(f"{name_of(path)}: not a name of the closed list (docs/house.md)")
            if path.is_dir() and path.name not in FOLDERS | {"providers"}:
                wrong.append(f"{name_of(path)}/: not a folder of the closed list")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("room", [*rooms(), PRODUCT / "kernel", PRODUCT / "look", ROOT / "bank"], ids=name_of)
def test_a_room_has_its_page(room: Path) -> None:
    assert (room / "README.md").exists(), "write its README.md: what it is for, its words, its three main actions"


def test_no_function_passes_seventy_lines() -> None:
    long = [
        f"{name_of(path)}:{function.lineno} {function.name} has {lines} lines"
        for path in python_files()
        for function in functions(path)
        if (lines := (function.end_lineno or 0) - function.lineno + 1) > LINES_A_FUNCTION
    ]
    assert not long, "\n".join(long)


def test_no_file_passes_four_hundred_lines() -> None:
    counted = {name_of(path): path.read_text().count("\n") for path in python_files() if "settings" not in path.parts}
    long = [f"{name}: {lines} lines; split it by deed" for name, lines in counted.items() if lines > LINES_A_FILE]
    assert not long, "\n".join(long)


def test_every_service_is_installed_and_tells_of_itself() -> None:
    folders = {f"messervices.services.{room.name}" for room in services()}
    assert folders == set(settings.SERVICES), "a folder under services and a line of SERVICES go together"
    assert len(manifest.services()) == len(folders), "an apps.py without ServiceConfig hides its service"


def test_slugs_and_payment_kinds_are_unique() -> None:
    every = manifest.services()
    slugs = Counter(found.slug for found in every)
    kinds = Counter(kind for found in every for kind in found.on_paid)
    assert not [name for name, count in (slugs | kinds).items() if count > 1]


def test_every_dotted_name_of_a_manifest_can_be_called() -> None:
    for found in manifest.services():
        dotted = [found.tile, found.search, found.forget, found.figures, found.desk_panel, *found.on_paid.values()]
        dotted += found.on_payout.values()
        dotted += [queue.count for queue in found.desk_queues]
        assert all(callable(manifest.call(name)) for name in dotted if name)


def test_every_status_has_a_label_of_its_own() -> None:
    bare = []
    for path in (path for room in rooms() for path in room.glob("states.py")):
        for choices in (node for node in ast.walk(tree_of(path)) if isinstance(node, ast.ClassDef)):
            if not any(isinstance(base, ast.Attribute) and base.attr.endswith("Choices") for base in choices.bases):
                continue
            bare += [
                f"{name_of(path)}:{line.lineno} {choices.name} has a value without a label"
                for line in choices.body
                if isinstance(line, ast.Assign) and not isinstance(line.value, ast.Tuple)
            ]
    assert not bare, "\n".join(bare)


def sentences_of_deeds() -> set[str]:
    found = {verb for service in manifest.services() for verb in service.verbs}
    for room in rooms():
        if (room / "states.py").exists() and not room.name.startswith("_"):
            module = ".".join(room.relative_to(ROOT).parts)
            found |= set(getattr(import_module(f"{module}.states"), "VERBS", {}))
    return found


def test_every_deed_that_is_recorded_has_a_sentence() -> None:
    names = {room.name for room in rooms()}
    known = sentences_of_deeds()
    silent = []
    for path in product_files():
        for function in functions(path):
            given = [keyword for node in ast.walk(function) if isinstance(node, ast.Call) for keyword in node.keywords]
            if not any(keyword.arg == "verb" for keyword in given):
                continue
            messages = {text for keyword in given if keyword.arg == "kind" for text in strings(keyword)}
            silent += [
                f"{name_of(path)}:{function.lineno} records {text!r}: give it a sentence in the room's VERBS"
                for text in strings(function)
                if VERB.fullmatch(text) and text.partition(".")[0] in names and text not in known | messages
            ]
    assert not silent, "\n".join(silent)


def test_nobody_reads_the_clock_but_the_edge() -> None:
    wrong = [
        f"{name_of(path)}:{number} reads the clock: take `now` from whoever calls"
        for path in product_files()
        if path != PRODUCT / "kernel" / "clock.py"
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if CLOCKS.search(line.partition("#")[0])
    ]
    assert not wrong, "\n".join(wrong)


def _names_cents(node: ast.AST) -> bool:
    name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
    return name.endswith("_cents")


def test_money_never_meets_a_float() -> None:
    wrong = []
    for path in product_files():
        for function in functions(path):
            nodes = list(ast.walk(function))
            if not any(_names_cents(node) for node in nodes):
                continue
            wrong += [
                f"{name_of(path)}:{node.lineno}: a float or a division beside money; use Fraction and round once"
                for node in nodes
                if (isinstance(node, ast.Constant) and isinstance(node.value, float))
                or (isinstance(node, ast.Name) and node.id == "float")
                or (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div) and _names_cents(node.left))
            ]
    assert not wrong, "\n".join(wrong)


def test_no_lock_names_an_address() -> None:
    for lock in (ROOT / "requirements").glob("*.txt"):
        assert not re.search(r"://|index-url|find-links", lock.read_text()), f"{lock.name}: run requirements/lock"
    assert not [name for name in ("uv.lock", "pylock.toml", "poetry.lock") if (ROOT / name).exists()]


def test_no_check_is_silenced_without_a_reason() -> None:
    wrong = [
        f"{name_of(path)}:{number}: say why, as in “# noqa: S105 - of the tests”"
        for path in python_files()
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if NOQA.search(line) and path != Path(__file__).resolve()
    ]
    wrong += [
        f"{name_of(path)}:{number}: say why, as in “# type: ignore[misc]  # the stubs leave it out”"
        for path in python_files(tests=False)
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if IGNORE.search(line)
    ]
    assert not wrong, "\n".join(wrong)


def _is_named(path: Path, chain: dict[str, Path]) -> bool:
    """Say whether a page, or one it extends below the two bases, fills in the title."""
    text = path.read_text()
    if "{% block title %}" in text:
        return True
    extended = re.search(r'{% extends "([^"]+)" %}', text)
    above = extended[1] if extended else ""
    return above in chain and not re.fullmatch(r"look/(desk_)?base\.html", above) and _is_named(chain[above], chain)


def test_every_page_has_a_title() -> None:
    chain = {str(path).partition("/templates/")[2]: path for path in templates()}
    extended = set(re.findall(r'{% extends "([^"]+)" %}', "".join(path.read_text() for path in chain.values())))
    pages = [path for name, path in chain.items() if name not in extended and "{% extends" in path.read_text()]
    assert pages
    nameless = [f"{name_of(page)}: give it a title block" for page in pages if not _is_named(page, chain)]
    assert not nameless, "\n".join(nameless)


def test_nothing_is_called_safe_without_a_reason() -> None:
    wrong = [
        f"{name_of(path)}: say why in a comment {{# safe: … #}}, or let Django escape"
        for path in templates()
        if path.suffix == ".html"
        and re.search(r"\|\s*safe\b|{% autoescape off", path.read_text())
        and "{# safe:" not in path.read_text()
    ]
    assert not wrong, "\n".join(wrong)


def test_pages_hold_no_inline_style_and_no_inline_script() -> None:
    wrong = [
        f"{name_of(path)}: {found[0].strip()} would be stopped by the content security policy"
        for path in templates()
        if path.suffix == ".html" and "mail" not in path.parts and (found := MARKUP.search(path.read_text()))
    ]
    assert not wrong, "\n".join(wrong)


def test_the_tests_stand_beside_what_they_test() -> None:
    wrong = [name_of(path) for path in python_files() if path.name.startswith("test_") and not is_test(path)]
    assert not wrong, "\n".join(wrong)
