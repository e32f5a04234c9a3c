"""What a wide answer of upstream's becomes when less of it was asked for.

Written for the checker alone, from what is known of CoinGecko, and so a second opinion on Dozor's own cutting.
"""

from __future__ import annotations

import msgspec

from bench.frugal.facts import SaidDetail
from bench.frugal.questions import Columns, Detail
from bench.frugal.record import Said
from bench.frugal.verbatim import Members, items, members
from dozor.standin.quirks import ColumnOrder, Quirks

CHANGES = ("1h", "24h", "7d", "14d", "30d", "200d", "1y")
SPARKLINE = "sparkline_in_7d"
_OPTIONAL = {f"price_change_percentage_{span}_in_currency" for span in CHANGES} | {SPARKLINE}


def cut_row(row: Members, columns: Columns, quirks: Quirks) -> Members | None:
    """Give the row with these optional columns only, in upstream's order; None when it was said without one of them."""
    changes = [span for span in CHANGES if span in columns.changes]
    match quirks.column_order:
        case ColumnOrder.AS_ASKED:
            changes = list(columns.changes)
        case ColumnOrder.ALPHABETICAL:
            changes.sort()
        case ColumnOrder.BY_LENGTH:
            pass
    wanted = [SPARKLINE] * columns.sparkline + [f"price_change_percentage_{span}_in_currency" for span in changes]
    if not all(name in row for name in wanted):
        return None
    base = {name: value for name, value in row.items() if name not in _OPTIONAL}
    return base | {name: row[name] for name in wanted}


def cut_detail(said: SaidDetail, question: Detail) -> Members | None:
    """Give the details without what was switched off; None when they were not said with all that was asked for."""
    was_off = {name for name, value in said.query.items() if value == "false"}
    has_sparkline = said.query.get("sparkline") == "true"
    if was_off - set(question.off) or (question.sparkline and not has_sparkline):
        return None
    cut = {name: value for name, value in said.members.items() if name not in question.off}
    cut.pop("categories_details", None)
    if "localization" in question.off:
        texts = members(cut["description"])
        cut["description"] = _object({"en": texts["en"]})
    if not question.sparkline and "market_data" in cut:
        figures = members(cut["market_data"])
        if figures.pop("sparkline_7d", None) is not None:
            cut["market_data"] = _object(figures)
    return cut


def cut_list(said: Said) -> bytes:
    """Give the coin list without platforms."""
    rows = [members(row) for row in items(said.body)]
    return b"[%b]" % b",".join(bytes(_object({n: v for n, v in row.items() if n != "platforms"})) for row in rows)


def _object(fields: Members) -> msgspec.Raw:
    return msgspec.Raw(b"{%b}" % b",".join(b"%b:%b" % (msgspec.json.encode(n), bytes(v)) for n, v in fields.items()))
