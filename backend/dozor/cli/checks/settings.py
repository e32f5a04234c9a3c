"""The settings: every mistake in them, and what looks like a typing mistake."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from dozor.cli.checks.finding import Finding, failed, ok, warning
from dozor.settings import Settings
from dozor.telemetry.phrases import Words


def check_settings(settings: Settings, env_file: Path, unknown: Sequence[str]) -> Iterator[Finding]:
    """Findings about settings without a mistake; ``unknown`` are variables of ``env_file`` that nobody reads."""
    yield _file(env_file)
    for variable in unknown:
        yield warning(
            variable,
            Words("такой настройки нет, она ничего не меняет", "there is no such setting, it has no effect"),
            Words(f"Исправьте имя или уберите строку из {env_file}", f"Mend its name, or remove it from {env_file}"),
        )
    plan = settings.coingecko_plan.value
    yield ok(
        "values",
        Words(
            f"ошибок нет: тариф {plan}, {settings.host}:{settings.port}, данные в {settings.data_dir}",
            f"no mistakes: plan {plan}, {settings.host}:{settings.port}, data in {settings.data_dir}",
        ),
    )


def check_mistakes(mistakes: Sequence[str], env_file: Path) -> Iterator[Finding]:
    """A finding for each sentence about a mistake, which is in the operator's language already."""
    yield _file(env_file)
    fix = Words(f"Исправьте в {env_file} или в окружении", f"Mend it in {env_file} or in the environment")
    for mistake in mistakes:
        variable, _, rest = mistake.partition(": ")
        named = variable if variable.isidentifier() else "file"
        said = rest if variable.isidentifier() else mistake
        yield failed(named, Words(said, said), fix)


def _file(env_file: Path) -> Finding:
    if env_file.exists():
        return ok("file", Words(str(env_file), str(env_file)))
    return ok(
        "file",
        Words(
            f"{env_file} нет: действуют значения по умолчанию и окружение",
            f"{env_file} is not there: defaults and the environment hold",
        ),
    )
