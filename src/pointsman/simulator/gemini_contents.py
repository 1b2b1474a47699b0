"""The contents of a Gemini request, read strictly: a field that Google does not document is refused anywhere."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

JsonObject = dict[str, Any]
"""A JSON object whose inside belongs to the caller: arguments, results, metadata."""


class Strict(Struct, forbid_unknown_fields=True, omit_defaults=True, rename="camel"):
    """An object of the API: no unknown fields, names in camel case."""


class Blob(Strict):
    """Bytes inside the request."""

    mime_type: Annotated[str, Meta(pattern=r"^[\w.+-]+/[\w.+-]+")]
    data: str
    display_name: str | None = None


class FileData(Strict):
    """A file that Google fetches or holds."""

    file_uri: Annotated[str, Meta(min_length=1)]
    mime_type: str | None = None
    display_name: str | None = None


class FunctionCall(Strict):
    """A call that the model made before, given back."""

    name: Annotated[str, Meta(min_length=1)]
    args: JsonObject | None = None
    id: str | None = None


class FunctionResponsePart(Strict):
    """Media that a function returned beside its result."""

    inline_data: Blob | None = None
    file_data: FileData | None = None


class FunctionResponse(Strict):
    """What a function returned."""

    name: Annotated[str, Meta(min_length=1)]
    response: JsonObject
    id: str | None = None
    parts: list[FunctionResponsePart] | None = None
    will_continue: bool | None = None
    scheduling: Literal["SCHEDULING_UNSPECIFIED", "SILENT", "WHEN_IDLE", "INTERRUPT"] | None = None


class ExecutableCode(Strict):
    """Code that the model wrote and ran before, given back."""

    code: str
    language: Literal["LANGUAGE_UNSPECIFIED", "PYTHON"]
    id: str | None = None


class CodeExecutionResult(Strict):
    """What came of running it."""

    outcome: Literal["OUTCOME_UNSPECIFIED", "OUTCOME_OK", "OUTCOME_FAILED", "OUTCOME_DEADLINE_EXCEEDED"]
    output: str | None = None
    id: str | None = None


class VideoMetadata(Strict):
    """Which part of a film to look at."""

    start_offset: str | None = None
    end_offset: str | None = None
    fps: Annotated[float, Meta(gt=0, le=24)] | None = None


class PartResolution(Strict):
    """How closely to look at one part."""

    level: str | None = None
    num_tokens: int | None = None


class Part(Strict):
    """One part of a turn: exactly one of the first seven fields."""

    text: str | None = None
    inline_data: Blob | None = None
    file_data: FileData | None = None
    function_call: FunctionCall | None = None
    function_response: FunctionResponse | None = None
    executable_code: ExecutableCode | None = None
    code_execution_result: CodeExecutionResult | None = None
    thought: bool | None = None
    thought_signature: str | None = None
    video_metadata: VideoMetadata | None = None
    media_resolution: PartResolution | None = None
    part_metadata: JsonObject | None = None

    @property
    def kinds(self) -> int:
        """How many of the seven are given."""
        given = (
            self.text,
            self.inline_data,
            self.file_data,
            self.function_call,
            self.function_response,
            self.executable_code,
            self.code_execution_result,
        )
        return sum(field is not None for field in given)

    @property
    def said(self) -> str:
        """The text of the part, or of the code in it; thoughts are not said."""
        if self.thought:
            return ""
        if self.executable_code is not None:
            return self.executable_code.code
        if self.code_execution_result is not None:
            return self.code_execution_result.output or ""
        return self.text or ""


class Content(Strict):
    """One turn."""

    parts: Annotated[list[Part], Meta(min_length=1)]
    role: Literal["user", "model"] = "user"


class SystemInstruction(Strict):
    """What the model is told beforehand; its role means nothing."""

    parts: Annotated[list[Part], Meta(min_length=1)]
    role: str | None = None
