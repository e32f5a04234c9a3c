"""One form for what people spell in many ways: case, blanks, Russian letters, and letters that sound alike."""

from __future__ import annotations

import re
import unicodedata

_LETTERS = dict(zip("абвгдезийклмнопрстуфцыэіїґ", "abvgdeziiklmnoprstufcyeiig", strict=True))
_MORE = {
    "ё": "e",
    "є": "e",
    "ж": "zh",
    "х": "h",
    "ч": "ch",
    "ш": "sh",
    "щ": "sh",
    "ъ": "",
    "ь": "",
    "ю": "yu",
    "я": "ya",
}
_LATIN = str.maketrans(_LETTERS | _MORE)
_QWERTY = str.maketrans("йцукенгшщзхъфывапролджэячсмитьбю", "qwertyuiop[]asdfghjkl;'zxcvbnm,.")
_BLANKS = str.maketrans(dict.fromkeys("-_\t\n\r\v\f\0", " "))

# In this order. What is left of two spellings of one word after these is nearly the same: «биткоин», bitcoin, bitkoin.
_SOUNDS = (
    ("dzh", "j"),
    ("zh", "j"),
    ("dg", "j"),
    ("ph", "f"),
    ("th", "t"),
    ("ch", "\x01"),  # a letter of its own, lest the h go and the c become a k
    ("ck", "k"),
    ("qu", "kv"),
    ("x", "ks"),
    ("c", "k"),
    ("q", "k"),
    ("w", "v"),
    ("y", "i"),
    ("z", "s"),
    ("ei", "ai"),
    ("ee", "i"),
    ("oo", "u"),
)
_REPEATED = re.compile(r"(.)\1+")  # the dot leaves line ends alone


def fold(text: str) -> str:
    """The form in which texts are compared: no case, no doubled or outer blanks, ``-`` and ``_`` are blanks.

    A ``$`` or ``#`` in front, as people write symbols, goes too. What would be left empty by that stays as it is.
    """
    plain = text if text.isascii() else unicodedata.normalize("NFKC", text)
    plain = plain.casefold()
    return " ".join(plain.lstrip("$# ").translate(_BLANKS).split()) or " ".join(plain.split())


def latin(folded: str) -> str:
    """The same with Russian and Ukrainian letters written in Latin ones, as they sound."""
    return folded if folded.isascii() else folded.translate(_LATIN)


def retyped(folded: str) -> str:
    """What the same keys give on a Latin keyboard: «иес» is ``btc`` by somebody who forgot to switch."""
    return folded if folded.isascii() else folded.translate(_QWERTY)


def sound(text: str) -> str:
    """How a folded Latin text sounds, roughly, to somebody who wrote it down by ear. It may be many lines at once."""
    for spelled, heard in _SOUNDS:
        text = text.replace(spelled, heard)
    return _REPEATED.sub(r"\1", text)
