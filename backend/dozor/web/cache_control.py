"""What a client asks of caches: ``Cache-Control`` and ``Pragma`` of its request (RFC 9111 sections 5.2.1 and 5.4).

``no-store`` and ``no-transform`` are passed over. The first forbids keeping this request and the answer to it, not
answering from what is kept; and what we keep is upstream's answer to our own call, the same whoever asks. An argument
where none belongs is passed over too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import timedelta

from dozor.domain.bounds import ANY_STALENESS, NO_BOUNDS, Bounds

LONGEST = timedelta(seconds=2**31)  # what RFC 9111 1.2.2 has a cache take any larger number for

_ELEMENT = re.compile(rb'(?:[^,"]|"(?:[^"\\]|\\.)*"?)+', re.DOTALL)  # a comma inside quotes ends nothing
_DIGITS = re.compile(r"\d+", re.ASCII)


def bounds_asked(headers: Iterable[tuple[bytes, bytes]]) -> Bounds:
    """The bounds that these headers of a request set, names in lower case as in an ASGI scope.

    A directive may come more than once: then the strictest counts. One whose number cannot be read counts as 0, for
    the RFC would rather have a cache take an answer for stale than guess.
    """
    pragmas: list[bytes] = []
    controls: list[bytes] = []
    for name, value in headers:
        if name == b"cache-control":
            controls.append(value)
        elif name == b"pragma":
            pragmas.append(value)
    if controls:
        return _bounds(_directives(controls))
    if any(name == "no-cache" for name, _ in _directives(pragmas)):
        return Bounds(no_cache=True)
    return NO_BOUNDS


def _bounds(directives: Iterable[tuple[str, str | None]]) -> Bounds:
    seen: dict[str, list[str | None]] = {}
    for name, argument in directives:
        seen.setdefault(name, []).append(argument)
    max_ages = [_seconds(argument) for argument in seen.get("max-age", ())]
    min_freshes = [_seconds(argument) for argument in seen.get("min-fresh", ())]
    max_stales = [ANY_STALENESS if argument is None else _seconds(argument) for argument in seen.get("max-stale", ())]
    return Bounds(
        max_age=min(max_ages, default=None),
        max_stale=min(max_stales, default=None),
        min_fresh=max(min_freshes, default=None),
        no_cache="no-cache" in seen,
        only_if_cached="only-if-cached" in seen,
    )


def _directives(lines: Iterable[bytes]) -> Iterator[tuple[str, str | None]]:
    """Names in lower case with their arguments, out of quotes where they had them; ``None`` where there is none."""
    for line in lines:
        for element in _ELEMENT.findall(line):
            name, equals, argument = element.decode("latin-1").partition("=")
            yield name.strip().lower(), argument.strip().strip('"') if equals else None


def _seconds(argument: str | None) -> timedelta:
    if argument is None or not _DIGITS.fullmatch(argument):
        return timedelta(0)
    digits = argument.lstrip("0")
    return LONGEST if len(digits) > 10 else min(timedelta(seconds=int(digits or "0")), LONGEST)
