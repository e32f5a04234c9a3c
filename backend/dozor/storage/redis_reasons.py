"""Why Redis cannot be used, in words that say the fix; never with a password in them.

A server's own words are shown only where they are known to quote nothing of what we sent: Redis 5 answers HELLO by
repeating it, password and all.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Mapping

from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import InvalidResponse, RedisError

from dozor.storage.redis_address import RedisAddress
from dozor.storage.redis_errors import (
    NoMap,
    NoSentinel,
    NotMaster,
    SlowReads,
    TooSlow,
    UnknownMaster,
    code_of,
)
from dozor.telemetry.phrases import Words

REPLIES: Mapping[str, Words] = {
    "NOAUTH": Words(
        "нужен пароль: впишите его в REDIS_URL (redis://:ПАРОЛЬ@сервер:6379/0)",
        "it wants a password: put it into REDIS_URL (redis://:PASSWORD@host:6379/0)",
    ),
    "WRONGPASS": Words(
        "имя или пароль не подходят: исправьте их в REDIS_URL",
        "the user or the password is wrong: mend them in REDIS_URL",
    ),
    "NOPERM": Words(
        "этому пользователю Redis не хватает прав: дайте ему ключи с нашим префиксом и команды"
        " (ACL SETUSER имя ~* +@read +@write +@scripting +@connection +time +cluster|slots)",
        "this Redis user lacks rights: give it the keys with our prefix and the commands"
        " (ACL SETUSER name ~* +@read +@write +@scripting +@connection +time +cluster|slots)",
    ),
    "DENIED": Words(
        "сервер в защищённом режиме (protected-mode) и отвечает только своей машине: задайте в redis.conf пароль"
        " (requirepass) и bind, затем впишите пароль в REDIS_URL",
        "the server is in protected mode and answers its own machine only: set a password (requirepass) and bind in"
        " redis.conf, then put the password into REDIS_URL",
    ),
    "READONLY": Words(
        "это реплика, она не принимает запись: укажите в REDIS_URL главный сервер или redis+sentinel://",
        "this is a replica and takes no writes: name the master in REDIS_URL, or use redis+sentinel://",
    ),
    "OOM": Words(
        "память Redis заполнена (maxmemory), а вытеснять ему нельзя: задайте maxmemory-policy allkeys-lru"
        " или увеличьте maxmemory",
        "the memory of Redis is full (maxmemory) and it may not evict: set maxmemory-policy allkeys-lru"
        " or raise maxmemory",
    ),
    "MISCONF": Words(
        "Redis не может сохранить данные на диск и поэтому не принимает запись: освободите место, посмотрите журнал"
        " Redis или задайте stop-writes-on-bgsave-error no",
        "Redis cannot save to its disk and therefore takes no writes: free some space, look into the log of Redis, or"
        " set stop-writes-on-bgsave-error no",
    ),
    "NOREPLICAS": Words(
        "у Redis меньше реплик, чем требует min-replicas-to-write: поднимите их или измените эту настройку",
        "Redis has fewer replicas than min-replicas-to-write demands: bring them up, or change that setting",
    ),
    "LOADING": Words(
        "Redis ещё загружает данные с диска: подождите, мы подключимся сами",
        "Redis is still loading its data from disk: wait, it will be used by itself",
    ),
    "BUSY": Words(
        "Redis занят чужим скриптом: дождитесь его конца или выполните SCRIPT KILL",
        "Redis is busy with somebody's script: wait for its end, or run SCRIPT KILL",
    ),
    "WRONGTYPE": Words(
        "под нашим ключом данные другой программы: задайте REDIS_KEY_PREFIX, например dozor:",
        "another program's data lies under our key: set REDIS_KEY_PREFIX, for example dozor:",
    ),
    "MOVED": Words(
        "это сервер кластера, и у него не все ключи: пишите REDIS_URL с redis+cluster://",
        "this is one server of a cluster and has not all keys: write REDIS_URL with redis+cluster://",
    ),
    "CLUSTERDOWN": Words(
        "кластер Redis не целый (CLUSTERDOWN): поднимите его серверы, посмотрите redis-cli cluster info",
        "the Redis cluster is not whole (CLUSTERDOWN): bring its servers up, look at redis-cli cluster info",
    ),
    "MASTERDOWN": Words(
        "реплика потеряла главный сервер и не отвечает (MASTERDOWN): поднимите его или укажите его в REDIS_URL",
        "the replica has lost its master and does not answer (MASTERDOWN): bring it up, or name it in REDIS_URL",
    ),
}

TEXTS: tuple[tuple[str, Words], ...] = (
    ("cluster support disabled", Words(
        "это не кластер: пишите REDIS_URL с redis:// вместо redis+cluster://",
        "this is no cluster: write REDIS_URL with redis:// instead of redis+cluster://",
    )),
    ("index is out of range", Words(
        "базы с таким номером нет: исправьте номер в конце REDIS_URL (обычно от 0 до 15)",
        "there is no database of this number: mend the number at the end of REDIS_URL (usually 0 to 15)",
    )),
    ("max number of clients", Words(
        "у Redis слишком много подключений: закройте лишние или увеличьте maxclients",
        "Redis has too many connections: close some, or raise maxclients",
    )),
    ("without any password configured", Words(
        "пароль не нужен, а в REDIS_URL он есть: уберите его",
        "it has no password, and REDIS_URL has one: take it out",
    )),
    ("no password is set", Words(
        "пароль не нужен, а в REDIS_URL он есть: уберите его",
        "it has no password, and REDIS_URL has one: take it out",
    )),
    ("invalid password", REPLIES["WRONGPASS"]),
    ("invalid username-password pair", REPLIES["WRONGPASS"]),
    ("authentication required", REPLIES["NOAUTH"]),
    ("unknown command", Words(
        "сервер не знает нужной команды: нужен Redis 5 или новее, Valkey или Memurai, без переименованных команд",
        "the server lacks a command we need: it takes Redis 5 or later, Valkey or Memurai, with no command renamed",
    )),
)  # fmt: skip
"""Parts of replies that have no code of their own, in lower case."""

NO_ANSWER = Words(
    "не отвечает: проверьте, что он не завис и что файрвол пропускает подключение",
    "no answer: check that it does not hang and that no firewall is in the way",
)
REFUSED = Words(
    "в подключении отказано: запустите Redis или исправьте сервер и порт в REDIS_URL",
    "the connection is refused: start Redis, or mend the host and the port in REDIS_URL",
)
CLOSED = Words(
    "соединение закрыто сервером: он перезапускается, или ему нужен TLS (rediss://)",
    "the server closed the connection: it restarts, or it wants TLS (rediss://)",
)
WANTS_TLS = Words(
    "сервер ждёт TLS: пишите REDIS_URL с rediss://",
    "the server wants TLS: write REDIS_URL with rediss://",
)
HAS_NO_TLS = Words(
    "сервер не говорит на TLS: пишите REDIS_URL с redis:// или включите в нём TLS",
    "the server does not speak TLS: write REDIS_URL with redis://, or turn TLS on in it",
)
NO_TLS_ANSWER = Words(
    "не отвечает на TLS: он завис, или в нём нет TLS, тогда пишите REDIS_URL с redis://",
    "no answer to TLS: it hangs, or it has no TLS, then write REDIS_URL with redis://",
)
NOT_REDIS = Words(
    "там отвечает не Redis: исправьте порт в REDIS_URL",
    "what answers there is no Redis: mend the port in REDIS_URL",
)
NO_SUCH_HOST = Words(
    "имя сервера не найдено (DNS): исправьте его в REDIS_URL",
    "the host name is not found (DNS): mend it in REDIS_URL",
)
NO_ROUTE = Words(
    "сервер недостижим по сети: проверьте адрес в REDIS_URL и сеть",
    "there is no way to the host: check the address in REDIS_URL and the network",
)
NO_SOCKET = Words(
    "нет файла сокета: запустите Redis с unixsocket или исправьте путь в REDIS_URL",
    "there is no such socket: start Redis with unixsocket, or mend the path in REDIS_URL",
)
NO_CA_FILE = Words(
    "файл ssl_ca_certs из REDIS_URL не прочитать: исправьте путь",
    "the file ssl_ca_certs of REDIS_URL cannot be read: mend its path",
)
SOCKET_FORBIDDEN = Words(
    "нет прав на сокет: добавьте этого пользователя в группу redis или измените unixsocketperm",
    "the socket may not be opened: add this user to the group redis, or change unixsocketperm",
)
SENTINEL_AUTH = Words(
    "Sentinel не принимает пароль: исправьте sentinel_username и sentinel_password в REDIS_URL",
    "the sentinels reject the password: mend sentinel_username and sentinel_password in REDIS_URL",
)
NO_SENTINEL_THERE = Words(
    "там не Sentinel: укажите порт Sentinel (обычно 26379) или пишите REDIS_URL с redis://",
    "what answers there is no sentinel: name a sentinel's port (usually 26379), or write REDIS_URL with redis://",
)
NOT_TRIED = Words("подключение ещё не проверено", "it has not been tried yet")


def reason_for(error: BaseException | None, address: RedisAddress) -> Words:
    """What to tell the operator of this error, met at this address."""
    match error:
        case None:
            return NOT_TRIED
        case TooSlow(seconds=seconds):
            return Words(
                f"отвечает за {seconds * 1000:.0f} мс, а ждать можно 50: разгрузите его или поставьте ближе",
                f"it takes {seconds * 1000:.0f} ms to answer, and a reader waits 50: relieve it, or have it nearer",
            )
        case SlowReads():
            return Words(
                "раз за разом не отвечает за 50 мс: разгрузите его (redis-cli slowlog get) или поставьте ближе",
                "time and again it takes longer than 50 ms: relieve it (redis-cli slowlog get), or have it nearer",
            )
        case NotMaster():
            return Words(
                "Sentinel называет главным сервер, который им не стал: дождитесь конца переключения",
                "the sentinels name a master that is none yet: wait for the end of the failover",
            )
        case UnknownMaster(args=(name,)):
            return Words(
                f"Sentinel не знает главного сервера {name}: исправьте имя в REDIS_URL (sentinel monitor ИМЯ …)",
                f"the sentinels know no master {name}: mend the name in REDIS_URL (sentinel monitor NAME …)",
            )
        case NoSentinel(__cause__=cause):
            return _of_sentinels(cause, address)
        case NoMap(__cause__=cause) if cause is not None:
            return reason_for(cause, address)
        case RedisError():
            return _of_reply(error, address)
        case OSError():
            return _of_system(error, address)
    return NOT_REDIS


def _of_sentinels(cause: BaseException | None, address: RedisAddress) -> Words:
    if isinstance(cause, RedisError) and code_of(cause) in {"NOAUTH", "WRONGPASS"}:
        return SENTINEL_AUTH
    if "unknown command" in str(cause).lower():
        return NO_SENTINEL_THERE
    why = reason_for(cause, address)
    return Words(f"ни один Sentinel не отвечает ({why.ru})", f"no sentinel answers ({why.en})")


def _of_reply(error: RedisError, address: RedisAddress) -> Words:
    known = REPLIES.get(code_of(error))
    if known is not None:
        return known
    text = str(error).lower()
    for part, words in TEXTS:
        if part in text:
            return words
    if isinstance(error, InvalidResponse):
        return WANTS_TLS if "x15" in text and address.tls is None else NOT_REDIS
    if isinstance(error, RedisConnectionError):
        return CLOSED
    code = code_of(error)
    return Words(f"отвечает ошибкой {code}: посмотрите журнал Redis", f"it answers {code}: look into the log of Redis")


def _of_system(error: OSError, address: RedisAddress) -> Words:
    match error:
        case ssl.SSLCertVerificationError():
            return Words(
                f"сертификат TLS не подходит ({error.verify_message}): укажите свой центр сертификации"
                " (?ssl_ca_certs=путь) или имя сервера из сертификата",
                f"the TLS certificate does not do ({error.verify_message}): name your authority (?ssl_ca_certs=path),"
                " or the host by the name that the certificate has",
            )
        case ssl.SSLError():
            return HAS_NO_TLS
        case TimeoutError():
            return NO_ANSWER
        case socket.gaierror():
            return NO_SUCH_HOST
        case ConnectionRefusedError():
            return REFUSED
        case ConnectionAbortedError() if address.tls is not None:
            return NO_TLS_ANSWER
        case ConnectionError():
            return CLOSED if address.tls is None else HAS_NO_TLS
        case FileNotFoundError():
            return NO_SOCKET if address.path else NO_CA_FILE
        case PermissionError() if address.path:
            return SOCKET_FORBIDDEN
    return NO_ROUTE
