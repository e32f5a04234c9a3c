"""Which NFT collections there are, and what their figures wander around."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from zlib import crc32

from dozor.standin.catalogue import Coin
from dozor.standin.model import Market
from dozor.standin.platforms import BY_ID as PLATFORMS
from dozor.standin.tapes import Temper


@dataclass(frozen=True, slots=True)
class Collection:
    """One collection."""

    id: str
    name: str
    symbol: str
    platform: str
    floor: float
    """What its cheapest piece costs, about, in the coin of its chain."""
    pieces: int

    @property
    def number(self) -> int:
        """The ``nft_contract_id`` of trending."""
        return 1_000 + crc32(self.id.encode()) % 9_000

    @property
    def contract(self) -> str:
        """Its address on its chain."""
        digest = blake2b(self.id.encode(), digest_size=20, person=b"collection").hexdigest()
        return digest.replace("0", "z") if self.platform == "solana" else f"0x{digest}"

    def floor_at(self, market: Market, second: int) -> float:
        """What the cheapest piece costs in the coin of its chain."""
        return self.floor * market.wandered(self.id, Temper.WILD, second)

    def volume_at(self, market: Market, second: int) -> float:
        """What was sold in the 24 hours before, in the coin of its chain."""
        return self.floor * self.pieces * 0.004 * market.wandered(f"{self.id} sales", Temper.WILD, second)

    def coin(self, market: Market) -> Coin | None:
        """The coin it is paid in; None in a market too small to have it."""
        return market.catalogue.by_id.get(PLATFORMS[self.platform].native_coin_id)


COLLECTIONS = (
    Collection("tin-robots", "Tin Robots", "TIN", "ethereum", 28.0, 10_000),
    Collection("quiet-cats", "Quiet Cats", "QCAT", "ethereum", 6.4, 9_998),
    Collection("maps", "Old Maps", "MAP", "ethereum", 1.15, 5_555),
    Collection("paper-boats", "Paper Boats", "BOAT", "ethereum", 0.42, 8_888),
    Collection("lighthouses", "Lighthouses", "LIGHT", "base", 0.09, 3_000),
    Collection("sleepy-owls", "Sleepy Owls", "OWL", "solana", 21.0, 10_000),
    Collection("brass-bees", "Brass Bees", "BEES", "solana", 4.3, 7_777),
    Collection("night-trams", "Night Trams", "TRAM", "polygon-pos", 140.0, 2_500),
    Collection("tea-ceremonies", "Tea Ceremonies", "TEA", "binance-smart-chain", 0.31, 6_000),
    Collection("garden-gnomes", "Garden Gnomes", "GNOME", "ethereum", 0.017, 20_000),
)
BY_ID = {collection.id: collection for collection in COLLECTIONS}
BY_CONTRACT = {(collection.platform, collection.contract): collection for collection in COLLECTIONS}
