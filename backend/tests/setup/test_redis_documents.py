"""The page about Redis quotes what is really there: settings, addresses, commands, log lines, words of each trouble."""

from __future__ import annotations

import re
import shlex
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from redis_page import ROOT, blocks, page, rows
from typer.core import TyperCommand, TyperGroup

from dozor.cli.main import cli
from dozor.setting_values import SETTINGS
from dozor.settings import read_settings
from dozor.storage import redis_reasons
from dozor.storage.redis_address import RedisAddress, parse_redis_url
from dozor.storage.redis_errors import SlowReads
from dozor.telemetry.phrases import PHRASES, Words

ADDRESSES, KEYS, TROUBLES = range(3)  # the tables of the page
LANGUAGES = ["en", "ru"]
PAGES = ["redis.md", "operations.md", "getting-started.md"]
ADDRESS = parse_redis_url("redis://localhost")


def test_both_languages_have_the_same_blocks_of_code() -> None:
    assert blocks("en") == blocks("ru")
    assert page("en").count("\n```") == page("ru").count("\n```") == 2 * len(blocks("en"))


def test_every_command_is_run_by_us_or_marked_as_not_run() -> None:
    """``run``, ``serves`` and ``asks`` by test_redis_commands.py, ``by-hand`` on a Debian 12."""
    for block in blocks("en"):
        run_by = set(block.kind.split()[1:]) & {"run", "serves", "asks", "by-hand"}
        assert bool(run_by) is (block.is_command and not block.is_marked), block


def addresses(language: str) -> list[str]:
    """Everything on the page that can be copied into ``.env`` as REDIS_URL."""
    return [text for text in re.findall(r"REDIS_URL=[^\s`]*", page(language)) if "…" not in text]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_address_on_the_page_is_one(language: str, tmp_path: Path) -> None:
    assert len(addresses(language)) > 10
    for line in addresses(language):
        assert (address_in(line, tmp_path) is None) is (line == "REDIS_URL="), line


def address_in(line: str, folder: Path) -> RedisAddress | None:
    (folder / ".env").write_text(f"{line}\n", "utf-8")
    return read_settings({}, folder / ".env", default_data_dir=folder).redis


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_two_spellings_of_a_password_are_the_password_that_the_page_names(language: str, tmp_path: Path) -> None:
    [spelled] = (block.text for block in blocks(language) if block.kind == "env" and "\n" in block.text)
    passwords = {found.password for line in spelled.splitlines() if (found := address_in(line, tmp_path))}
    assert len(passwords) == 1
    assert f"`{passwords.pop()}`" in page(language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_setting_on_the_page_exists(language: str) -> None:
    named = set(re.findall(r"\b(?:REDIS|DOZOR|COINGECKO)_[A-Z_]+\b", page(language)))
    assert named
    assert {name.removesuffix("_FILE") for name in named} <= set(SETTINGS)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_log_line_on_the_page_is_one_that_dozor_writes(language: str) -> None:
    shown = [line for block in blocks(language) if block.kind == "log" for line in block.text.splitlines()]
    assert len(shown) == 8
    for line in shown:
        assert [event for event, forms in PHRASES.items() if any(fits(line, form) for form in forms)], line


def fits(line: str, phrase: str) -> bool:
    if not phrase.strip("{}").isidentifier():  # a phrase that is a field alone would fit everything
        return bool(re.fullmatch(re.sub(r"\\{\w+\\}", ".+", re.escape(phrase)), line))
    return False


@pytest.mark.parametrize(("language", "place"), [("ru", 0), ("en", 1)])
def test_the_words_before_a_reason_are_those_of_the_log(language: str, place: int) -> None:
    for event in ("redis.unavailable", "redis.refuses_writes"):
        words = PHRASES[event][place].split("{reason}")[0].removeprefix("⚠️").strip()
        assert f"`{words}`" in page(language)


def test_every_trouble_is_quoted_in_the_words_of_the_log_in_both_languages() -> None:
    quoted = [
        (english[1].strip("`"), russian[1].strip("`"))
        for english, russian in zip(rows("en", of_table=TROUBLES), rows("ru", of_table=TROUBLES), strict=True)
    ]
    for english, russian in quoted:
        assert [words for words in all_words() if english in words.en and russian in words.ru], (english, russian)


def test_no_reply_of_redis_that_users_meet_is_missing_from_the_troubles() -> None:
    codes = {code for row in rows("en", of_table=TROUBLES) for code in re.findall(r"`([A-Z]+)`", row[0])}
    rare = {"NOREPLICAS", "BUSY", "MASTERDOWN"}  # of set-ups that this page does not describe
    assert set(redis_reasons.REPLIES) - codes == rare


def all_words() -> Iterator[Words]:
    """Everything that the log may say of why Redis cannot be used."""
    yield from redis_reasons.REPLIES.values()
    yield from (words for _, words in redis_reasons.TEXTS)
    yield from (words for words in vars(redis_reasons).values() if isinstance(words, Words))
    yield redis_reasons.reason_for(SlowReads(), ADDRESS)
    untrusted = ssl.SSLCertVerificationError()
    untrusted.verify_message = "self-signed certificate"
    yield redis_reasons.reason_for(untrusted, ADDRESS)


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_command_of_dozor_on_the_pages_is_understood(language: str, name: str) -> None:
    for words in commands_on(language, name):
        understand(words)


def commands_on(language: str, name: str) -> list[list[str]]:
    """What stands behind ``run.py`` on this page, but for the launcher's own commands."""
    text = (ROOT / "docs" / language / name).read_text("utf-8")
    every = [shlex.split(arguments) for arguments in re.findall(r"run\.py (\w+[^`|\n]*)", text)]
    return [words for words in every if words[0] not in {"test", "check"}]


def main_command() -> TyperGroup:
    command = typer.main.get_command(cli)
    assert isinstance(command, TyperGroup)
    return command


def understand(words: list[str]) -> None:
    """Have the command line read these words, and do nothing; fails when it does not understand them."""
    command: TyperCommand | TyperGroup = main_command()
    while isinstance(command, TyperGroup):
        assert words[0] in command.commands, words
        command, words = command.commands[words[0]], words[1:]
    command.make_context(command.name, words)
