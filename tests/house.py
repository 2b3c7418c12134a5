"""What the tests of the house look at: its files, its rooms, its names."""

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PRODUCT = ROOT / "messervices"
CODE = ("messervices", "bank", "launcher", "tests", "bench", "conftest.py")


def rooms() -> list[Path]:
    """List the rooms: foundations, services, and the doors beside them. The template service is a room too."""
    parents = (PRODUCT / "foundations", PRODUCT / "services")
    inner = [path for parent in parents for path in parent.iterdir() if (path / "__init__.py").exists()]
    doors = [PRODUCT / name for name in ("portal", "desk", "demo") if (PRODUCT / name / "__init__.py").exists()]
    return sorted(inner + doors)


def services() -> list[Path]:
    """List the services that are installed; a folder that begins with _ is there to be copied."""
    return [room for room in rooms() if room.parent.name == "services" and not room.name.startswith("_")]


def python_files(*, tests: bool = True) -> list[Path]:
    """List the Python files written by hand, without migrations."""
    found = []
    for name in CODE:
        place = ROOT / name
        found += [place] if place.is_file() else sorted(place.rglob("*.py"))
    return [
        path
        for path in found
        if "migrations" not in path.parts and (tests or not is_test(path)) and "__pycache__" not in path.parts
    ]


def product_files(*, tests: bool = False) -> list[Path]:
    """List the Python files of the product itself."""
    return [path for path in python_files(tests=tests) if path.is_relative_to(PRODUCT)]


def is_test(path: Path) -> bool:
    """Say whether a file belongs to tests."""
    return "tests" in path.parts or path.name == "conftest.py"


def templates() -> list[Path]:
    """List every file in a templates folder, pages and mails alike."""
    found = PRODUCT.glob("**/templates/**/*")
    return sorted(path for path in found if path.is_file() and path.suffix in {".html", ".txt", ".subject"})


def name_of(path: Path) -> str:
    """Give a path as a person writes it, from the root of the clone."""
    return str(path.relative_to(ROOT))


@cache
def tree_of(path: Path) -> ast.Module:
    """Read a Python file as a tree, once."""
    return ast.parse(path.read_text(encoding="utf-8"))


def functions(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    """List the functions of a file, inner ones too."""
    return [node for node in ast.walk(tree_of(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def strings(node: ast.AST) -> list[str]:
    """List the texts written under a node."""
    return [inner.value for inner in ast.walk(node) if isinstance(inner, ast.Constant) and isinstance(inner.value, str)]
