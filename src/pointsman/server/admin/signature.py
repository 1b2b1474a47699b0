"""What every change of the configuration carries, and how a refused one is answered."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import msgspec
from fastapi import Response
from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints
from pydantic_core import PydanticCustomError

from pointsman.control.changes import ChangeRefused, DocumentRefused, RevisionUnknown, Signature, StoredLayerLocked
from pointsman.control.effective import NothingThere
from pointsman.control.overrides import AgentUnknown
from pointsman.core.config.edit_values import InvalidEdit
from pointsman.core.ports import StaleRevision
from pointsman.server.errors import OperatorError

# Numbers of a document keep their text, which JSON has no place for.
_encode = msgspec.json.Encoder(enc_hook=float).encode

_LINE_BREAKS = str.maketrans("", "", "\t\n\r")


def _check_line(text: str) -> str:
    """Refuse what a terminal would act on instead of showing it, such as a change of the direction of writing."""
    if not text.isprintable():
        raise PydanticCustomError("unprintable", "Write printable characters only, on one line")
    return text


def _check_lines(text: str) -> str:
    """The same for what may have several lines."""
    if not text.translate(_LINE_BREAKS).isprintable():
        raise PydanticCustomError("unprintable", "Write printable characters only")
    return text


Text = Annotated[str, StringConstraints(max_length=1_024), AfterValidator(_check_lines)]
Line = Annotated[str, StringConstraints(max_length=1_024), AfterValidator(_check_line)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=128), AfterValidator(_check_line)]


class Signed(BaseModel):
    """Who changes something and why; whoever holds the admin key may name themselves as they like."""

    model_config = ConfigDict(extra="forbid", strict=True)

    author: Name = "admin"
    reason: Text = ""


def sign(signed: Signed) -> Signature:
    """The signature of a change."""
    return Signature(signed.author, signed.reason)


@contextmanager
def refuse_change() -> Iterator[None]:
    """Answer a change that was refused as problem details, with the list of all problems where there is one."""
    try:
        yield
    except DocumentRefused as refused:
        errors: list[dict[str, object]] = [asdict(problem) for problem in refused.problems]
        raise OperatorError(422, "configuration_refused", str(refused), errors) from None
    except StaleRevision as stale:
        detail = f"revision {stale.current} was made meanwhile; look at it, then send the change again with it as base"
        raise OperatorError(409, "stale_revision", detail) from None
    except StoredLayerLocked as locked:
        raise OperatorError(409, "source_is_file", str(locked)) from None
    except (RevisionUnknown, AgentUnknown, NothingThere) as unknown:
        raise OperatorError(404, "not_found", str(unknown)) from None
    except TimeoutError:
        detail = "the files could not be read in time; look whether their disk answers, then try again"
        raise OperatorError(503, "files_unavailable", detail) from None
    except (InvalidEdit, ChangeRefused) as invalid:
        raise OperatorError(422, "invalid_change", str(invalid)) from None


async def encode_answer(answer: object) -> Response:
    """An answer that may be large, written as JSON off the loop."""
    return Response(await asyncio.to_thread(_encode, answer), media_type="application/json")


def write_time(at_ms: int) -> str:
    """Milliseconds since the Unix epoch as ISO 8601 in UTC."""
    return datetime.fromtimestamp(at_ms / 1_000, UTC).isoformat(timespec="milliseconds")
