"""The French words in the names of models.py and states.py are those of the glossary, and no other.

Which words are French? Those of our own French sentences that our own English never uses.
"""

import ast
import re
import unicodedata

from tests.house import ROOT, product_files, rooms, tree_of
from tests.test_translations import APPS, english_of

WORD = re.compile(r"[a-z]{3,}")
BOTH = {"active", "case", "change", "closes", "decide"}
"""English words that our French happens to use too."""


def plain(text: str) -> str:
    return "".join(char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char)).lower()


def words(text: str) -> set[str]:
    return set(WORD.findall(plain(text)))


def glossary() -> set[str]:
    page = (ROOT / "docs" / "glossaire.md").read_text()
    rows = re.findall(r"^\| (`[^|]+`) \|", page, re.MULTILINE)
    return {word for row in rows for word in re.findall(r"`([a-z_0-9]+)`", row)}


def names_of_the_code() -> dict[str, str]:
    """Give every word of a name in models.py and states.py, with where it is used."""
    found: dict[str, str] = {}
    files = [path for room in rooms() for name in ("models.py", "models/*.py", "states.py") for path in room.glob(name)]
    for path in files:
        for node in ast.walk(tree_of(path)):
            name = ""
            if isinstance(node, ast.ClassDef | ast.FunctionDef):
                name = node.name
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                name = node.id
            for word in WORD.findall(re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()):
                found.setdefault(word, f"{path.relative_to(ROOT)}: {name}")
    return found


def test_every_word_of_the_glossary_is_used() -> None:
    written = " ".join(path.read_text() for path in product_files()).lower()
    unused = sorted(word for word in glossary() if word not in written)
    assert not unused, f"{unused}: the code no longer uses them"


def test_no_other_french_word_is_used_in_a_name() -> None:
    french: set[str] = set()
    english: set[str] = set()
    for app in APPS:
        for key, message in english_of(app).items():
            french |= words(key[1])
            english |= words(" ".join([message.string] if isinstance(message.string, str) else message.string))
    known = {part for word in glossary() for part in word.split("_")}
    foreign = {
        where for word, where in names_of_the_code().items() if word in french - english - BOTH and word not in known
    }
    assert not foreign, "translate them, or argue for them in docs/glossaire.md:\n" + "\n".join(sorted(foreign))
