"""Sends an agent's own traces to its LangSmith project; one that is part of a larger trace stays with that."""

import os
from typing import Any
from uuid import UUID

from langchain_core.messages import BaseMessage
from langchain_core.tracers.langchain import LangChainTracer
from langchain_core.tracers.schemas import Run

_SWITCHES = ("LANGSMITH_TRACING_V2", "LANGCHAIN_TRACING_V2", "LANGSMITH_TRACING", "LANGCHAIN_TRACING")
"""The first that is set counts, as for LangSmith itself."""


def is_tracing() -> bool:
    """Whether LangSmith is switched on by its environment variables."""
    said = next((value for name in _SWITCHES if (value := os.environ.get(name, "").strip())), "")
    return said.lower() == "true"


class ProjectTracer(LangChainTracer):
    """Traces the runs that nothing stands above; all others are traced by whoever traces what is above them."""

    def on_chat_model_start(
        self,
        serialized: dict[str, Any],
        messages: list[list[BaseMessage]],
        *,
        run_id: UUID,
        parent_run_id: UUID | None = None,
        **kwargs: Any,
    ) -> Run:
        """Begin a trace; one that is not to be sent is marked as LangSmith marks those that are switched off."""
        off: dict[str, Any] = {} if parent_run_id is None else {"__disabled": True}
        return super().on_chat_model_start(
            serialized, messages, run_id=run_id, parent_run_id=parent_run_id, **kwargs, **off
        )
