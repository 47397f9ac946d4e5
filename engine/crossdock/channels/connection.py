"""A channel that is connected: opened once, it answers any number of RetailOPS' requests.

with project.connect("kibo", settings={"tenant": "1234"}) as shop:
    result = shop.answer("order_ack", request, deadline=20)
    result.response
"""

from __future__ import annotations

import os
from collections.abc import Callable
from collections.abc import Mapping as MappingType
from types import TracebackType
from typing import Self, TypeAlias

from crossdock.channels.config import Channel
from crossdock.channels.conversation import Ask, ConversationResult
from crossdock.channels.http import Transport
from crossdock.channels.messages import Answer, Call
from crossdock.channels.patience import Cancellation, Patience
from crossdock.channels.received import Received
from crossdock.channels.runner import received_request, run_conversation
from crossdock.channels.steps import Conversation
from crossdock.core.json_types import JSON, Missing

# What makes a call, given the call and the function that sends it. Raises NoAnswer as that does.
Around: TypeAlias = Callable[[Call, Callable[[], Answer]], Answer]


class Connection:
    """A channel with its settings and credentials, and the network connections to it.

    Any number of threads may use it at the same time. They share its network connections, its token and
    its rate. Close it, or use it as a context manager. ``Project.connect`` makes one.
    """

    def __init__(
        self,
        channel: Channel,
        settings: MappingType[str, JSON],
        conversation: Callable[[str, str | None], Conversation],
        *,
        environ: MappingType[str, str] | None = None,
        transport: Transport | None = None,
    ) -> None:
        """``settings`` are all of the channel's.

        ``conversation`` finds the one for an action and a dialect, which is None for RetailOPS' own.
        """
        if transport is not None and not transport.serves(channel, settings):
            raise ValueError("the transport is that of another channel, or of other settings")
        self.settings = settings
        self._deadline = channel.limits.deadline_seconds
        self._conversation = conversation
        self._owned = transport is None
        secrets = os.environ if environ is None else environ
        self.transport = transport or Transport(channel, settings, environ=secrets)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the calls that are still running, and close the network connections if they are its own."""
        if self._owned:
            self.transport.close()

    def checked(
        self, action: str, request: JSON, *, dialect: str | None = None, name: str = "request"
    ) -> JSON:
        """The request as its schema has it, before anything is called. Raises as ``answer`` does for it."""
        return self.received(action, request, dialect=dialect, name=name).whole

    def received(
        self, action: str, request: JSON, *, dialect: str | None = None, name: str = "request"
    ) -> Received:
        """The request as its schema has it, to be answered. Raises as ``answer`` does for it."""
        return received_request(self._conversation(action, dialect), request, name)

    def answer(
        self,
        action: str,
        request: JSON | Received,
        *,
        dialect: str | None = None,
        deadline: float | None = None,
        cancel: Cancellation | None = None,
        name: str = "request",
        now: str | None = None,
        around: Around | None = None,
    ) -> ConversationResult:
        """Answer a request for an action, as it came or as ``received`` has it. Messages call it ``name``.

        ``dialect`` is that of the action and the request, where it is not RetailOPS' own. ``now`` is what
        `now()` gives, by default the time of this run.

        ``deadline`` is in seconds from now; a shorter one of the conversation or the channel holds.
        After it, or once ``cancel`` is cancelled, no call is made and waits end; the steps that are left fail
        as `deadline` or `cancelled`, and become events like other failures. ``around`` is called in place of
        the transport for each call, to record it or to refuse it.

        Raises ProjectError for an unknown action, CompileError, InputError for a request that breaks its
        schema, EvaluationError, OutputError, and ChannelError when a step failed and nothing makes an event
        of it.
        """
        conversation = self._conversation(action, dialect)
        own = conversation.deadline_seconds or self._deadline
        patience = Patience.of(_shortest(deadline, own), cancel)
        return run_conversation(
            conversation,
            request,
            self._asking(patience, around),
            settings=self.settings,
            base_url=self.transport.base_url,
            name=name,
            now=now,
        )

    def _asking(self, patience: Patience, around: Around | None) -> Ask:
        def ask(call: Call, given: JSON | Missing) -> Answer:
            return self.transport.ask(call, given, patience)

        def asked_around(call: Call, given: JSON | Missing) -> Answer:
            assert around is not None
            return around(call, lambda: ask(call, given))

        return ask if around is None else asked_around


def _shortest(*deadlines: float | None) -> float | None:
    return min((each for each in deadlines if each is not None), default=None)
