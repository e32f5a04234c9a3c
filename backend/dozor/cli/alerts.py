"""``dozor alerts``: the owner's rules and what came of them. It works beside a running server, and without one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from dozor.alerts.channel_requests import WebhookRequest, new_webhook
from dozor.alerts.channel_requests import shown as channel_shown
from dozor.alerts.channels import Channel
from dozor.alerts.first_look import first_evaluation
from dozor.alerts.problems import RuleRejected
from dozor.alerts.requests import RuleRequest, read_json, read_request
from dozor.alerts.rule_service import Made
from dozor.alerts.sending import Accepted
from dozor.cli.alerts_desk import AlertsDesk, alerts_desk
from dozor.cli.alerts_views import alert_line, delivery_line, event_line
from dozor.cli.beginning import settings_of_this_start
from dozor.cli.loop import run_to_end
from dozor.cli.short_condition import FORMS, read_condition
from dozor.clock import SystemClock
from dozor.domain.errors import AlreadyThere, ConfigurationMistake, DozorError, NotThere
from dozor.domain.ids import Named, is_id
from dozor.settings import Settings
from dozor.supervise import prepare_data_dir
from dozor.telemetry.phrases import Language, Words
from dozor.web.api.alerts import alert_shown
from dozor.web.api.channels import MOST_CHANNELS
from dozor.web.api.events import delivery_shown, event_shown

EXIT_FAILED = 1

alerts_cli = typer.Typer(name="alerts", help="Your rules: list, add and test them, see events.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object instead of lines.")]
Limit = Annotated[int, typer.Option(min=1, max=1000, help="Show this many at most.")]


@alerts_cli.command("ls")
def ls_command(
    coin: Annotated[str | None, typer.Option(help="Only of this coin, such as bitcoin.")] = None,
    limit: Limit = 100,
    as_json: AsJson = False,  # noqa: FBT002  # typer
) -> None:
    """List your rules, the oldest first: id, state, what each says, where it is told."""

    async def ls(desk: AlertsDesk) -> None:
        rules = await desk.rules.page(desk.owner, limit, coin_id=coin)
        now, language = desk.clock.now(), desk.settings.language
        items = [alert_shown(kept, now, language) for kept in rules]
        if as_json:
            _print_json({"items": items})
            return
        names = {channel.id: channel.name for channel in await desk.channels.all_of(desk.owner.id)}
        for item in items:
            typer.echo(alert_line(item, names))
        _say(Words(f"Правил: {len(items)}", f"Rules: {len(items)}"), language)

    _run(ls, as_json=as_json, empty={"items": []})


@alerts_cli.command("add")
def add_command(
    coin: Annotated[str, typer.Argument(help="CoinGecko's id, such as bitcoin.")],
    quote: Annotated[str, typer.Argument(help="The price's currency, such as usd.")],
    condition: Annotated[list[str], typer.Argument(metavar="CONDITION...", help=f"One of: {'; '.join(FORMS)}.")],
    channel: Annotated[
        list[str], typer.Option(help="A channel's id, name or webhook address; a new address becomes a channel.")
    ],
    repeat: Annotated[str | None, typer.Option(help="once, rearm, remind or daily.")] = None,
    note: Annotated[str, typer.Option(help="Your own words.")] = "",
    external_id: Annotated[str | None, typer.Option(help="Your own name for it.")] = None,
    options: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="Any other option, such as cooldown_s=60.")
    ] = None,
    as_json: AsJson = False,  # noqa: FBT002  # typer
) -> None:
    """Make a rule; a running server watches it within seconds. Costs no upstream call."""

    async def add(desk: AlertsDesk) -> None:
        language = desk.settings.language
        found = read_condition(" ".join(condition))
        if found is None:
            raise _no_condition(" ".join(condition), language)
        sent = {
            **_options(options or (), language),
            "coin_id": coin,
            "quote": quote,
            "condition": found,
            "channels": ["chn"],  # until they are known
            "note": note,
            "external_id": external_id,
            **({} if repeat is None else {"repeat": repeat}),
        }
        try:
            made, new = await _make(desk, read_request(sent), list(dict.fromkeys(channel)))
        except RuleRejected as error:
            wrong = [f"{one.pointer.lstrip('/')}: {one.message.in_language(language)}" for one in error.problems]
            raise ConfigurationMistake(wrong) from error
        except AlreadyThere as error:
            again = Words(
                f"Такое правило уже есть: {error.name}. Их показывает: python run.py alerts ls",
                f"There is such a rule already: {error.name}. To see them: python run.py alerts ls",
            )
            raise _failed(again, language) from error
        _tell_of_new(desk, made, new, as_json=as_json)

    _run(add, as_json=as_json, may_make=True)


@alerts_cli.command("test")
def try_command(
    target: Annotated[str, typer.Argument(help="A rule's id, or a channel's id, name or address.")],
    as_json: AsJson = False,  # noqa: FBT002  # typer
) -> None:
    """Send a test to a channel, or to each channel of a rule, and print what the other side answered."""

    async def test(desk: AlertsDesk) -> None:
        language = desk.settings.language
        tried = [(one, await desk.tester.test(one, desk.owner)) for one in await _meant(desk, target)]
        is_ok = bool(tried) and all(isinstance(outcome, Accepted) for _, outcome in tried)
        if as_json:
            results = [
                {
                    "channel_id": one.id,
                    "ok": isinstance(outcome, Accepted),
                    "outcome": outcome.word,
                    "said": outcome.detail,
                }
                for one, outcome in tried
            ]
            _print_json({"ok": is_ok, "channels": results})
        for one, outcome in () if as_json else tried:
            typer.echo(f"{one.name}: {outcome.word}: {outcome.detail}")
        if not tried:
            bare = Words(f"У {target} нет каналов, он никому не скажет", f"{target} has no channel and reaches nobody")
            _say(bare, language)
        if not is_ok:
            raise typer.Exit(EXIT_FAILED)

    _run(test, as_json=as_json)


@alerts_cli.command("events")
def events_command(
    rule: Annotated[str | None, typer.Option(help="Only of this rule's id.")] = None,
    limit: Limit = 20,
    as_json: AsJson = False,  # noqa: FBT002  # typer
) -> None:
    """List your events, the newest first, and what became of each on each channel."""

    async def events(desk: AlertsDesk) -> None:
        owner, now, language = desk.owner, desk.clock.now(), desk.settings.language
        names = {channel.id: channel.name for channel in await desk.channels.all_of(owner.id)}
        items: list[dict[str, Any]] = []
        for event in await desk.events.page(owner.id, limit, rule_id=rule):
            sent = [delivery_shown(one) for one in await desk.deliveries.of_event(owner.id, event.id)]
            items.append(event_shown(event, desk.letters.text_of(event, owner, now, language)) | {"deliveries": sent})
        if as_json:
            _print_json({"items": items})
            return
        for item in items:
            typer.echo(event_line(item))
            for one in item["deliveries"]:
                typer.echo(delivery_line(one, names))
        _say(Words(f"Событий: {len(items)}", f"Events: {len(items)}"), language)

    _run(events, as_json=as_json, empty={"items": []})


def _run(
    command: Callable[[AlertsDesk], Awaitable[None]],
    *,
    as_json: bool,
    may_make: bool = False,
    empty: Mapping[str, Any] | None = None,
) -> None:
    """Only who ``may_make`` a database begins one; others say that there is none, and answer ``empty`` or fail."""
    settings = settings_of_this_start()
    if may_make:
        prepare_data_dir(settings.data_dir, settings.language)
    elif isinstance(settings.database, Path) and not settings.database.exists():
        _say(_no_database(settings), settings.language)
        if empty is None:
            raise typer.Exit(EXIT_FAILED)
        if as_json:
            _print_json(empty)
        return

    async def run() -> None:
        async with alerts_desk(settings, SystemClock()) as desk:
            await command(desk)

    run_to_end(run())


def _no_database(settings: Settings) -> Words:
    return Words(
        f"Базы {settings.database} ещё нет: её заведёт первый запуск Dozor или python run.py alerts add",
        f"There is no database {settings.database} yet: Dozor's first start begins one, or python run.py alerts add",
    )


async def _make(
    desk: AlertsDesk, wanted: RuleRequest, names: Sequence[str]
) -> tuple[Made, Sequence[tuple[Channel, str]]]:
    """The rule, and the channels that were made for it with their secrets. All of it, or nothing."""
    ids: list[str] = []
    new: list[tuple[Channel, str]] = []
    try:
        for name in names:
            try:
                ids.append((await desk.channel(name)).id)
            except NotThere as error:
                if not name.startswith(("http://", "https://")):
                    raise await _no_channel(desk, name) from error
                channel, secret = await _new_channel(desk, name)
                new.append((channel, secret))
                ids.append(channel.id)
        return await desk.rules.make(desk.owner, msgspec.structs.replace(wanted, channels=tuple(ids)).draft), new
    except (DozorError, typer.Exit):
        for channel, _ in new:
            await desk.channels.delete(desk.owner.id, channel.id, desk.clock.now())
        raise


async def _new_channel(desk: AlertsDesk, url: str) -> tuple[Channel, str]:
    """A webhook with this address, and its secret."""
    if len(await desk.channels.all_of(desk.owner.id)) >= MOST_CHANNELS:
        many = Words(
            f"Каналов уже {MOST_CHANNELS}: назовите один из них, их id показывает alerts ls --json",
            f"There are {MOST_CHANNELS} channels: name one of them, `alerts ls --json` has their ids",
        )
        raise _failed(many, desk.settings.language)
    draft, secret = new_webhook(WebhookRequest(url), allow_private=desk.settings.allow_private_webhooks)
    return await desk.channels.add(desk.owner.id, draft, desk.clock.now()), secret or ""


def _tell_of_new(desk: AlertsDesk, made: Made, new: Sequence[tuple[Channel, str]], *, as_json: bool) -> None:
    language = desk.settings.language
    first = first_evaluation(made.kept.stored.rule, made.last, language)
    item = alert_shown(made.kept, desk.clock.now(), language)
    if as_json:
        channels = [channel_shown(channel) | {"secret": secret} for channel, secret in new]
        _print_json(item | {"first_evaluation": first, "channels_made": channels})
    else:
        typer.echo(f"{item['id']}  {item['sentence']}")
        for channel, secret in new:
            words = Words(
                f"{channel.id}  новый канал; его секрет, больше не покажем: {secret}",
                f"{channel.id}  a new channel; its secret, told this once: {secret}",
            )
            typer.echo(words.in_language(language))
    if not desk.subjects.is_sure:
        unsure = Words(
            "Есть ли такая монета и валюта, кэш пока не знает: пока цены нет, alerts ls показывает arming",
            "Whether there is such a coin and currency, the cache does not know yet: without a price `alerts ls` says"
            " arming",
        )
        _say(unsure, language)


async def _meant(desk: AlertsDesk, target: str) -> Sequence[Channel]:
    """Where a test goes."""
    if not is_id(Named.ALERT, target):
        try:
            return [await desk.channel(target)]
        except NotThere as error:
            raise await _no_channel(desk, target) from error
    try:
        kept = await desk.rules.get(desk.owner, target)
    except NotThere as error:
        words = Words(
            f"Правила {target} нет. Ваши показывает: python run.py alerts ls",
            f"There is no rule {target}. To see yours: python run.py alerts ls",
        )
        raise _failed(words, desk.settings.language) from error
    return await desk.channels_of(kept.stored.channels)


async def _no_channel(desk: AlertsDesk, name: str) -> ConfigurationMistake:
    known = ", ".join(f"{one.name} ({one.id})" for one in await desk.channels.all_of(desk.owner.id)) or "—"
    words = Words(
        f"{name!r} — не один из ваших каналов: {known}. Назовите id, или адрес веб-хука: https://…",
        f"{name!r} is not one of your channels: {known}. Name an id, or a webhook's address: https://…",
    )
    return ConfigurationMistake([words.in_language(desk.settings.language)])


def _no_condition(text: str, language: Language) -> ConfigurationMistake:
    forms = "; ".join(FORMS)
    words = Words(
        f"{text!r} — не условие. Бывают: {forms}. Например: above 70000",
        f"{text!r} is no condition. There are: {forms}. Such as: above 70000",
    )
    return ConfigurationMistake([words.in_language(language)])


def _options(given: Sequence[str], language: Language) -> dict[str, Any]:
    options: dict[str, Any] = {}
    for text in given:
        name, is_there, value = text.partition("=")
        if not is_there:
            words = Words(f"--set {text}: нужно ИМЯ=ЗНАЧЕНИЕ", f"--set {text}: needs NAME=VALUE")
            raise ConfigurationMistake([words.in_language(language)])
        try:
            options[name] = read_json(value.encode())
        except RuleRejected:  # no JSON, so it is text
            options[name] = value
    return options


def _failed(words: Words, language: Language) -> typer.Exit:
    _say(words, language)
    return typer.Exit(EXIT_FAILED)


def _say(words: Words, language: Language) -> None:
    """Something beside the answer: on standard error, so that the answer can be piped on."""
    typer.echo(words.in_language(language), err=True)


def _print_json(value: Mapping[str, Any]) -> None:
    typer.echo(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())
