"""``dozor alerts`` as its owner meets it: a process of its own, beside a running server or without one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from finished import Finished, finish

from alerts.owner import ALERTING, Owner
from alerts.priced_upstream import priced_upstream
from alerts.receiver import receiving
from running_dozor import running_dozor, until

PRIVATE = {"DOZOR_ALLOW_PRIVATE_WEBHOOKS": "true"}
HOOK = "https://hooks.example.org/dozor"


async def alerts(folder: Path, *arguments: str, **environment: str) -> Finished:
    return await finish(folder, "alerts", *arguments, **PRIVATE, **environment)


async def told(folder: Path, *arguments: str) -> Any:
    finished = await alerts(folder, *arguments, "--json")
    assert finished.code == 0, finished
    return json.loads(finished.out)


async def added(folder: Path, *condition: str, channel: str = HOOK) -> Any:
    return await told(folder, "add", "bitcoin", "usd", *condition, "--channel", channel)


async def test_looking_makes_no_database_and_says_what_to_do(tmp_path: Path) -> None:
    for command in ("ls", "events"):
        assert await told(tmp_path, command) == {"items": []}
    finished = await alerts(tmp_path, "test", "ops")
    assert (finished.code, finished.out) == (1, b"")
    assert "python run.py alerts add" in finished.err
    assert not (tmp_path / "data").exists()


async def test_first_rule_brings_its_channel_and_tells_its_secret_once(tmp_path: Path) -> None:
    rule = await added(tmp_path, "above", "70000")
    (channel,) = rule["channels_made"]
    assert channel["secret"].startswith("whsec_")
    assert (rule["condition"]["level"], rule["condition"]["op"], rule["state"]) == ("70000", ">=", "arming")
    assert rule["channels"] == [channel["id"]]
    again = await added(tmp_path, "below", "60000")
    assert (again["channels"], again["channels_made"]) == ([channel["id"]], [])
    items = (await told(tmp_path, "ls"))["items"]
    assert [item["id"] for item in items] == [rule["id"], again["id"]]
    assert "whsec_" not in json.dumps(items)


@pytest.mark.parametrize(
    ("language", "sentence"),
    [("en", "bitcoin rises to 70000 usd"), ("ru", "bitcoin поднимется до 70000 usd")],
)
async def test_people_read_a_rule_in_their_language(tmp_path: Path, language: str, sentence: str) -> None:
    rule = await added(tmp_path, "up", "70000")
    finished = await alerts(tmp_path, "ls", DOZOR_LANG=language)
    (line,) = finished.text.splitlines()
    assert line.startswith(f"{rule['id']}  arming")
    assert line.endswith(f"{sentence} → hooks.example.org")


async def test_same_rule_twice_is_refused_with_the_name_of_the_first(tmp_path: Path) -> None:
    rule = await added(tmp_path, "above", "70000")
    finished = await alerts(tmp_path, "add", "bitcoin", "usd", "above 7e4", "--channel", "https://other.example.org/")
    assert finished.code == 1
    assert rule["id"] in finished.err
    names = await alerts(tmp_path, "add", "bitcoin", "usd", "above", "1", "--channel", "nobody")
    assert names.code == 2
    assert "hooks.example.org (chn_" in names.err
    assert "other" not in names.err, "the channel of a rule that was refused must be gone again"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["usd", "over", "70000", "--channel", HOOK], "up|down|cross LEVEL"),
        (["usd", "above", "70,000", "--channel", HOOK], "Such as: above 70000"),
        (["usd", "above", "0", "--channel", HOOK], "condition/level: must be more than zero"),
        (["usd", "inside", "9", "5", "--channel", HOOK], "condition/high: must be more than low"),
        (["usd", "above", "1", "--channel", "ftp://x"], "is not one of your channels"),
        (["usd", "above", "1", "--channel", "http://169.254.169.254/"], "url: is an internal address"),
        (["usd", "above", "1", "--channel", HOOK, "--set", "cooldown"], "needs NAME=VALUE"),
        (["usd", "above", "1", "--channel", HOOK, "--set", "cooldown_s=-1"], "cooldown_s: must be between"),
        (["usd", "above", "1", "--channel", HOOK, "--set", "colour=red"], "colour: is no member of a rule"),
        (["usd", "above", "1", "--channel", HOOK, "--repeat", "never"], "repeat: "),
        (["usd", "above", "1"], "--channel"),
    ],
)
async def test_what_is_no_rule_is_refused_with_its_place_and_leaves_nothing(
    tmp_path: Path, arguments: list[str], said: str
) -> None:
    finished = await alerts(tmp_path, "add", "bitcoin", *arguments)
    assert (finished.code, finished.out) == (2, b"")
    assert said in finished.err
    assert await told(tmp_path, "ls") == {"items": []}
    tried = await alerts(tmp_path, "test", "hooks.example.org")
    assert tried.code in {1, 2}, "no channel may be left"


async def test_options_are_those_of_the_api(tmp_path: Path) -> None:
    finished = await alerts(
        tmp_path, "add", "bitcoin", "usd", "fall 5% in 1h", "--channel", HOOK, "--repeat", "remind", "--note", "mine",
        "--external-id", "b-1", "--set", "cooldown_s=60", "--set", "rearm_band_pct=0.25", "--set", "critical=true",
        "--set", "detect=last", "--json",
    )  # fmt: skip
    rule = json.loads(finished.out)
    shown = [rule[name] for name in ("repeat", "note", "external_id", "cooldown_s", "critical", "detect")]
    assert shown == ["remind", "mine", "b-1", 60, True, "last"]
    assert (rule["rearm_band_pct"], rule["condition"]["window"]) == ("0.25", "1h")


async def test_a_test_prints_the_receivers_own_words_and_fails_when_it_refuses(tmp_path: Path) -> None:
    async with receiving() as receiver:
        made = await added(tmp_path, "above", "70000", channel=receiver.url)
        channel = made["channels_made"][0]["id"]
        refused = await alerts(tmp_path, "test", channel)
        assert (refused.code, refused.text) == (1, "127.0.0.1: temporary: HTTP 401\n"), "it has another secret"
    gone = await alerts(tmp_path, "test", made["id"])
    assert gone.code == 1
    assert "no connection" in gone.text
    nobody = await alerts(tmp_path, "test", "alr_01KB000000000000000000000Z")
    assert nobody.code == 1
    assert "python run.py alerts ls" in nobody.err


async def test_beside_a_server_rules_are_watched_and_their_events_are_shown(tmp_path: Path) -> None:
    async with (
        priced_upstream(bitcoin=100.0) as upstream,
        receiving() as receiver,
        running_dozor(upstream.base_url, tmp_path, **ALERTING) as dozor,
    ):
        owner = Owner(dozor.client, dozor.url)
        channel = await owner.webhook(receiver.url)
        (tried,) = (await told(tmp_path, "test", channel))["channels"]
        assert (tried["ok"], tried["said"]) == (True, "HTTP 200: thanks")
        rule = await added(tmp_path, "up", "110", channel=channel)
        confirmed = (await owner.ok("GET", f"/alerts/{rule['id']}"))["condition"]
        assert confirmed == rule["condition"]

        async def is_armed() -> bool:
            return await owner.state_of(rule["id"]) == "armed"

        await until(is_armed, 20)
        upstream.prices["bitcoin"] = 120.0

        async def is_told() -> bool:
            items = (await owner.ok("GET", "/deliveries"))["items"]
            return [one["status"] for one in items] == ["delivered"]

        await until(is_told, 20)
        (event,) = (await told(tmp_path, "events", "--rule", rule["id"]))["items"]
        assert event == await owner.ok("GET", f"/events/{event['id']}") | {"text": event["text"]}
        assert await told(tmp_path, "events", "--rule", "alr_other") == {"items": []}
        lines = (await alerts(tmp_path, "events")).text.splitlines()
        assert event["id"] in lines[0]
        assert lines[1] == "    127.0.0.1: delivered (1): HTTP 200: thanks"


async def test_coin_and_currency_are_checked_as_far_as_the_cache_knows_them(tmp_path: Path) -> None:
    unsure = await alerts(tmp_path, "add", "nocoin", "xxx", "above", "1", "--channel", HOOK)
    assert unsure.code == 0
    assert "the cache does not know yet" in unsure.err
    async with priced_upstream(bitcoin=100.0) as upstream, running_dozor(upstream.base_url, tmp_path) as dozor:
        for path in ("/coins/list", "/simple/supported_vs_currencies"):
            assert (await dozor.get(f"/api/v3{path}")).status == 200
    # Closed by now, so the disk has what it was told.
    for coin, quote, said in (("nocoin", "usd", "coin_id: there is no coin"), ("bitcoin", "xxx", "quote: there is no")):
        finished = await alerts(tmp_path, "add", coin, quote, "above", "1", "--channel", HOOK)
        assert (finished.code, finished.err.startswith(said)) == (2, True), finished
    sure = await alerts(tmp_path, "add", "bitcoin", "usd", "above", "1", "--channel", HOOK)
    assert (sure.code, sure.err) == (0, "")


async def test_database_that_is_no_file_ends_with_the_exit_code_of_a_start(tmp_path: Path) -> None:
    (tmp_path / "data" / "dozor.db").mkdir(parents=True)
    for command in (["ls"], ["add", "bitcoin", "usd", "above", "1", "--channel", HOOK]):
        finished = await alerts(tmp_path, *command)
        assert finished.code == 3, finished
        assert str(tmp_path / "data" / "dozor.db") in finished.err


async def test_no_more_channels_are_made_than_over_rest(tmp_path: Path) -> None:
    hooks = [argument for number in range(10) for argument in ("--channel", f"{HOOK}/{number}")]
    for rule in range(5):
        names = [name.replace(HOOK, f"{HOOK}/{rule}") for name in hooks]
        assert (await alerts(tmp_path, "add", "bitcoin", "usd", "above", str(rule + 1), *names)).code == 0
    finished = await alerts(tmp_path, "add", "bitcoin", "usd", "above", "9", "--channel", f"{HOOK}/more")
    assert finished.code == 1
    assert "There are 50 channels" in finished.err
