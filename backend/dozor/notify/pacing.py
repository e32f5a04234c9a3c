"""How fast a bot may speak: so many messages a second in all, and fewer to each chat. Pure, on monotonic seconds.

Telegram publishes about 30 a second, one a second to a chat and 20 a minute to a group
(https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this), and keeps the real limits to itself;
so we begin below those, and go slower where it says that we are too fast.
"""

from __future__ import annotations

BOT_PER_SECOND, BOT_AT_ONCE = 25.0, 5  # never more than 30 within a second
CHAT_PER_SECOND, CHAT_AT_ONCE = 1.0, 1
GROUP_PER_SECOND, GROUP_AT_ONCE = 18 / 60, 2  # never more than 20 within a minute
SLOWER = 0.5
SLOWEST = 1 / 16
REGAINED = 0.02  # of the first rate, by each message that is accepted
CROWD_SECONDS = 5.0
CHATS_KEPT = 10_000


class Rate:
    """So many a second, and up to ``at_once`` after a silence. One that is taken ahead of its time delays the next."""

    def __init__(self, per_second: float, at_once: int) -> None:
        self._per_second = per_second
        self._at_once = at_once
        self._share = 1.0  # of the first rate
        self._full_at = 0.0  # when ``at_once`` may go again, if none goes until then

    def wait(self, now: float) -> float:
        """How many seconds until the next may go."""
        return max(0.0, self._full_at - (self._at_once - 1) * self._interval - now)

    def take(self, now: float) -> None:
        """One goes, as soon as it may."""
        self._full_at = max(self._full_at, now) + self._interval

    def refused(self, until: float) -> None:
        """The other side wants silence until then; afterwards they go one by one, and half as often."""
        self._share = max(self._share * SLOWER, SLOWEST)
        self._full_at = max(self._full_at, until + (self._at_once - 1) * self._interval)

    def accepted(self) -> None:
        """One got through: a little faster again, up to the first rate."""
        self._share = min(1.0, self._share + REGAINED)

    def is_as_new(self, now: float) -> bool:
        """Whether nothing would be lost with it."""
        return self._share == 1.0 and self._full_at <= now

    @property
    def _interval(self) -> float:
        return 1 / (self._per_second * self._share)


class Pacing:
    """The rates of one bot and of its chats. Groups have negative ids."""

    def __init__(self) -> None:
        self._bot = Rate(BOT_PER_SECOND, BOT_AT_ONCE)
        self._chats: dict[int, Rate] = {}
        self._last_refused: tuple[int, float] | None = None

    def __len__(self) -> int:
        """How many chats are remembered."""
        return len(self._chats)

    def chats_wait(self, chat_id: int, now: float) -> float:
        """How many seconds until this chat may get its next message."""
        rate = self._chats.get(chat_id)
        return 0.0 if rate is None else rate.wait(now)

    def bots_wait(self, now: float) -> float:
        """How many seconds until the bot may send its next message to anybody."""
        return self._bot.wait(now)

    def take(self, chat_id: int, now: float) -> float:
        """A message goes to this chat as soon as the bot may send it; after how many seconds."""
        wait = self._bot.wait(now)
        self._bot.take(now)
        self._rate_of(chat_id, now).take(now + wait)
        return wait

    def accepted(self, chat_id: int, now: float) -> None:
        """A message got through."""
        self._bot.accepted()
        self._rate_of(chat_id, now).accepted()

    def refused(self, chat_id: int, seconds: float, now: float) -> None:
        """Too fast, says the other side, and does not say for whom: one chat, unless another has just been refused."""
        self._rate_of(chat_id, now).refused(now + seconds)
        last, self._last_refused = self._last_refused, (chat_id, now)
        if last is not None and last[0] != chat_id and now - last[1] <= CROWD_SECONDS:
            self._bot.refused(now + seconds)

    def _rate_of(self, chat_id: int, now: float) -> Rate:
        rate = self._chats.get(chat_id)
        if rate is None:
            if len(self._chats) >= CHATS_KEPT:
                self._chats = {known: rate for known, rate in self._chats.items() if not rate.is_as_new(now)}
            is_group = chat_id < 0
            rate = Rate(GROUP_PER_SECOND, GROUP_AT_ONCE) if is_group else Rate(CHAT_PER_SECOND, CHAT_AT_ONCE)
            self._chats[chat_id] = rate
        return rate
