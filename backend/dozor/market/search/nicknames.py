"""The coins that everybody knows, the largest first, and what people call them in Russian.

Their order stands in for ranks that no answer has told yet. A nickname is here where writing it in Latin letters does
not lead to the coin from its first letters on: «солана» does, «эфир» and «кардано» do not.
"""

from __future__ import annotations

from collections.abc import Mapping

NICKNAMES: Mapping[str, tuple[str, ...]] = {
    "bitcoin": ("биткоин", "биткойн", "биток", "битка"),
    "ethereum": ("эфир", "эфириум", "этериум", "этереум"),
    "tether": ("тезер", "юсдт"),
    "ripple": ("рипл", "риппл"),
    "binancecoin": ("бинанс", "бинанс коин"),
    "solana": (),
    "usd-coin": ("юсдс", "юсди коин"),
    "tron": (),
    "dogecoin": ("догикоин", "догекоин", "доджкоин", "додж"),
    "cardano": ("кардано",),
    "hyperliquid": ("гиперликвид", "хайперликвид"),
    "bitcoin-cash": ("биткоин кэш", "биткоин кеш"),
    "chainlink": ("чейнлинк", "чаинлинк"),
    "stellar": (),
    "monero": (),
    "litecoin": ("лайткоин", "лайткойн", "литкоин"),
    "zcash": ("зикэш", "зеткэш"),
    "the-open-network": ("тонкоин", "тонкойн"),
    "avalanche-2": ("лавина",),
    "hedera-hashgraph": (),
    "shiba-inu": ("шибка",),
    "sui": (),
    "dai": (),
    "polkadot": (),
    "uniswap": ("юнисвап",),
    "near": ("нир", "ниар"),
    "pepe": (),
    "aave": (),
    "aptos": (),
    "internet-computer": ("интернет компьютер",),
    "ethereum-classic": ("эфир классик", "эфириум классик"),
    "polygon-ecosystem-token": ("полигон",),
    "cosmos": ("космос",),
    "filecoin": ("файлкоин",),
    "arbitrum": (),
    "optimism": ("оптимизм",),
    "worldcoin-wld": ("ворлдкоин",),
    "notcoin": ("ноткоин",),
    "hamster-kombat": ("хомяк",),
    "dogs-2": ("догс",),
    "dash": ("дэш",),
    "eos": (),
    "pax-gold": ("золото",),
    "tether-gold": ("тезер голд",),
}

ASSUMED_RANK: Mapping[str, int] = {coin_id: place for place, coin_id in enumerate(NICKNAMES, 1)}
