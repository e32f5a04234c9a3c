"""Log lines: one event per fact, for people on the console or as JSON for programs.

Secrets never come here: nobody below the settings has one in printable form. The renderer is the last line of defence:
a field whose name says that it holds one is not printed.
"""

from __future__ import annotations

import contextlib
import json
import logging
import re
import sys
from datetime import datetime
from typing import TextIO, cast

import structlog
from structlog.typing import EventDict, WrappedLogger

from dozor.telemetry.phrases import Language, Words, phrase

SECRET_FIELD = re.compile(r"key$|token|secret|password|authorization|cookie", re.IGNORECASE)
LINE_BREAK = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]+")  # in what others say: no line but ours begins
LEVELS = {"debug": "DEBUG", "info": "INFO", "warning": "WARN", "error": "ERROR", "critical": "ERROR"}


def set_up_logging(language: Language, *, as_json: bool = False, stream: TextIO | None = None) -> None:
    """Send every log line, ours and the libraries', to ``stream`` (standard error when ``None``)."""
    out = _Unfailing(stream if stream is not None else sys.stderr)
    render = _render_json if as_json else _PeopleRenderer(language)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
            structlog.processors.format_exc_info,
            _hide_secrets,
            _InLanguage(language),
            render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(cast("TextIO", out)),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(handlers=[_ToStructlog()], level=logging.WARNING, force=True)
    # It warns of every malformed request: anybody could fill the log with those.
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)


def make_printable(stream: TextIO) -> None:
    """Let ``stream`` print any text: what its encoding lacks (a cp1251 console has no emoji) becomes ``?``."""
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="replace", line_buffering=True)


class _Unfailing:
    """A stream that loses what it cannot write: a full log disk or a closed pipe must not stop a cache."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with contextlib.suppress(OSError, ValueError):  # ValueError: it was closed
            return self._stream.write(text)
        return 0

    def flush(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._stream.flush()


class _ToStructlog(logging.Handler):
    """Libraries' own log lines, through ours."""

    def emit(self, record: logging.LogRecord) -> None:
        structlog.get_logger(record.name).log(
            record.levelno, record.getMessage(), logger=record.name, exc_info=record.exc_info
        )


def _hide_secrets(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    return {name: "***" if SECRET_FIELD.search(name) and name != "key" else value for name, value in event.items()}


class _InLanguage:
    """Lets whoever logs pass on a sentence in both languages, without knowing which one the log speaks."""

    def __init__(self, language: Language) -> None:
        self._language = language

    def __call__(self, _: WrappedLogger, __: str, event: EventDict) -> EventDict:
        return {
            name: value.in_language(self._language) if isinstance(value, Words) else value
            for name, value in event.items()
        }


def _render_json(_: WrappedLogger, __: str, event: EventDict) -> str:
    return json.dumps(event, ensure_ascii=False, default=str)


class _PeopleRenderer:
    def __init__(self, language: Language) -> None:
        self._language = language

    def __call__(self, _: WrappedLogger, __: str, event: EventDict) -> str:
        fields = dict(event)
        at = datetime.fromisoformat(str(fields.pop("at"))).astimezone()
        level = LEVELS.get(str(fields.pop("level", "info")), "INFO")
        trace = fields.pop("exception", None)
        for name, value in fields.items():
            if isinstance(value, datetime):
                fields[name] = f"{value.astimezone():%H:%M:%S}"
        text, rest = phrase(str(fields.pop("event")), fields, self._language)
        line = f"{at:%Y-%m-%d %H:%M:%S} {level:<5} {text}"
        if rest:
            line += "  " + " ".join(f"{name}={_quoted(value)}" for name, value in rest.items())
        line = LINE_BREAK.sub(" ", line)
        return f"{line}\n{trace}" if trace else line


def _quoted(value: object) -> str:
    """One word stays as it is; anything that could break a line or a field is quoted (no forged log lines)."""
    text = str(value)
    return text if re.fullmatch(r"[\w./:@%+,-]+", text) else json.dumps(text, ensure_ascii=False)
