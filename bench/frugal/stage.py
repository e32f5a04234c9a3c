"""One subject on a stage of its own: a stand-in with a plan of 30 calls a minute, a record before it, the questions."""

from __future__ import annotations

import contextlib
import math
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.frugal.checker import Checked, Checker
from bench.frugal.facts import Facts
from bench.frugal.load import PATIENCE_S, Answer, Bodies, ask_all
from bench.frugal.outcomes import Outcome, summary
from bench.frugal.peers.direct import direct
from bench.frugal.peers.dozor import PER_MINUTE, PER_MONTH, dozor, dozor_by_the_month
from bench.frugal.peers.nginx import nginx
from bench.frugal.peers.subject import Subject
from bench.frugal.peers.usual import usual
from bench.frugal.peers.varnish import varnish
from bench.frugal.record import Record, recording
from bench.frugal.workload import trace
from bench.frugal.wrong import WrongAnswer
from dozor.standin import server
from dozor.standin.catalogue import catalogue
from dozor.standin.quirks import Quirks

SUBJECTS: dict[str, Subject] = {
    "direct": direct,
    "fastapi-redis": usual,
    "nginx": nginx,
    "varnish": varnish,
    "dozor": dozor,
    "dozor-10000": dozor_by_the_month,
}
BY_THE_MONTH = ("dozor-10000",)
"""Those whose plan has a limit of the month."""
LATENCY_S = 0.15
COINS = 18_000
TOO_MANY = 429
SHOWN = 20
"""Wrong answers that are written down."""
LISTED = 2_000
"""Calls that are."""


@dataclass(frozen=True)
class Performance:
    """Everything that happened, with what the stand-in counted."""

    began: float
    answers: Sequence[Answer]
    bodies: Bodies
    record: Record
    upstream: dict[str, Any]


async def perform(name: str, spans: Sequence[tuple[float, float]], upstream_seed: int) -> dict[str, Any]:
    """Run a subject until the last of ``spans`` is over; gives its figures in each of them. Raises CannotRun."""
    with tempfile.TemporaryDirectory(prefix=f"frugal-{name}-") as place, tempfile.TemporaryFile() as kept:
        folder, bodies = Path(place), Bodies(kept)
        stand_in = await server.start(
            per_minute=PER_MINUTE,
            per_month=PER_MONTH if name in BY_THE_MONTH else None,
            latency_seconds=LATENCY_S,
            seed=upstream_seed,
            coins=COINS,
        )
        async with contextlib.AsyncExitStack() as running:
            running.push_async_callback(stand_in.close)
            origin, record = await running.enter_async_context(recording(stand_in.origin))
            asked = await running.enter_async_context(SUBJECTS[name](origin, folder))
            began, answers = await ask_all(asked, trace(max(end for _, end in spans)), bodies)
            calls = stand_in.calls
            counted = {"calls": calls.total, "refused": calls.by_status["429"], "largest_minute": calls.largest_minute}
        return figures(name, spans, upstream_seed, Performance(began, answers, bodies, record, counted))


def figures(
    name: str, spans: Sequence[tuple[float, float]], upstream_seed: int, performed: Performance
) -> dict[str, Any]:
    """Check all answers, and sum up."""
    record = performed.record
    judged = Judgement(performed, Checker(Facts(record.said), Quirks.of(upstream_seed), _ids()))
    calls = [call.at - performed.began for call in record.calls]
    refused = [call.at - performed.began for call in record.calls if call.status == TOO_MANY]
    wrong = [at for at, _ in judged.wrong]
    return {
        "subject": name,
        "upstream_seed": upstream_seed,
        "upstream": performed.upstream,
        "calls": [[round(call.at - performed.began, 2), call.status, call.target] for call in record.calls[:LISTED]],
        "statuses": Counter(str(answer.status) for answer in performed.answers),
        "wrong": Counter(wrong.wrong.name for _, wrong in judged.wrong),
        "wrong_examples": [f"{at:.1f} s: {wrong}" for at, wrong in judged.wrong[:SHOWN]],
        "spans": [summary(judged.outcomes, calls, span, refused=refused, wrong=wrong) for span in spans],
    }


class Judgement:
    """What became of each request, and which answers were wrong: when they were asked for, and why."""

    def __init__(self, performed: Performance, checker: Checker) -> None:
        self.outcomes: list[Outcome] = []
        self.wrong: list[tuple[float, WrongAnswer]] = []
        self._performed = performed
        self._checker = checker
        self._checked: dict[tuple[str, bytes], Checked | WrongAnswer] = {}
        for answer in sorted(performed.answers, key=lambda answer: answer.request.at):
            self._judge(answer)

    def _judge(self, answer: Answer) -> None:
        request = answer.request
        answered, age = answer.status == 200 and answer.waited <= PATIENCE_S, math.nan
        if answered:
            try:
                age = self._check(answer).age(answer.ended, answer.claimed_age)
            except WrongAnswer as wrong:
                self.wrong.append((request.at, wrong))
        self.outcomes.append(Outcome(request.at, request.question.kind, answer.waited, age, answered))

    def _check(self, answer: Answer) -> Checked:
        question = answer.request.question
        case = question.target, answer.body
        if case not in self._checked:
            try:
                self._checked[case] = self._checker.check(question, self._performed.bodies.read(answer.body))
            except WrongAnswer as wrong:
                self._checked[case] = wrong
        checked = self._checked[case]
        if isinstance(checked, WrongAnswer):
            raise checked
        return checked


def _ids() -> frozenset[str]:
    return frozenset(catalogue(COINS).by_id)
