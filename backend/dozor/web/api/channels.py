"""``/api/v1/channels``: where messages go.

Annotations here are evaluated at once (no ``from __future__``): FastAPI reads them, and some name what ``self`` holds.
"""

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Path, Request
from starlette.responses import Response

from dozor.alerts.channel_requests import TELEGRAM, ChannelPatch, WebhookRequest, changed, new_webhook, shown
from dozor.alerts.channels import Channel, ChannelBook
from dozor.alerts.chat_bot import BotFailing, ChatBot
from dozor.alerts.pairing import PairingCodes
from dozor.alerts.problems import Problem, RuleRejected
from dozor.alerts.sending import Accepted
from dozor.alerts.testing import ChannelTester
from dozor.clock import Clock
from dozor.domain.people import Scope
from dozor.telemetry.phrases import Words
from dozor.web import described
from dozor.web.alert_schemas import ChannelGone, Channels, ChannelSent, ChannelShown, Pairing, TestResult
from dozor.web.api.sent import Once, body_of, read, said
from dozor.web.errors import Refused
from dozor.web.members import Member, Members

MOST_CHANNELS = 50
ChannelPath = Annotated[str, Path(min_length=1, max_length=100, description="the channel's id", examples=["chn_…"])]


class ChannelsApi:
    """The routes of channels. One instance per application. ``allow_private``: the owner's may go anywhere."""

    def __init__(
        self,
        channels: ChannelBook,
        tester: ChannelTester,
        members: Members,
        once: Once,
        clock: Clock,
        codes: PairingCodes,
        bot: ChatBot | None,
        *,
        allow_private: bool,
    ) -> None:
        self._channels = channels
        self._tester = tester
        self._members = members
        self._once = once
        self._clock = clock
        self._codes = codes
        self._bot = bot
        self._allow_private = allow_private

    def router(self) -> APIRouter:
        """The routes below ``/api/v1/channels``."""
        router = APIRouter(prefix="/api/v1", tags=["alerts"])
        channels = self._channels
        Reader = Annotated[Member, Depends(self._members.may(Scope.ALERTS_READ))]  # noqa: N806  # types, made here
        Writer = Annotated[Member, Depends(self._members.may(Scope.ALERTS_WRITE))]  # noqa: N806  # as they need self

        @router.get("/channels", summary="Your channels", responses=described.reply(Channels, described.READ_ERRORS))
        async def list_channels(member: Reader) -> Response:
            return said({"items": [shown(one) for one in await channels.all_of(member.user.id)], "next": None})

        @router.post(
            "/channels",
            summary="Make a channel",
            status_code=201,
            responses={
                **described.made(ChannelShown, (*described.WRITE_ERRORS, "channel-unavailable")),
                202: {"model": Pairing, "description": "of `telegram`: open the link to connect a chat"},
            },
            openapi_extra=described.sent(ChannelSent),
        )
        async def make_channel(request: Request, member: Writer) -> Response:
            body = await body_of(request)

            async def act() -> Response:
                if _kind_in(body) == TELEGRAM:
                    return await self._pairing(member)
                draft, secret = new_webhook(_webhook(body), allow_private=self._may_go_anywhere(member))
                if len(await channels.all_of(member.user.id)) >= MOST_CHANNELS:
                    raise Refused("limit-reached", f"a user may have {MOST_CHANNELS} channels; delete one first")
                made = await channels.add(member.user.id, draft, self._clock.now())
                return _one(made, 201, **({} if secret is None else {"secret": secret}))

            return await self._once.do(request, member.user.id, body, act)

        @router.patch(
            "/channels/{id}",
            summary="Change a channel; it is well again by that",
            responses=described.reply(ChannelShown, described.WRITE_ERRORS),
        )
        async def change_channel(request: Request, member: Writer, id: ChannelPath) -> Response:  # noqa: A002
            patch = await read(request, ChannelPatch)
            found = await channels.get(member.user.id, id)
            draft = changed(found, patch, allow_private=self._may_go_anywhere(member))
            return _one(await channels.change(member.user.id, id, draft, if_version=_if_match(request, found)))

        @router.delete(
            "/channels/{id}",
            summary="Delete a channel",
            responses=described.reply(ChannelGone, described.READ_ERRORS),
        )
        async def delete_channel(member: Writer, id: ChannelPath) -> Response:  # noqa: A002
            bare = await channels.delete(member.user.id, id, self._clock.now())
            return said({"alerts_without_channel": list(bare)})

        @router.post(
            "/channels/{id}:test",
            summary="Send a test, and say what the other side answered",
            responses=described.reply(TestResult, described.WRITE_ERRORS),
        )
        async def test_channel(member: Writer, id: ChannelPath) -> Response:  # noqa: A002
            tried = await self._tester.test(await channels.get(member.user.id, id), member.user)
            return said({"ok": isinstance(tried, Accepted), "outcome": tried.word, "said": tried.detail})

        return router

    async def _pairing(self, member: Member) -> Response:
        """How the user's chat becomes a channel: by saying this code to the bot, which the link does."""
        if self._bot is None:
            words = Words("оператор не задал TELEGRAM_BOT_TOKEN", "the operator has set no TELEGRAM_BOT_TOKEN")
            raise RuleRejected([Problem("/kind", "not-configured", words)])
        code, until = self._codes.make(member.user.id, self._clock.now())
        try:
            link = f"https://t.me/{await self._bot.name()}?start={code}"
        except BotFailing as error:
            raise Refused("channel-unavailable", f"Telegram does not answer: {error}") from error
        return said({"kind": TELEGRAM, "code": code, "link": link, "expires_at": until}, 202)

    def _may_go_anywhere(self, member: Member) -> bool:
        return self._allow_private and member.user.is_owner


def _kind_in(body: bytes) -> object:
    try:
        sent = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return None
    return sent.get("kind") if isinstance(sent, dict) else None


def _webhook(body: bytes) -> WebhookRequest:
    try:
        return msgspec.json.decode(body, type=WebhookRequest)
    except msgspec.DecodeError as error:
        text = str(error)
        raise RuleRejected([Problem("/kind" if "$.kind" in text else "", "wrong-shape", Words(text, text))]) from error


def _one(channel: Channel, status: int = 200, **more: Any) -> Response:
    headers = {"etag": f'"{channel.version}"'}
    if status == 201:
        headers["location"] = f"/api/v1/channels/{channel.id}"
    return said(shown(channel) | more, status, headers)


def _if_match(request: Request, found: Channel) -> int:
    """The version that must still be there: the one asked for, else the one that was just read."""
    asked_for = request.headers.get("if-match", "*").strip()
    if asked_for == "*":
        return found.version
    text = asked_for.removeprefix("W/").strip('"')
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1
