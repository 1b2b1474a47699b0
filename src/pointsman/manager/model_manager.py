"""`ModelManager().generate("...", task_type="review", quality_threshold=0.9)`: an answer from the right model."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Self, Unpack, cast

import msgspec

from pointsman.library.client import Pointsman
from pointsman.library.configuration import Configuration
from pointsman.library.engine import Engine
from pointsman.library.errors import PointsmanError
from pointsman.library.llm_response import LLMResponse, describe_reply
from pointsman.library.options import ChatOptions
from pointsman.library.replies import ChatReply
from pointsman.library.served_model import find_served
from pointsman.manager.wishes import Asked, GenerateOptions, read_wishes

USUAL_BATCH_SIZE = 10
MOST_AT_ONCE = 256

GenerateRequest = str | Sequence[Mapping[str, object]] | Mapping[str, object]
"""One of a batch: a prompt, messages, or a mapping of what `generate` takes."""


class GenerateResponse(LLMResponse):
    """An answer of a `ModelManager`.

    Attributes:
        quality: of the model that gave it, from 0 to 1, as declared or by its tier; `None` when nobody says.
        decision: what settled the model: `forced`, `task`, `agent`, `strategy`, `rule` and so on.
        request_id: finds the request in logs and records.
    """

    quality: float | None = None
    decision: str = ""
    request_id: str = ""

    @property
    def text(self) -> str:
        """The same as `content`."""
        return self.content

    @property
    def cost_usd(self) -> Decimal:
        """The same as `usage.total_cost_usd`: an exact decimal, `NaN` when unknown."""
        return self.usage.total_cost_usd


class ModelManager:
    """Answers from whichever model suits the wishes; any number of threads and event loops may use one.

    Args:
        config: a file or folder in any form that Pointsman reads, or a document as a mapping; by default the engine of
            this process, that of `POINTSMAN_URL` or of the configuration found here.

    Raises:
        FileNotFoundError: when there is no configuration.
        ConfigurationError: when it cannot be used.
    """

    def __init__(self, config: str | Path | Mapping[str, object] | None = None) -> None:
        usual: Configuration = config
        self._client = Pointsman(usual)

    def generate(self, prompt: str | None = None, **wishes: Unpack[GenerateOptions]) -> GenerateResponse:
        """Ask, and wait for the whole answer.

        Args:
            prompt: the text; or `messages` among the wishes.
            wishes: see `GenerateOptions`.

        Raises:
            TypeError, ValueError: for a wish that is not known, or cannot be so; nothing was asked.
            RequestRefused: no model may serve; its code says why, such as `min_quality_unmet` or `max_cost_exceeded`.
            MissingCredential, ProviderFailed, RequestTimedOut, GatewayUnreachable: see `pointsman.library.errors`.
        """
        asked = self._read(prompt, wishes)
        options = cast(ChatOptions, asked.options)
        return self._describe(self._client.chat(asked.messages, model=asked.model, **options))

    async def agenerate(self, prompt: str | None = None, **wishes: Unpack[GenerateOptions]) -> GenerateResponse:
        """The same with `await`; cancelling it ends the call upstream."""
        asked = self._read(prompt, wishes)
        options = cast(ChatOptions, asked.options)
        return self._describe(await self._client.achat(asked.messages, model=asked.model, **options))

    def batch_generate(
        self,
        requests: Sequence[GenerateRequest],
        batch_size: int = USUAL_BATCH_SIZE,
        cost_optimization: bool = True,
        parallel_processing: bool = True,
        *,
        raise_errors: bool = False,
        **wishes: Unpack[GenerateOptions],
    ) -> list[GenerateResponse | PointsmanError]:
        """Ask many things; one that fails keeps no other from its answer.

        Args:
            requests: prompts, lists of messages, or mappings with `prompt` and wishes of their own.
            batch_size: how many are under way at a time.
            cost_optimization: whether requests that are the same in every respect are asked once, and share an answer.
            parallel_processing: whether more than one is under way at a time.
            raise_errors: whether errors are raised, all together, once everything has been asked.
            wishes: for those that do not say otherwise.

        Returns:
            Answers, and errors in the place of those that failed, in the order of the requests.

        Raises:
            TypeError, ValueError: for a wish that is not known, or cannot be so; nothing was asked.
            ExceptionGroup: of the errors, where they are to be raised.
        """
        asked = self._read_all(requests, wishes)
        places, unique = _find_same(asked) if cost_optimization else (range(len(asked)), asked)
        width = _check_width(batch_size) if parallel_processing else 1
        answers = self._client.batch([each.request for each in unique], most_at_once=width)
        return _gather([self._settle(each) for each in answers], places, raise_errors=raise_errors)

    async def abatch_generate(
        self,
        requests: Sequence[GenerateRequest],
        batch_size: int = USUAL_BATCH_SIZE,
        cost_optimization: bool = True,
        parallel_processing: bool = True,
        *,
        raise_errors: bool = False,
        **wishes: Unpack[GenerateOptions],
    ) -> list[GenerateResponse | PointsmanError]:
        """The same with `await`; cancelling it ends all that is under way."""
        asked = self._read_all(requests, wishes)
        places, unique = _find_same(asked) if cost_optimization else (range(len(asked)), asked)
        width = _check_width(batch_size) if parallel_processing else 1
        answers = await self._client.abatch([each.request for each in unique], most_at_once=width)
        return _gather([self._settle(each) for each in answers], places, raise_errors=raise_errors)

    def close(self) -> None:
        """End what is under way; the engine of this process, which others may use, stays."""
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _read(self, prompt: object, wishes: Mapping[str, object]) -> Asked:
        return read_wishes(prompt, wishes, self._name_models())

    def _read_all(self, requests: Sequence[GenerateRequest], shared: GenerateOptions) -> list[Asked]:
        if isinstance(requests, str | Mapping):
            raise TypeError("requests is a list; generate asks one thing")
        names = self._name_models()
        return [_read_one(request, shared, names) for request in requests]

    def _name_models(self) -> dict[str, str]:
        """Our names of models, by their providers' ids; of an id that several have, the first one's."""
        engine = self._client.engine
        if not isinstance(engine, Engine):
            return {}
        snapshot = engine.snapshot
        names: dict[str, str] = {}
        for model in snapshot.models.values():
            names.setdefault(model.deployment.upstream_model, model.name)
        return names | {name: name for name in (*snapshot.models, *snapshot.aliases)}

    def _describe(self, reply: ChatReply) -> GenerateResponse:
        served = find_served(self._client.engine, reply.model)
        response = describe_reply(reply, served.provider, served.prices)
        fields = {name: getattr(response, name) for name in LLMResponse.model_fields}
        return GenerateResponse(**fields, quality=served.quality, decision=reply.decision, request_id=reply.request_id)

    def _settle(self, answer: ChatReply | PointsmanError) -> GenerateResponse | PointsmanError:
        return answer if isinstance(answer, PointsmanError) else self._describe(answer)


def _read_one(request: GenerateRequest, shared: GenerateOptions, names: Mapping[str, str]) -> Asked:
    wishes: dict[str, object] = {**shared}
    if isinstance(request, str):
        return read_wishes(request, wishes, names)
    if not isinstance(request, Mapping):
        return read_wishes(None, wishes | {"messages": request}, names)
    own = {str(name): value for name, value in request.items()}
    prompt = own.pop("prompt", None)
    return read_wishes(prompt, wishes | own, names)


def _find_same(asked: Sequence[Asked]) -> tuple[Sequence[int], Sequence[Asked]]:
    """For each request the place of its like among those that differ."""
    found: dict[bytes, int] = {}
    unique: list[Asked] = []
    places: list[int] = []
    for each in asked:
        key = msgspec.json.encode(each.request, order="deterministic")
        if key not in found:
            found[key] = len(unique)
            unique.append(each)
        places.append(found[key])
    return places, unique


def _gather(
    answers: Sequence[GenerateResponse | PointsmanError], places: Sequence[int], *, raise_errors: bool
) -> list[GenerateResponse | PointsmanError]:
    errors = [answer for answer in answers if isinstance(answer, PointsmanError)]
    if raise_errors and errors:
        raise ExceptionGroup(f"{len(errors)} of {len(answers)} requests failed", errors)
    return [answers[place] for place in places]


def _check_width(batch_size: object) -> int:
    if type(batch_size) is not int or not 1 <= batch_size <= MOST_AT_ONCE:
        raise ValueError(f"batch_size is a whole number from 1 to {MOST_AT_ONCE}")
    return batch_size
