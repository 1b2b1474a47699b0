"""The document as written, strictly: every key is listed in `sections/`, has one type, and changes what Pointsman does.

This table is the one list of sections; an environment holds the same sections again, with the fields that it changes.
"""

import re
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, Field

from pointsman.core.config.sections.callers import Agent, Experiment, Interaction, Policy, Task
from pointsman.core.config.sections.limits import Limit
from pointsman.core.config.sections.operations import (
    Alerts,
    Cache,
    Privacy,
    Retention,
    Security,
    Server,
    Storage,
    Telemetry,
)
from pointsman.core.config.sections.providers import Model, Provider
from pointsman.core.config.sections.routing import Budget, Routing
from pointsman.core.config.sections.values import StrictMapping, Words, read_version

Shape = Literal["named", "listed", "single"]
"""Entries by name, entries in order, or one mapping."""

SLUG = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
PROVIDER_NAME = re.compile(r"(?:litellm/)?[a-z0-9][a-z0-9._-]{0,62}")
MODEL_NAME = re.compile(r"(?!(?:agent|task|interaction):)(?!auto\Z)[A-Za-z0-9][A-Za-z0-9._:/@-]{0,126}")


@dataclass(frozen=True, slots=True)
class Section:
    """One section of the document.

    Attributes:
        kind: what each of its entries is read as, or the whole of it when `single`.
        shape: how its entries stand in it.
        names: what an entry may be called.
    """

    kind: type[BaseModel]
    shape: Shape
    names: re.Pattern[str] = SLUG


SECTIONS: dict[str, Section] = {
    "providers": Section(Provider, "named", PROVIDER_NAME),
    "models": Section(Model, "named", MODEL_NAME),
    "agents": Section(Agent, "named"),
    "interactions": Section(Interaction, "named"),
    "tasks": Section(Task, "named"),
    "routing": Section(Routing, "single"),
    "budgets": Section(Budget, "listed"),
    "limits": Section(Limit, "listed"),
    "experiments": Section(Experiment, "named"),
    "policy": Section(Policy, "single"),
    "privacy": Section(Privacy, "single"),
    "cache": Section(Cache, "single"),
    "alerts": Section(Alerts, "single"),
    "retention": Section(Retention, "single"),
    "security": Section(Security, "single"),
    "telemetry": Section(Telemetry, "single"),
    "server": Section(Server, "single"),
    "storage": Section(Storage, "single"),
}


class Head(StrictMapping):
    """What stands beside the sections."""

    version: Annotated[int, BeforeValidator(read_version)] = Field(
        default=1, description="names the form of the document; there is one"
    )
    include: Annotated[list[Words], Field(max_length=100)] = Field(
        default=[], description="further files, relative to this one, that hold sections too"
    )
    source: Literal["file", "stored"] = Field(
        default="stored",
        description="file: nothing is changed by API or console; stored: what they change counts above the file",
    )


TOP_KEYS = (*Head.model_fields, *SECTIONS, "environments")
