"""Spelling of the English: comments and docstrings of the code, and the pages of documentation.

The sentences shown to people are French, where half of the words look like English ones with a mistake. So codespell
is given copies that keep the comments and docstrings, each on its own line, and nothing else.
"""

import ast
import io
import subprocess
import sys
import tempfile
import tokenize
from pathlib import Path

from launcher.places import ROOT

FOLDERS = ("messervices", "bank", "launcher", "tests", "bench")
PAGES = ("README.md", "CHANGELOG.md", "docs/**/*.md", "messervices/**/README.md", "bank/README.md")
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
FRENCH_PAGES = {"glossaire.md"}


def english_of(source: str) -> str:
    """Keep the comments and the docstrings of a Python source, each at its line."""
    lines = [""] * (source.count("\n") + 2)
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            lines[token.start[0] - 1] += token.string
    written = source.splitlines()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, DOCUMENTED) and ast.get_docstring(node):
            first = node.body[0]
            for number in range(first.lineno, (first.end_lineno or first.lineno) + 1):
                lines[number - 1] = written[number - 1]
    return "\n".join(lines)


def main() -> int:
    """Copy the English into a folder for the time of the check, and return what codespell says of it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file in (path for place in FOLDERS for path in (ROOT / place).rglob("*.py")):
            _write(folder / file.relative_to(ROOT), english_of(file.read_text()))
        for file in (path for pattern in PAGES for path in ROOT.glob(pattern) if path.name not in FRENCH_PAGES):
            _write(folder / file.relative_to(ROOT), file.read_text())
        config = ("--toml", str(ROOT / "pyproject.toml"))
        return subprocess.run([sys.executable, "-m", "codespell_lib", *config, "."], cwd=folder, check=False).returncode


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


if __name__ == "__main__":
    sys.exit(main())
