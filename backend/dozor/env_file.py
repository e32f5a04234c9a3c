"""The ``.env`` file: names and values as people write them, on any system."""

from __future__ import annotations

import io
from pathlib import Path

from dotenv.parser import parse_stream

from dozor.telemetry.phrases import Language, sentence


class Mistakes:
    """Sentences about what is wrong with the settings, collected until the end in the operator's language."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self.sentences: list[str] = []

    def add(self, event: str, **fields: object) -> None:
        """One more mistake, by its phrase."""
        self.sentences.append(sentence(event, self.language, **fields))


def read_env_file(env_file: Path | None, mistakes: Mistakes) -> dict[str, str]:
    """The variables of the file, none when it is not there; what cannot be read becomes a sentence in ``mistakes``.

    UTF-8, with or without BOM, any line ends. A malformed line is named by its number alone: its text may be part of a
    secret.
    """
    if env_file is None or not env_file.exists():
        return {}
    try:
        text = env_file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        mistakes.add("settings.unreadable_file", file=env_file, reason=error)
        return {}
    values: dict[str, str] = {}
    for binding in parse_stream(io.StringIO(text)):
        if binding.error or (binding.key is not None and binding.value is None):
            mistakes.add("settings.malformed_line", file=env_file, line=binding.original.line)
        elif binding.key is not None:
            values[binding.key] = (binding.value or "").strip()
    return values
