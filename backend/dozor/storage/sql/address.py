"""``DATABASE_URL`` as people write it: where PostgreSQL is, or nothing for the file in the data folder."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from urllib.parse import unquote, urlsplit

from dozor.telemetry.phrases import Words

SCHEMES = {"postgresql", "postgres", "postgresql+asyncpg"}
TLS_WORDS = {"disable", "allow", "prefer", "require", "verify-ca", "verify-full"}


class Mistake(Enum):
    """Why a text is no DATABASE_URL; none of these shows anything of it."""

    NOT_POSTGRES = Words("это не адрес PostgreSQL", "this is no address of PostgreSQL")
    SQLITE = Words(
        "файл SQLite не называют: он лежит в DOZOR_DATA_DIR, оставьте DATABASE_URL пустым",
        "a file of SQLite is not named: it lies in DOZOR_DATA_DIR, leave DATABASE_URL empty",
    )
    BAD_PORT = Words(
        "порт не число от 1 до 65535; знаки @ : / ? # % в пароле пишутся кодами, например %40 вместо @",
        "the port is no number from 1 to 65535; in a password write @ : / ? # % as codes, such as %40 for @",
    )
    NO_DATABASE = Words("в конце нет имени базы", "there is no name of a database at the end")
    BAD_TLS = Words(
        f"sslmode бывает {', '.join(sorted(TLS_WORDS))}",
        f"sslmode is one of {', '.join(sorted(TLS_WORDS))}",
    )


class DatabaseUrlMistake(ValueError):
    """The text is no DATABASE_URL, for this reason."""

    def __init__(self, reason: Mistake) -> None:
        super().__init__(reason.value.en)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class PostgresAddress:
    """Where PostgreSQL is. ``dsn`` holds the password, and is the driver's alone; ``shown`` is for everybody."""

    dsn: str = field(repr=False)
    shown: str


def parse_database_url(text: str) -> PostgresAddress:
    """The address in ``postgresql://user:password@host:port/database?sslmode=…``. Raises DatabaseUrlMistake."""
    scheme, _, rest = text.partition("://")
    if scheme.lower().startswith("sqlite"):
        raise DatabaseUrlMistake(Mistake.SQLITE)
    if scheme.lower() not in SCHEMES or not rest:
        raise DatabaseUrlMistake(Mistake.NOT_POSTGRES)
    dsn = f"postgresql://{rest}"
    parts = urlsplit(dsn)
    host = parts.netloc.rpartition("@")[2]
    options = dict(option.partition("=")[::2] for option in parts.query.split("&") if option)
    for one in host.split(","):  # several hosts are tried in turn
        port = one.rpartition("]")[2].rpartition(":")[2] if ":" in one.rpartition("]")[2] else "5432"
        if not (port.isascii() and port.isdigit() and 1 <= int(port) <= 65535):
            raise DatabaseUrlMistake(Mistake.BAD_PORT)
    database = unquote(parts.path.removeprefix("/")) or unquote(options.get("dbname", options.get("database", "")))
    if not database:
        raise DatabaseUrlMistake(Mistake.NO_DATABASE)
    if options.get("sslmode", "prefer") not in TLS_WORDS:
        raise DatabaseUrlMistake(Mistake.BAD_TLS)
    return PostgresAddress(dsn, f"{host or unquote(options.get('host', 'localhost'))}/{database}")
