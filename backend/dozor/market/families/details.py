"""``/coins/{id}``: fetched once in its widest form, and cut to what was asked.

Sections that are switched off are absent keys, never null (recorded 2024: 24 keys remain with everything off). The cut
is made for every question, the widest included, so that bytes never depend on how an answer came about.
"""

from __future__ import annotations

from functools import partial

import msgspec

from dozor.market import rawjson
from dozor.market.families.family import Unit
from dozor.market.ports import Call
from dozor.market.question import Question

SECTIONS = ("tickers", "market_data", "community_data", "developer_data")
WIDEST = (
    ("localization", "true"),
    *((section, "true") for section in SECTIONS),
    ("sparkline", "true"),
    ("include_categories_details", "true"),
)
PAIR_FORMAT = "dex_pair_format"  # changes the tickers themselves, so each format is a unit of its own
DEFAULT_PAIR_FORMAT = "contract_address"


def wanted(question: Question) -> Unit:
    """The widest answer about the coin, under the key that users of the existing documentation look up in Redis."""
    key = f"coin_details:{question.get('id')}"
    pair_format = question.get(PAIR_FORMAT) or DEFAULT_PAIR_FORMAT
    if pair_format != DEFAULT_PAIR_FORMAT:
        key = f"{key}:{PAIR_FORMAT}={pair_format}"
    call = Call(question.path, (*WIDEST, (PAIR_FORMAT, pair_format)), question.endpoint.shape)
    return Unit(key, question, call, read=rawjson.split_object, cut=partial(cut, question))


def cut(question: Question, widest: rawjson.RawObject) -> bytes:
    """The widest answer without what was not asked for.

    A member is cut only where it is an object: upstream may send ``null`` or ``[]`` for what it has nothing about, and
    that is passed on as it came, so that one stored body serves every question or none.
    """
    members = dict(widest)
    for section in SECTIONS:
        if question.get(section) == "false":
            members.pop(section, None)
    if question.get("include_categories_details") != "true":
        members.pop("categories_details", None)
    if question.get("localization") == "false":
        # Recorded: the names go, and the description keeps its English text only.
        members.pop("localization", None)
        if rawjson.is_object(members.get("description")):
            texts = rawjson.split_object(members["description"])
            members["description"] = msgspec.Raw(
                rawjson.join_object({name: text for name, text in texts.items() if name == "en"})
            )
    if question.get("sparkline") != "true" and rawjson.is_object(members.get("market_data")):
        market_data = rawjson.split_object(members["market_data"])
        if market_data.pop("sparkline_7d", None) is not None:
            members["market_data"] = msgspec.Raw(rawjson.join_object(market_data))
    return rawjson.join_object(members)
