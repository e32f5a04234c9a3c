"""What the launcher says, in Russian and English, printable on any console."""

from __future__ import annotations

import os
import sys
from enum import IntEnum
from pathlib import Path

PHRASES = {
    "first": (
        "Первая настройка: ставлю библиотеки и страницу в {folder}. Один раз, обычно 20–60 секунд, нужна сеть.",
        "First set-up: libraries and the page go into {folder}. Once, usually 20-60 seconds, needs the network.",
    ),
    "again": (
        "Привожу {folder} в порядок ({groups}) …",
        "Bringing {folder} up to date ({groups}) ...",
    ),
    "repair": (
        "Прошлая настройка была прервана, начинаю её заново.",
        "The last set-up was interrupted, starting it afresh.",
    ),
    "still": ("… ещё работаю, прошло {seconds} с", "... still working, {seconds} s so far"),
    "done": ("Готово за {seconds} с.", "Done in {seconds} s."),
    "waiting": (
        "Эту папку уже настраивает другой запуск, жду его …",
        "Another start is setting up this folder, waiting for it ...",
    ),
    "get-uv": (
        "Нет uv {needed} или новее, кладу свой uv {version} в {folder} …",
        "No uv {needed} or newer here, putting uv {version} into {folder} ...",
    ),
    "get-node": (
        "Нет подходящего Node.js, кладу свой {version} в {folder} …",
        "No suitable Node.js here, putting {version} into {folder} ...",
    ),
    "get-node-modules": (
        "Ставлю то, что нужно для проверки страницы (npm ci) …",
        "Installing what the page's check needs (npm ci) ...",
    ),
    "no-venv": (
        "У этого Python нет модуля venv: поставьте его (Debian, Ubuntu: sudo apt install python3-venv) или uv.",
        "This Python has no venv module: install it (Debian, Ubuntu: sudo apt install python3-venv) or uv.",
    ),
    "no-network": (
        "Настройка не удалась: первой настройке нужна сеть (пакеты Python и npm), а она недоступна.",
        "The set-up failed: the first one needs the network (Python and npm packages), and it cannot be reached.",
    ),
    "failed": (
        "Настройка не удалась ({tool}, код {status}); всё подробно: DOZOR_VERBOSE=1. Конец вывода:",
        "The set-up failed ({tool}, exit {status}); DOZOR_VERBOSE=1 shows everything. Its last lines:",
    ),
    "cannot-write": (
        "Не могу писать в {folder} ({reason}): дайте права на запись или перенесите Dozor в другую папку.",
        "Cannot write into {folder} ({reason}): make it writable or move Dozor to another folder.",
    ),
    "cannot-write-environment": (
        "Не могу писать в {folder}: дайте права на запись или назовите другую папку в DOZOR_VENV.",
        "Cannot write into {folder}: make it writable or name another folder in DOZOR_VENV.",
    ),
    "not-ours": (
        "В папке {folder} лежит не виртуальное окружение: назовите в DOZOR_VENV пустую или новую папку.",
        "{folder} holds something that is no virtual environment: name an empty or new folder in DOZOR_VENV.",
    ),
    "interrupted": ("Прервано.", "Interrupted."),
    "tests-ok": ("Все тесты прошли.", "All tests passed."),
    "tests-failed": ("Тесты не прошли: {names}.", "Tests failed: {names}."),
    "no-such-check": ("Нет проверки «{name}»; есть: {names}.", "There is no check “{name}”; there are: {names}."),
    "check-ok": ("проверка {name}: в порядке ({seconds} с)", "check {name}: ok ({seconds} s)"),
    "check-failed": (
        "проверка {name}: НЕ ПРОШЛА (код {status}, {seconds} с)",
        "check {name}: FAILED (exit {status}, {seconds} s)",
    ),
    "checks-ok": ("Все проверки прошли: {names}.", "All checks passed: {names}."),
    "checks-failed": ("Не прошли: {names}.", "Failed: {names}."),
}


class Exit(IntEnum):
    """What each exit code tells; Dozor's own commands use the same."""

    OK = 0
    FAILED = 1  # tests, a check, or Dozor itself
    USAGE = 2  # a setting or an argument is wrong, or this Python is too old
    CANNOT_RUN = 3  # not here: the port is taken, a folder cannot be written
    SET_UP_FAILED = 4  # the environment could not be made


class Stop(Exception):  # an end with a reason; what the reason is, the code says
    """The launcher cannot go on: the sentence to say, and the exit code."""

    def __init__(self, code: Exit, phrase: str, /, detail: str = "", **facts: object) -> None:
        super().__init__(sentence(phrase, **facts))
        self.code = code
        self.detail = detail


def sentence(phrase: str, /, **facts: object) -> str:
    """The phrase in the user's language."""
    russian, english = PHRASES[phrase]
    return (english if language() == "en" else russian).format(**facts)


def say(text: str) -> None:
    """Write one line for the user to stderr, whatever the console can print."""
    sys.stderr.write(f"[run] {text}\n")
    sys.stderr.flush()


def language() -> str:
    """``en`` or ``ru``: ``DOZOR_LANG`` from the environment, else from ``backend/.env``, else Russian."""
    named = os.environ.get("DOZOR_LANG") or _language_in_env_file(Path(__file__).resolve().parents[1] / ".env")
    return "en" if named == "en" else "ru"


def _language_in_env_file(path: Path) -> str:
    # Tolerant on purpose: the real reader, which judges the whole file, is in the environment not yet made.
    try:
        lines = path.read_text("utf-8-sig", errors="replace").splitlines()
    except OSError:
        return ""
    for line in reversed(lines):  # the last one wins, as there
        name, _, value = line.strip().removeprefix("export ").partition("=")
        if name.strip() == "DOZOR_LANG":
            return value.split("#")[0].strip().strip("'\"").lower()
    return ""
