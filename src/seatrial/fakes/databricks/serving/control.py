"""What tests hold of an endpoint: its next replies, its faults, who may query it."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from seatrial.errors import FakeError
from seatrial.fakes.databricks.serving.endpoint import CHAT
from seatrial.fakes.fault_verbs import FaultVerbs
from seatrial.fakes.faults import FaultQueue
from seatrial.fakes.openai.script import Condition, Script, json_reply, text_replies, tool_reply

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seatrial.fakes.databricks.serving.endpoint import Endpoint
    from seatrial.fakes.databricks.workspace import Workspace


class EndpointControl(FaultVerbs):
    """One endpoint in a test: `fakes.databricks.endpoints["llama-4-maverick"]`. Safe to use from any thread.

    Args:
        name: of the endpoint.
        space: where it is.
    """

    def __init__(self, name: str, space: Workspace) -> None:
        self._name = name
        self._space = space
        self._lock = threading.Lock()
        self._predictions: list[Any] = []
        self._answered = 0
        self.script = Script()
        self.faults = FaultQueue()

    @property
    def endpoint(self) -> Endpoint:
        """What the workspace knows of it."""
        with self._space.lock:
            return self._space.state.endpoints[self._name]

    def reply(self, *texts: str, finish_reason: str | None = None, when: str | None = None) -> None:
        """Answer the next chats with these texts, one each, in this order.

        Args:
            texts: at least one.
            finish_reason: `length` or `content_filter`, for a model that stopped early.
            when: only those whose last user message contains this.

        Raises:
            FakeError: an argument is not what is expected, or this is no foundation model.
        """
        self._demand_chat("reply")
        self.script.add(text_replies(texts, finish_reason=finish_reason, condition=Condition(when=when)))

    def reply_json(self, value: Any, *, when: str | None = None) -> None:
        """Answer the next chat with this value as JSON.

        Raises:
            FakeError: JSON cannot hold it, or this is no foundation model.
        """
        self._demand_chat("reply_json")
        self.script.add([json_reply(value, condition=Condition(when=when))])

    def reply_tool_call(
        self, name: str, arguments: Mapping[str, Any] | str, *, when: str | None = None
    ) -> None:
        """Answer the next chat with a call of one tool.

        Raises:
            FakeError: an argument is not what is expected, or this is no foundation model.
        """
        self._demand_chat("reply_tool_call")
        self.script.add([tool_reply([(name, arguments)], text=None, condition=Condition(when=when))])

    def predict(self, *predictions: Any) -> None:
        """Answer the next invocations with these predictions, one list each, in this order.

        Raises:
            FakeError: this is a foundation model.
        """
        if self.endpoint.task is not None:
            raise FakeError(
                f"The endpoint {self._name!r} serves a foundation model: it makes no predictions.",
                code="fakes.databricks-endpoint",
                remedy="Use reply(...).",
            )
        with self._lock:
            self._predictions.extend(predictions)

    def become(self, *, ready: bool) -> None:
        """Be ready for invocations, or not."""
        self._change(ready=ready)

    def allow(self, *principals: str) -> None:
        """Let only these query it: emails, application ids or groups; nobody without any."""
        self._change(principals=frozenset(principals))

    def _change(self, **changes: Any) -> None:
        with self._space.lock:
            endpoints = self._space.state.endpoints
            endpoints[self._name] = replace(endpoints[self._name], **changes)

    def _demand_chat(self, what: str) -> None:
        if self.endpoint.task != CHAT:
            raise FakeError(
                f"The endpoint {self._name!r} answers no chats, and {what}() scripts one.",
                code="fakes.databricks-endpoint",
                remedy=f'Make it with task="{CHAT}"; or use predict(...) for a model of your own.',
            )

    # --- for the routes ------------------------------------------------------------------------------------

    def next_number(self) -> int:
        """The number of this answer since the last reset; ids are made of it."""
        with self._lock:
            self._answered += 1
            return self._answered

    def take_prediction(self) -> tuple[bool, Any]:
        """Whether a prediction is scripted, and the next one."""
        with self._lock:
            return (True, self._predictions.pop(0)) if self._predictions else (False, None)

    def pending(self) -> list[str]:
        """What was scripted and nobody asked for."""
        with self._lock:
            predicted = [f"predict({value!r})" for value in self._predictions]
        return [
            f"{entry} of {self._name}" for entry in (*self.script.left(), *predicted, *self.faults.pending())
        ]

    def clear(self) -> None:
        """Forget what was scripted, and let go of what hangs."""
        self.script.clear()
        self.faults.clear()
        with self._lock:
            self._predictions.clear()
            self._answered = 0

    def __repr__(self) -> str:
        return f"<endpoint {self._name}>"
