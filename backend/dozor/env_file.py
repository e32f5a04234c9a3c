"""The ``.env`` file: names and values as people write them, on any system."""

from __future__ import annotations

import io
from pathlib import Path

from dotenv.parser import parse_stream


def read_env_file(env_file: Path | None, mistakes: list[str]) -> dict[str, str]:
    """The variables of the file, none when it is not there; what cannot be read becomes a sentence in ``mistakes``.

    UTF-8, with or without BOM, any line ends. A malformed line is named by its number and its name, never by its value.
    """
    if env_file is None or not env_file.is_file():
        return {}
    try:
        text = env_file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        mistakes.append(f"{env_file}: cannot be read as UTF-8 text ({error})")
        return {}
    values: dict[str, str] = {}
    for binding in parse_stream(io.StringIO(text)):
        if binding.error:
            line = binding.original.string.strip().split("=")[0][:40]
            mistakes.append(f"{env_file}, line {binding.original.line}: {line!r} is no setting; legal: NAME=value")
        elif binding.key is not None and binding.value is not None:
            values[binding.key] = binding.value.strip()
    return values
