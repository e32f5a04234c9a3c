"""``dozor backup`` and ``dozor restore``: a copy of the database and the secrets, and its way back."""

from __future__ import annotations

import json
import sqlite3
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from dozor.cli.beginning import settings_of_this_start
from dozor.cli.sizes import in_words
from dozor.clock import SystemClock
from dozor.domain.errors import CannotRunHere
from dozor.settings import DATABASE_FILE, Settings
from dozor.storage.folder_use import FolderInUse, sole_use
from dozor.storage.sql.backup import Manifest, NewerBackup, NotABackup, put_in_place, unpacked, write_backup
from dozor.supervise import prepare_data_dir
from dozor.telemetry.phrases import Language, Words

EXIT_FAILED = 1

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object instead of lines.")]


def backup_command(
    target: Annotated[Path, typer.Argument(help="A new file, or a folder to put one in.", metavar="FILE|DIR")],
    as_json: AsJson = False,  # noqa: FBT002  # typer
) -> None:
    """Copy the database and the secrets to one file, while Dozor runs or not, and read it back."""
    settings, now = settings_of_this_start(), SystemClock().now()
    file = target / f"dozor-{now:%Y%m%d-%H%M%S}.zip" if target.is_dir() else target
    try:
        made = write_backup(settings.data_dir, file, now, version("dozor"), with_database=settings.postgres is None)
    except FileExistsError:
        raise _failed(
            Words(
                f"{file} уже есть: назовите другой файл или папку",
                f"{file} is there already: name another, or a folder",
            ),
            settings.language,
        ) from None
    except FileNotFoundError as error:
        missing = Path(error.filename or settings.data_dir / DATABASE_FILE)
        raise _failed(Words(f"{missing}: такого нет", f"{missing} is not there"), settings.language) from error
    except sqlite3.Error as error:
        database = settings.data_dir / DATABASE_FILE
        raise _failed(
            Words(f"{database} не прочитать: {error}", f"{database} cannot be read: {error}"), settings.language
        ) from error
    except OSError as error:
        raise CannotRunHere(f"{file}: {error.strerror or error}. Name another place to write to") from error
    if as_json:
        _print_json(_as_object(made, file) | {"bytes": file.stat().st_size})
    else:
        size = in_words(file.stat().st_size)
        words = Words(f"{file}: {size.ru}, проверено", f"{file}: {size.en}, verified")
        typer.echo(words.in_language(settings.language))
    if settings.postgres is not None:
        _say(POSTGRES_APART, settings.language)


POSTGRES_APART = Words(
    "В копии только секреты: правила и события лежат в PostgreSQL. Их копия:"
    ' pg_dump --format=custom --file=dozor.dump "$DATABASE_URL"',
    "The copy holds the secrets alone: rules and events are in PostgreSQL. A copy of those:"
    ' pg_dump --format=custom --file=dozor.dump "$DATABASE_URL"',
)
HAS_DATABASE = Words(
    "В копии файл SQLite, а DATABASE_URL указывает на PostgreSQL: уберите DATABASE_URL, чтобы вернуть копию",
    "The copy holds a file of SQLite, and DATABASE_URL names PostgreSQL: unset DATABASE_URL to restore it",
)
HAS_NO_DATABASE = Words(
    "В копии нет базы: её сделал Dozor с PostgreSQL. Задайте DATABASE_URL; базу возвращает pg_restore",
    "The copy has no database: a Dozor with PostgreSQL made it. Set DATABASE_URL; pg_restore brings the database",
)


def restore_command(
    archive: Annotated[Path, typer.Argument(help="What `backup` has written.", metavar="FILE")],
    as_json: AsJson = False,  # noqa: FBT002  # typer
) -> None:
    """Put back what a backup holds, while no Dozor runs. What it replaces is kept beside it."""
    settings = settings_of_this_start()
    prepare_data_dir(settings.data_dir, settings.language)
    try:
        with sole_use(settings.data_dir), unpacked(archive, settings.data_dir) as (manifest, new):
            has_database = DATABASE_FILE in manifest.files
            if has_database and settings.postgres is not None:
                raise _failed(HAS_DATABASE, settings.language)
            if not has_database and settings.postgres is None:
                raise _failed(HAS_NO_DATABASE, settings.language)
            aside = settings.data_dir / f"replaced-{SystemClock().now():%Y%m%d-%H%M%S}"
            put_in_place(new, list(manifest.files), settings.data_dir, aside)
    except FolderInUse:
        words = Words(
            f"С папкой {settings.data_dir} работает Dozor: сначала остановите его",
            f"A Dozor works with {settings.data_dir}: stop it first",
        )
        raise _failed(words, settings.language) from None
    except NotABackup as error:
        words = Words(f"{archive}: это не целая копия Dozor ({error})", f"{archive} is no sound backup ({error})")
        raise _failed(words, settings.language) from error
    except NewerBackup as error:
        words = Words(
            f"{archive} сделан более новым Dozor ({error}): обновите Dozor",
            f"{archive} was made by a newer Dozor ({error}): update Dozor",
        )
        raise _failed(words, settings.language) from error
    except OSError as error:
        raise CannotRunHere(f"{error.filename or archive}: {error.strerror or error}") from error
    _tell(manifest, archive, aside, settings, as_json=as_json)


def _tell(manifest: Manifest, archive: Path, aside: Path, settings: Settings, *, as_json: bool) -> None:
    if as_json:
        _print_json(_as_object(manifest, archive) | {"replaced": str(aside)})
        return
    made = f"{manifest.made_at:%Y-%m-%d %H:%M:%S} UTC"
    words = Words(
        f"Возвращено состояние на {made}: {', '.join(manifest.files)}. Прежнее лежит в {aside}",
        f"Restored as of {made}: {', '.join(manifest.files)}. What was there before is in {aside}",
    )
    typer.echo(words.in_language(settings.language))


def _as_object(manifest: Manifest, file: Path) -> dict[str, object]:
    return {
        "file": str(file),
        "made_at": f"{manifest.made_at:%Y-%m-%dT%H:%M:%SZ}",
        "made_by": manifest.made_by,
        "revision": manifest.revision,
        "files": sorted(manifest.files),
    }


def _failed(words: Words, language: Language) -> typer.Exit:
    _say(words, language)
    return typer.Exit(EXIT_FAILED)


def _say(words: Words, language: Language) -> None:
    typer.echo(words.in_language(language), err=True)


def _print_json(value: dict[str, object]) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))
