"""The planner's numbers, each with its reason. They are defaults of design, not settings."""

from __future__ import annotations

MERGE_S = 0.005
"""A call waits so long for what else is missed: questions of one page come within a few ms of each other."""

SPACING_S = 0.1
"""Two calls of a lot leave no closer than this: what a burst misses goes on two calls at most, and nobody notices."""

ONE_AT_A_TIME_S = 1.0
"""A call waits so long for one of its lot that is in the air: that may bring what it is for, and meanwhile more is
missed that it can bring."""

UNKNOWN_ID_WAITS_S = 2.0
"""An id that the coin list lacks waits so long for a call that goes anyway: it is most likely a mistake."""

UNKNOWN_ID_CALLS = 6
"""So many calls a minute at most are made for such ids alone: who invents ids must not spend the budget of others."""

ABSENT_S = 600.0
"""An id that upstream left out of an answer is asked for again after this: coins are listed rarely."""

MOST_CHARS = 5000
"""Of a list of ids, as the largest one known to have been taken by upstream; learnt downwards when it is not."""

SHRINK_ON_414 = 0.7
"""Upstream's limit is not known: a few steps find it from above, and none leaves it far below."""

FEWEST_CHARS = 500
"""What every server takes; below it a 414 is about something else."""

MOST_COLUMNS = 30
"""Of a call for prices; an answer with 515 coins in so many currencies weighs some 2 MB."""

CATCH_UP_EVERY_S = 1.0
"""How often what other processes fetched is looked for, at most, when something is missing or stale here."""

EXPECT_S = 30.0
"""A call is worth its place for those who wait for it and those who will ask within so long."""

AHEAD_EVERY_S = 1.0
"""How often it is looked for what could be refreshed ahead: a free slot of the minute waits no longer for that."""

AHEAD_WITHIN_S = 60.0
"""What is asked for less often than this is not worth a call before somebody asks: it would be old again by then."""

MOST_AHEAD = 1000
"""Units that are looked at for it, the latest asked for: a plan of 500 calls a minute refreshes no more in its time."""

MOST_LOTS = 32
"""Lots remembered: currencies, locales and precisions are the client's to choose; used longest ago go first."""

IN_VAIN = 4
"""Calls that one question waits for at most although they were to bring its facts and did not: they found no turn, or
what they brought was forgotten at once because clients ask for more coins than are kept."""

SPLITS = 4
"""How often the ids of a refused call are halved to find the one at fault, before all of them are refused."""

SURE_ON_FIRST_PAGE = 240
"""A coin of this rank is on the first 250 rows: rank is counted at another moment than the page's order."""

MOST_WANTED = 2000
"""Coins of a lot whose demand is counted: four times as many as a call takes, and clients choose their names."""
