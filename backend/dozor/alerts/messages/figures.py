"""Numbers as people write them: grouped, with their own decimals, and never with an exponent."""

from __future__ import annotations

from decimal import Context, Decimal

from dozor.telemetry.phrases import Language

NARROW_SPACE = "\u202f"  # does not break, so that no number is torn apart at the end of a line
HARD_SPACE = "\u00a0"
MINUS = "−"
SIGNIFICANT_DIGITS = 8
SIGNS = {
    "usd": "$",
    "eur": "€",
    "gbp": "£",
    "jpy": "¥",
    "rub": "₽",
    "uah": "₴",
    "kzt": "₸",
    "inr": "₹",
    "try": "₺",
    "krw": "₩",
}


def figure(value: Decimal, language: Language) -> str:
    """The number with all the decimals that it has: ``70 120,40`` or ``70,120.40``."""
    whole, _, fraction = f"{value.copy_abs():f}".partition(".")
    is_russian = language is Language.RU
    grouped = f"{int(whole):,}".replace(",", NARROW_SPACE if is_russian else ",")
    decimals = f"{',' if is_russian else '.'}{fraction}" if fraction else ""
    return f"{MINUS if value < 0 else ''}{grouped}{decimals}"


def money(value: Decimal, quote: str, language: Language) -> str:
    """An amount of a currency: ``70 000 $``, ``$70,000``, ``0.05 BTC``."""
    sign = SIGNS.get(quote)
    if sign is None:
        return f"{figure(value, language)}{HARD_SPACE}{quote.upper()}"
    if language is Language.RU:
        return f"{figure(value, language)}{HARD_SPACE}{sign}"
    return f"{MINUS if value < 0 else ''}{sign}{figure(value.copy_abs(), language)}"


def percent(value: Decimal, language: Language, *, signed: bool = False) -> str:
    """``5 %`` or ``5%``; with its sign also where that is a plus."""
    plus = "+" if signed and value > 0 else ""
    return f"{plus}{figure(value, language)}{HARD_SPACE if language is Language.RU else ''}%"


def rounded(value: Decimal) -> Decimal:
    """A number that we computed, without digits that say nothing. Never in place of one that somebody typed."""
    digits = max(SIGNIFICANT_DIGITS, value.adjusted() + 1)  # the whole part is never rounded
    return Context(prec=digits).normalize(value)
