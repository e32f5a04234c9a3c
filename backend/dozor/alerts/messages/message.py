"""What a person gets to read, before any channel's own way of writing it."""

from __future__ import annotations

import html
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum

ELLIPSIS = "…"


class Action(Enum):
    """What a button does to a rule."""

    SNOOZE = "snooze"  # for an hour
    DISABLE = "disable"
    REARM = "rearm"


@dataclass(frozen=True, slots=True)
class Press:
    """A button for one rule. ``code`` is what comes back when somebody presses it: 64 bytes at most, no secret."""

    label: str
    action: Action
    alert_id: str

    @property
    def code(self) -> str:
        """The button as text."""
        return f"{self.action.value}:{self.alert_id}"


@dataclass(frozen=True, slots=True)
class Open:
    """A button that opens a page."""

    label: str
    url: str


Button = Press | Open


@dataclass(frozen=True, slots=True)
class Message:
    """A title and lines. None has markup: what looks like some came with a coin's name."""

    title: str
    lines: tuple[str, ...] = ()
    buttons: tuple[Button, ...] = ()

    @property
    def plain(self) -> str:
        """All of it as text."""
        return "\n".join((self.title, *self.lines))

    @property
    def html(self) -> str:
        """All of it with a bold title; whatever looks like markup is shown as it stands."""
        return "\n".join((f"<b>{_escaped(self.title)}</b>", *map(_escaped, self.lines)))

    def shortened(self, units: int) -> Message:
        """The same with a text of at most so many UTF-16 code units: whole lines first, then part of one."""
        if utf16_units(self.plain) <= units:
            return self
        title = cut(self.title, units)
        if title != self.title:
            return replace(self, title=title, lines=())
        kept = tuple(_fitting(self.lines, units - utf16_units(title)))
        return replace(self, title=title, lines=kept)


def pressed(code: str) -> tuple[Action, str] | None:
    """The action and the rule's id of a button that was pressed; ``None`` for a code that is not ours."""
    action, _, alert_id = code.partition(":")
    if not alert_id or action not in {known.value for known in Action}:
        return None
    return Action(action), alert_id


def utf16_units(text: str) -> int:
    """The length as Telegram counts it: letters beyond the first 65,536 count twice."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def cut(text: str, units: int) -> str:
    """The beginning of the text in at most so many UTF-16 code units, with a sign that something is missing."""
    if utf16_units(text) <= units:
        return text
    room = units - 1
    kept = text.encode("utf-16-le", "surrogatepass")[: 2 * max(room, 0)].decode("utf-16-le", "ignore")
    return kept + ELLIPSIS if units > 0 else ""


def _fitting(lines: tuple[str, ...], room: int) -> Iterator[str]:
    """As many whole lines as there is room for with their line breaks, and the beginning of the next."""
    for line in lines:
        room -= 1  # for the line break
        if utf16_units(line) > room:
            if room > 0:
                yield cut(line, room)
            return
        room -= utf16_units(line)
        yield line


def _escaped(text: str) -> str:
    return html.escape(text, quote=False)
