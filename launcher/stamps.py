"""Remembers which steps are done and for what, so that a second start skips everything unchanged."""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path


def digest(root: Path, files: Iterable[Path], *facts: str) -> str:
    """Give one number for the contents of files (names relative to ``root``) and for other facts."""
    total = hashlib.sha256("\0".join(facts).encode())
    for file in sorted(files):
        total.update(f"\0{file.relative_to(root)}\0".encode())
        total.update(hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()


def product_files(root: Path) -> list[Path]:
    """List what the product is made of: code, SQL, data, templates. Tests, bytecode and translations left out."""
    left_out = {"tests", "__pycache__", "locale"}
    return [
        file
        for file in (root / "messervices").rglob("*")
        if file.is_file() and not left_out.intersection(file.relative_to(root).parts)
    ]


class Stamps:
    """A small file of step → digest. A step whose digest is the one kept needs no doing."""

    def __init__(self, path: Path) -> None:
        """Read the file; one that is missing or cut counts as empty: steps are then done again."""
        self._path = path
        try:
            self._kept: dict[str, str] = json.loads(path.read_text())
        except (OSError, ValueError):
            self._kept = {}

    def is_done(self, step: str, wanted: str) -> bool:
        """Say whether the step was done for this digest."""
        return self._kept.get(step) == wanted

    def mark(self, step: str, wanted: str) -> None:
        """Keep that the step is done; written at once, so that a cut start goes on where it was."""
        self._kept[step] = wanted
        made = self._path.with_suffix(".making")
        made.write_text(json.dumps(self._kept, indent=1))
        made.replace(self._path)
