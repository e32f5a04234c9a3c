"""Pages of a list, and the headers by which some answers tell how many there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar
from urllib.parse import urlencode

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Made:
    """What an endpoint made of a question: JSON text, and headers that belong to it."""

    text: str
    headers: Mapping[str, str] = field(default_factory=dict)


def page_of(rows: Sequence[Row], page: int, per_page: int) -> Sequence[Row]:
    """Cut out one page, counted from 1; an empty one past the end."""
    return rows[(page - 1) * per_page : page * per_page]


def counted(url: str, query: Mapping[str, str], *, total: int, page: int, per_page: int) -> dict[str, str]:
    """Give the headers of a counted list: ``total``, ``per-page``, and ``link`` to other pages if there are any.

    ``url`` is without its query. Order and wording are the recorded ones.
    """
    last = -(-total // per_page)
    targets = {"first": 1, "prev": page - 1} if page > 1 else {}
    if page < last:
        targets |= {"last": last, "next": page + 1}
    links = (f'<{url}?{urlencode({**query, "page": str(at)})}>; rel="{name}"' for name, at in targets.items())
    headers = {"per-page": str(per_page), "total": str(total)}
    return {"link": ", ".join(links), **headers} if targets else headers
