"""Providers and their models as the API writes them, and what asking a provider came to, in words."""

from typing import Annotated

from pydantic import BaseModel, Field

from pointsman.control.configured_providers import ConfiguredProvider, OfferedModel, list_offered
from pointsman.server.admin.asked_providers import Asked
from pointsman.server.admin.signature import Signed, write_time
from pointsman.upstream.discovery import REFUSALS, Reply


class ProviderView(BaseModel):
    """A provider; `validated_at` is when it last answered as it should since the start, ISO 8601 in UTC."""

    id: str
    name: str
    provider_type: str
    api_base_url: str
    dialect: str
    location: str
    enabled: bool
    key_set: bool | None
    models: int
    validated_at: str | None


class ValidationView(BaseModel):
    """Whether a provider answers and takes the key; `status` is a class such as `2xx`, null where nothing came."""

    id: str
    name: str
    provider_type: str
    valid: bool
    validated_at: str | None
    status: str | None
    latency_ms: int
    lists_models: bool
    models: int | None
    message: str


class OfferedModelView(BaseModel):
    """A model of a provider; what nobody knows is null, and so is `listed` where the provider lists nothing."""

    model_name: str
    enabled: bool
    configured_as: list[str]
    listed: bool | None
    supports_tools: bool | None
    supports_embeddings: bool
    context_window: int | None
    max_output_tokens: int | None


class OfferedModelList(BaseModel):
    """Configured models first; `discovered_at` is of when the others are, null where the provider never listed any."""

    provider_id: str
    discovered_at: str | None
    message: str
    models: list[OfferedModelView]


class NewModel(Signed):
    """A model that a provider serves, by hand; what is left out is as the catalogue has it."""

    model_name: Annotated[str, Field(min_length=1, max_length=127)]
    supports_tools: bool | None = None
    supports_embeddings: bool | None = None
    context_window: Annotated[int, Field(ge=1, le=100_000_000)] | None = None
    enabled: bool = True


class AddedModelView(OfferedModelView):
    """A model that is in the configuration now, and the revision that it came with."""

    number: int
    revision: str


def write_model(provider: str, new: NewModel) -> dict[str, object]:
    """A model as the document has it. What it is said to do or not to do counts; the rest is as it is known."""
    written: dict[str, object] = {"provider": provider}
    if not new.enabled:
        written["enabled"] = False
    if new.context_window is not None:
        written["context_window"] = new.context_window
    if new.supports_tools is not None:
        written["supports"] = {"tools": new.supports_tools}
    if new.supports_embeddings is not None:
        said = [
            name
            for name, is_said in (("embeddings", new.supports_embeddings), ("tools", new.supports_tools))
            if is_said
        ]
        # Where a list is written, what is missing from it is not there: so a model without embeddings has one too.
        written["capabilities"] = said or ["chat"]
    return written


def view_list(provider: ConfiguredProvider, asked: Asked) -> OfferedModelList:
    """All of its models that are known."""
    return OfferedModelList(
        provider_id=provider.name,
        discovered_at=_write_time(asked.discovered_at_ms),
        message=explain_list(provider, asked),
        models=[view_offered(model) for model in list_offered(provider, asked.models)],
    )


def explain_list(provider: ConfiguredProvider, asked: Asked) -> str:
    """Why the list is as it is, for people."""
    if asked.reply.models is not None:
        return f"{provider.name} lists {len(asked.reply.models)} models."
    why = explain_reply(provider, asked.reply)
    if asked.models is not None:
        return f"{why} What it listed before is shown."
    return f"{why} Only the models of the configuration are shown."


def explain_reply(provider: ConfiguredProvider, reply: Reply) -> str:
    """What an answer means, and what to do next."""
    name = provider.name
    if reply.fault:
        return f"{name} cannot be reached: {reply.fault}. Look whether it runs and whether its base_url is right."
    if reply.status is None:
        return f"{name} takes connections, and its key is not set; set it, then ask again."
    if reply.status in REFUSALS:
        return f"{name} refuses the key; make a new one at the provider, and put it where the configuration says."
    if reply.may_recover:
        return f"{name} answers with {_write_class(reply.status)}; ask again later."
    if not reply.is_good:
        what = "what no provider of its dialect does" if reply.status == 200 else _write_class(reply.status)
        return f"{name} answers with {what}; look whether its base_url ends where its API begins."
    if reply.models is not None:
        return f"{name} answers and lists {len(reply.models)} models."
    return f"{name} answers and takes the key; providers of its dialect list no models there."


def view_provider(provider: ConfiguredProvider, asked: Asked | None, key_set: bool | None) -> ProviderView:
    """A provider, what is remembered of it, and whether its key is there; `None` where it needs none."""
    deployment = provider.deployment
    return ProviderView(
        id=provider.name,
        name=provider.name,
        provider_type=provider.kind,
        api_base_url=deployment.base_url,
        dialect=deployment.dialect,
        location=deployment.location,
        enabled=provider.enabled,
        key_set=key_set,
        models=len(provider.models),
        validated_at=_write_time(asked.validated_at_ms if asked else None),
    )


def view_validation(provider: ConfiguredProvider, asked: Asked) -> ValidationView:
    """What came of asking a provider."""
    reply = asked.reply
    return ValidationView(
        id=provider.name,
        name=provider.name,
        provider_type=provider.kind,
        valid=reply.is_good,
        validated_at=_write_time(asked.validated_at_ms),
        status=None if reply.status is None else _write_class(reply.status),
        latency_ms=reply.latency_ms,
        lists_models=reply.lists_models,
        models=None if reply.models is None else len(reply.models),
        message=explain_reply(provider, reply),
    )


def view_offered(model: OfferedModel) -> OfferedModelView:
    """One of its models."""
    return OfferedModelView(
        model_name=model.id,
        enabled=model.enabled,
        configured_as=list(model.configured_as),
        listed=model.is_listed,
        supports_tools=model.supports_tools,
        supports_embeddings=model.supports_embeddings,
        context_window=model.context_window,
        max_output_tokens=model.max_output_tokens,
    )


def _write_class(status: int) -> str:
    return f"{status // 100}xx"


def _write_time(at_ms: int | None) -> str | None:
    return None if at_ms is None else write_time(at_ms)
