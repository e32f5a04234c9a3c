"""What a request says, read once from the ASGI scope."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote_to_bytes

from starlette.requests import cookie_parser
from starlette.types import Scope

from dozor.telemetry.phrases import Language
from dozor.web.access import Credentials, Network, client_address, is_loopback_name, keys_in
from dozor.web.errors import LONGEST_QUESTION_BYTES
from dozor.web.sessions import COOKIE, OwnerLogin

MAX_PARAMETERS = 200
TOO_LONG = "too_long"  # in the scope's state: the code of the problem, where the server kept only a part of the head


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, decoded: what is wanted and in which form. Credentials are apart, see ``credentials``."""

    method: str
    segments: tuple[str, ...]  # of the path below the mount point
    query: tuple[tuple[str, str], ...]
    headers: Mapping[str, str]  # names in lower case; the last of a repeated one

    @property
    def origin(self) -> str | None:
        """The browser page that asks, if one does."""
        return self.headers.get("origin")


def asked(scope: Scope) -> Asked:
    """Read the request. Bytes that are no UTF-8 become replacement characters, never an error."""
    raw_path: bytes = scope.get("raw_path") or scope["path"].encode()
    root = scope.get("root_path", "")
    path = raw_path.split(b"?")[0].removeprefix(root.encode())
    raw_query: bytes = scope["query_string"]
    return Asked(
        method=scope["method"],
        segments=tuple(_decoded(part) for part in path.strip(b"/").split(b"/")),
        query=tuple(parse_qsl(raw_query.decode("latin-1"), keep_blank_values=True)[:MAX_PARAMETERS]),
        headers={name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]},
    )


def too_long(scope: Scope) -> str | None:
    """The code of the problem, ``uri-too-long`` or ``headers-too-long``, when the request has it."""
    code: str | None = scope.get("state", {}).get(TOO_LONG)
    target_bytes = len(scope.get("raw_path") or b"") + len(scope["query_string"])
    return code or ("uri-too-long" if target_bytes > LONGEST_QUESTION_BYTES else None)


def credentials(scope: Scope, request: Asked, login: OwnerLogin, trusted: Sequence[Network]) -> Credentials:
    """What the request brought along to be let in."""
    client = scope.get("client")
    # A Unix socket has no address; only this machine can reach one.
    peer = client[0] if client else "127.0.0.1"
    forwarded = request.headers.get("x-forwarded-for") or request.headers.get("forwarded")
    address, is_local = client_address(peer, forwarded, trusted)
    # A page elsewhere can make its own name point at this machine; its requests then come from here, but name it.
    is_local = is_local and is_loopback_name(request.headers.get("host"))
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    bearer = token.strip() if scheme.lower() == "bearer" and token.strip() else None
    cookie = cookie_parser(request.headers.get("cookie", "")).get(COOKIE, "")
    return Credentials(
        address=address,
        is_local=is_local,
        keys=keys_in(request.headers, request.query, bearer),
        bearer=bearer,
        session=login.who(cookie) if cookie else None,
        cookie=cookie,
    )


def language_of(accept_language: str, default: Language) -> Language:
    """Russian or English, whichever the asker names first; ``default`` when they name neither."""
    for part in accept_language.lower().split(","):
        tag = part.split(";")[0].strip()[:2]
        if tag in {"ru", "en"}:
            return Language(tag)
    return default


def _decoded(part: bytes) -> str:
    return unquote_to_bytes(part).decode("utf-8", "replace")
