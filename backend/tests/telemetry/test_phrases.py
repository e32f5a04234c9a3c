"""Every event of the log has a phrase in both languages, and no phrase is without its event."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

import dozor
from dozor.telemetry.logging import make_printable, set_up_logging
from dozor.telemetry.phrases import PHRASES, Language, Words, phrase

PACKAGE = Path(next(iter(dozor.__path__)))
LOGGED = re.compile(r'log\.(?:info|warning|error|exception)\(\s*"([a-z_.]+)"')
SAID = re.compile(r'(?:sentence\(\s*|mistakes\.add\(\s*|event = )"([a-z_.]+)"(?: if [^"]+ else "([a-z_.]+)")?')


def events_in_the_source() -> set[str]:
    text = "\n".join(file.read_text(encoding="utf-8") for file in PACKAGE.rglob("*.py"))
    said = {event for found in SAID.findall(text) for event in found if event}
    return set(LOGGED.findall(text)) | said


def test_every_event_has_a_phrase_and_every_phrase_an_event() -> None:
    assert events_in_the_source() == set(PHRASES)


@pytest.mark.parametrize("event", PHRASES)
def test_both_languages_use_the_same_fields(event: str) -> None:
    russian, english = (sorted({name for _, name, _, _ in Formatter().parse(text) if name}) for text in PHRASES[event])
    assert russian == english


@given(st.dictionaries(st.sampled_from(["url", "reason", "retry_at", "seconds", "x"]), st.text() | st.integers()))
def test_a_phrase_never_fails_and_loses_no_field(fields: dict[str, object]) -> None:
    for event in [*PHRASES, "no.such_event"]:
        text, rest = phrase(event, fields, Language.RU)
        assert all(name in rest or str(value) in text for name, value in fields.items())


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    yield stream
    structlog.reset_defaults()
    root.handlers[:] = handlers  # else the libraries' lines of every later test would pass through ours
    root.setLevel(level)


def test_the_console_speaks_the_operators_language(lines: io.StringIO) -> None:
    set_up_logging(Language.RU, stream=lines)
    structlog.get_logger().info("server.started", url="http://localhost:8000", extra="два слова")
    assert 'INFO  Dozor работает: http://localhost:8000  extra="два слова"' in lines.getvalue()


def test_json_lines_keep_the_event_and_its_fields(lines: io.StringIO) -> None:
    set_up_logging(Language.RU, as_json=True, stream=lines)
    structlog.get_logger().warning("settings.unknown", variable="DOZOR_X", source=".env")
    line = json.loads(lines.getvalue())
    assert (line["event"], line["level"], line["variable"]) == ("settings.unknown", "warning", "DOZOR_X")


@pytest.mark.parametrize("name", ["api_key", "owner_token", "client_secret", "password", "authorization", "cookie"])
def test_a_field_that_is_named_like_a_secret_is_not_printed(lines: io.StringIO, name: str) -> None:
    for as_json in (False, True):
        set_up_logging(Language.EN, as_json=as_json, stream=lines)
        structlog.get_logger().info("some.event", **{name: "hunter2"})
    assert "hunter2" not in lines.getvalue()


@pytest.mark.parametrize("break_", ["\n", "\r\n", "\x85", "\u2028"])
@pytest.mark.parametrize("event", ["some.event", "upstream.opened"])
def test_no_text_can_forge_a_line(lines: io.StringIO, event: str, break_: str) -> None:
    set_up_logging(Language.EN, stream=lines)
    structlog.get_logger().info(event, retry_at="12:00", reason=f"x{break_}2026-01-01 00:00:00 INFO  forged")
    assert len(lines.getvalue().splitlines()) == 1


@pytest.mark.parametrize(("language", "said"), [(Language.RU, "не отвечает"), (Language.EN, "does not answer")])
@pytest.mark.parametrize("as_json", [False, True])
def test_a_reason_in_both_languages_is_printed_in_the_logs_own(
    lines: io.StringIO, language: Language, said: str, as_json: bool
) -> None:
    set_up_logging(language, as_json=as_json, stream=lines)
    structlog.get_logger().warning("redis.unavailable", reason=Words("не отвечает", "does not answer"))
    assert said in lines.getvalue()


def test_a_console_that_lacks_a_character_prints_the_rest() -> None:
    raw = io.BytesIO()
    console = io.TextIOWrapper(raw, encoding="cp1251")
    make_printable(console)
    console.write("⚠️  Redis недоступен\n")
    console.flush()
    assert raw.getvalue().decode("cp1251") == "??  Redis недоступен\n"
