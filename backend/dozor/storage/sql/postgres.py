"""Connecting to PostgreSQL, and why that fails, in words that say the fix; never with a password in them."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Mapping
from typing import Any

from dozor.storage.sql.address import PostgresAddress
from dozor.telemetry.phrases import Words

CONNECT_SECONDS = 5.0
STATEMENT_SECONDS = 60.0  # what takes longer is stuck; callers have deadlines of their own

# By SQLSTATE (https://www.postgresql.org/docs/current/errcodes-appendix.html): what only an operator can mend.
LASTING: Mapping[str, Words] = {
    "28P01": Words(
        "имя или пароль не подходят: исправьте их в DATABASE_URL",
        "the user or the password is wrong: mend them in DATABASE_URL",
    ),
    "28000": Words(
        "сервер не пускает этого пользователя отсюда: добавьте строку в pg_hba.conf или sslmode=require в DATABASE_URL",
        "the server does not let this user in from here: add a line to pg_hba.conf, or sslmode=require to DATABASE_URL",
    ),
    "3D000": Words(
        "такой базы нет: создайте её (createdb ИМЯ) или исправьте имя в конце DATABASE_URL",
        "there is no such database: make it (createdb NAME), or mend the name at the end of DATABASE_URL",
    ),
    "42501": Words(
        "этому пользователю не хватает прав: сделайте его владельцем базы (ALTER DATABASE имя OWNER TO пользователь)",
        "this user lacks rights: make it the owner of the database (ALTER DATABASE name OWNER TO user)",
    ),
}


class CannotConnect(OSError):
    """PostgreSQL does not let us in. ``is_lasting``: it will not, until an operator has changed something."""

    def __init__(self, reason: Words, *, is_lasting: bool = False) -> None:
        super().__init__(reason.en)
        self.reason = reason
        self.is_lasting = is_lasting


async def connect(address: PostgresAddress) -> Any:
    """A connection of the driver's, which has no types. Raises CannotConnect."""
    import asyncpg  # type: ignore[import-untyped]  # late: who uses SQLite need not wait for it

    try:
        return await asyncpg.connect(
            address.dsn,
            timeout=CONNECT_SECONDS,
            command_timeout=STATEMENT_SECONDS,
            server_settings={"application_name": "dozor"},
        )
    except asyncpg.PostgresError as error:
        if error.sqlstate in LASTING:
            raise CannotConnect(LASTING[error.sqlstate], is_lasting=True) from error
        said = str(error).partition("\n")[0]
        raise CannotConnect(Words(f"сервер отвечает: {said}", f"the server says: {said}")) from error
    except (asyncpg.InterfaceError, asyncpg.InternalClientError, ValueError) as error:
        # Of the settings alone, such as a certificate's file that is not there.
        words = Words(f"DATABASE_URL не подходит: {error}", f"DATABASE_URL cannot be used: {error}")
        raise CannotConnect(words, is_lasting=True) from error
    except OSError as error:
        raise CannotConnect(_why_unreachable(error, address.shown)) from error


def _why_unreachable(error: OSError, shown: str) -> Words:
    match error:
        case TimeoutError():
            return Words(
                f"{shown} не отвечает {CONNECT_SECONDS:g} с: проверьте адрес, порт и межсетевой экран",
                f"{shown} does not answer within {CONNECT_SECONDS:g} s: check host, port and firewall",
            )
        case socket.gaierror():
            return Words(
                f"{shown}: нет такого имени: проверьте адрес в DATABASE_URL",
                f"{shown}: there is no such host: check the name in DATABASE_URL",
            )
        case ssl.SSLError():
            return Words(
                f"{shown}: TLS не удался ({error.reason}): проверьте sslmode и sslrootcert в DATABASE_URL",
                f"{shown}: TLS failed ({error.reason}): check sslmode and sslrootcert in DATABASE_URL",
            )
        case ConnectionRefusedError():
            return Words(
                f"{shown} не принимает соединений: запустите PostgreSQL или исправьте адрес и порт",
                f"{shown} takes no connections: start PostgreSQL, or mend host and port",
            )
        case _:
            reason = error.strerror or str(error) or type(error).__name__
            return Words(f"{shown}: {reason}", f"{shown}: {reason}")
