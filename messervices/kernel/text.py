"""Keys to search names by, in any script."""

import re
import unicodedata

_NOT_WORD = re.compile(r"[\W_]+", re.UNICODE)
_LIGATURES = str.maketrans(
    {"œ": "oe", "æ": "ae", "ß": "ss", "ø": "o", "đ": "d", "ł": "l", "ð": "d", "þ": "th", "ı": "i"}
)


def search_key(text: str) -> str:
    """Make the key by which people look for a name: lower case, no accent, words apart by one space.

    ``Éléonore d’Arc`` → ``eleonore d arc``. Letters of other scripts stay as they are, in lower case.
    """
    folded = text.casefold().translate(_LIGATURES)
    bare = "".join(c for c in unicodedata.normalize("NFD", folded) if not unicodedata.combining(c))
    return _NOT_WORD.sub(" ", unicodedata.normalize("NFC", bare)).strip()


def first_letters(name: str, count: int) -> str:
    """Give the first ``count`` letters of a name as an establishment types them: capitals, no accent, no space.

    ``d’Almeida`` → ``DALME`` for five. A name in another script keeps its own letters.
    """
    return search_key(name).replace(" ", "").upper()[:count]
