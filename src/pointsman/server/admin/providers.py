"""`/api/v1/llm/providers`: the providers in force, whether each answers, and the models that it has.

A provider is asked in one fixed way, and nothing of its answer is shown but a class of status and ids of models.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Header, Path, Response

from pointsman.control.changes import Changes, Committed
from pointsman.control.configured_providers import ConfiguredProvider, list_offered, list_providers
from pointsman.control.current import CurrentConfiguration
from pointsman.core.config.problems import quote
from pointsman.core.config.stored_layer import Edit
from pointsman.core.config.suggest import suggest_name
from pointsman.core.ports import StaleRevision
from pointsman.server.admin.asked_providers import AskedProviders
from pointsman.server.admin.provider_views import (
    AddedModelView,
    NewModel,
    OfferedModelList,
    ProviderView,
    ValidationView,
    view_list,
    view_offered,
    view_provider,
    view_validation,
    write_model,
)
from pointsman.server.admin.signature import refuse_change, sign
from pointsman.server.errors import OperatorError

LONGEST_NAME = 128
MOST_TRIES = 5
ProviderId = Annotated[str, Path(min_length=1, max_length=LONGEST_NAME)]
IfMatch = Annotated[str | None, Header(max_length=64)]


@dataclass(frozen=True, slots=True)
class Providers:
    """What the resource is made from.

    Attributes:
        current: what is in force.
        changes: how that changes.
        asked: asks providers.
        has_key: whether the secret behind a reference is there.
        environ: the process's environment variables.
    """

    current: CurrentConfiguration
    changes: Changes
    asked: AskedProviders
    has_key: Callable[[str], bool]
    environ: Mapping[str, str]

    def list(self) -> dict[str, ConfiguredProvider]:
        """Those in force."""
        return list_providers(self.current.loaded, self.environ)

    def find_key(self, provider: ConfiguredProvider) -> bool | None:
        """Whether a provider's key is there; `None` where it needs none."""
        reference = provider.deployment.credential
        return None if reference is None else self.has_key(reference)

    def find(self, id: str) -> ConfiguredProvider:
        """One of them.

        Raises:
            OperatorError: 404 when there is none of that name.
        """
        providers = self.list()
        if id in providers:
            return providers[id]
        guess = suggest_name(id, sorted(providers))
        hint = f" Did you mean {quote(guess)}?" if guess else ""
        detail = f"No provider is called {quote(id)}; GET /api/v1/llm/providers lists them.{hint}"
        raise OperatorError(404, "not_found", detail)


def build_providers(providers: Providers) -> APIRouter:
    """The providers resource."""
    router = APIRouter(prefix="/api/v1/llm/providers", tags=["providers"])
    _add_asking(router, providers)
    _add_models(router, providers)
    return router


def _add_asking(router: APIRouter, providers: Providers) -> None:
    @router.get("")
    async def list_all() -> list[ProviderView]:
        """The providers of the configuration in force."""
        return [
            view_provider(provider, providers.asked.find(provider.deployment), providers.find_key(provider))
            for provider in providers.list().values()
        ]

    @router.post("/{provider_id:path}/validate")
    async def validate_provider(provider_id: ProviderId) -> ValidationView:
        """Ask a provider for its models, or where it has no list for a chat that it must refuse; both cost nothing."""
        provider = providers.find(provider_id)
        asked = await providers.asked.ask(provider.deployment, anew=True)
        return view_validation(provider, asked)


def _add_models(router: APIRouter, providers: Providers) -> None:
    @router.get("/{provider_id:path}/models")
    async def list_models(provider_id: ProviderId) -> OfferedModelList:
        """The models that the provider lists now and those of it in the configuration."""
        provider = providers.find(provider_id)
        asked = await providers.asked.ask(provider.deployment, anew=False)
        return view_list(provider, asked)

    @router.post("/{provider_id:path}/models", status_code=201)
    async def add_model(
        provider_id: ProviderId, new: NewModel, response: Response, if_match: IfMatch = None
    ) -> AddedModelView:
        """Add a model of the provider to the stored layer; in force for the next request."""
        provider = providers.find(provider_id)
        base = read_if_match(if_match, providers.current.number)
        committed = await _commit(provider, new, base, providers)
        response.headers["etag"] = f'"{committed.record.number}"'
        added = next(
            model for model in list_offered(providers.find(provider_id), None) if new.model_name in model.configured_as
        )
        view = view_offered(added).model_dump()
        return AddedModelView(**view, number=committed.record.number, revision=committed.record.id)


async def _commit(provider: ConfiguredProvider, new: NewModel, base: int | None, providers: Providers) -> Committed:
    """Add the model, unless one of its name is there by then.

    Raises:
        OperatorError: 409 when there is one.
    """
    edit = Edit({"models": {new.model_name: write_model(provider.name, new)}})
    for _ in range(MOST_TRIES):
        if new.model_name in providers.current.snapshot.models:
            detail = (
                f"There is a model called {quote(new.model_name)} already;"
                " POST /api/v1/configuration/changes changes it."
            )
            raise OperatorError(409, "already_exists", detail)
        # What was looked at is what is changed: of two who add the same name at once, one is told.
        seen = providers.current.number if base is None else base
        with refuse_change():
            try:
                return await providers.changes.commit(edit, sign(new), base=seen)
            except StaleRevision:
                if base is not None:
                    raise
    raise OperatorError(409, "stale_revision", "The configuration changes all the time; try again in a moment.")


def read_if_match(written: str | None, current: int) -> int | None:
    """The revision that a change is for, or `None` for whichever is the newest.

    Raises:
        OperatorError: 412 when it is another one than the newest.
    """
    if written is None or written.strip() == "*":
        return None
    if written.strip().strip('"') == str(current):
        return current
    detail = f"revision {current} is the newest; look at it, then send the change again with its number as If-Match"
    raise OperatorError(412, "stale_revision", detail)
