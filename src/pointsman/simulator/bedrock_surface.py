"""Bedrock's surfaces, `converse` and `converse-stream`: a signed request or a bearer key, and Amazon's error names."""

import hmac
import re
from datetime import datetime

import msgspec

from pointsman.simulator.answer import Answer
from pointsman.simulator.bedrock_answer import Reply, write_reply, write_stream
from pointsman.simulator.bedrock_frames import write_exception_frame
from pointsman.simulator.bedrock_reading import read_asked
from pointsman.simulator.bedrock_request import ConverseRequest, check_request
from pointsman.simulator.bedrock_thinking import check_thoughts
from pointsman.simulator.behaviour import Pace
from pointsman.simulator.calls import Call
from pointsman.simulator.connection import Request
from pointsman.simulator.refusal import Refusal
from pointsman.simulator.steps import HeaderFields, Script
from pointsman.simulator.strict_json import decode_strictly, require_json
from pointsman.simulator.surface import Surface, Workshop

_CONVERSE = msgspec.json.Decoder(ConverseRequest)
_PATH = re.compile("/model/(?P<model>.+)/converse(?P<stream>-stream)?")

_ERROR_TYPES = {
    401: "UnrecognizedClientException",
    403: "AccessDeniedException",
    404: "ResourceNotFoundException",
    408: "ModelTimeoutException",
    424: "ModelErrorException",
    429: "ThrottlingException",
    500: "InternalServerException",
    503: "ServiceUnavailableException",
    529: "ServiceUnavailableException",
}
_EXCEPTIONS = {
    400: "validationException",
    424: "modelStreamErrorException",
    429: "throttlingException",
    503: "serviceUnavailableException",
}
_SIGNED = re.compile(
    r"AWS4-HMAC-SHA256 Credential=[^/\s]+/(?P<day>\d{8})/[a-z0-9-]+/bedrock/aws4_request, ?"
    r"SignedHeaders=(?P<headers>[a-z0-9;-]+), ?Signature=[0-9a-f]{64}"
)
_MOMENT = "%Y%m%dT%H%M%SZ"


def show_amazon_key(request: Request, demanded: str) -> bool:
    """Whether the request carries `authorization: Bearer KEY`, or is signed in the form of AWS Signature Version 4.

    Of a signature only the form is looked at, for the simulator knows no account; the host and the moment must be among
    what it covers.
    """
    shown = request.header("authorization")
    if shown.startswith("Bearer "):
        return hmac.compare_digest(shown.encode(), f"Bearer {demanded}".encode())
    signed = _SIGNED.fullmatch(shown)
    if signed is None:
        return False
    moment = request.header("x-amz-date")
    covered = signed["headers"].split(";")
    return (
        _is_moment(moment)
        and moment.startswith(signed["day"])
        and {"host", "x-amz-date"} <= set(covered)
        and covered == sorted(covered)
        and all(name == "host" or request.header(name) for name in covered)
    )


def _is_moment(text: str) -> bool:
    try:
        return datetime.strptime(text, _MOMENT).strftime(_MOMENT) == text
    except ValueError:
        return False


def write_error(refusal: Refusal) -> bytes:
    """The error document: a sentence; which error it is stands in a header."""
    return msgspec.json.encode({"message": _word(refusal)})


def _word(refusal: Refusal) -> str:
    """Amazon's sentence where it is known for it, else ours."""
    if refusal.code == "context_length_exceeded":
        return "Input is too long for requested model."
    if refusal.code == "unknown_parameter":
        return f"Malformed input request: extraneous key [{refusal.param}] is not permitted, reformat your input."
    if refusal.code == "invalid_api_key":
        return "The security token included in the request is invalid."
    return refusal.message


def head_error(refusal: Refusal) -> HeaderFields:
    """The header with the name of the error, and behind a colon where Amazon describes it."""
    name = _ERROR_TYPES.get(refusal.status, "ValidationException")
    return (("x-amzn-errortype", f"{name}:http://internal.amazon.com/coral/com.amazon.bedrock/"),)


def break_stream(refusal: Refusal) -> bytes:
    """The frame of an exception."""
    return write_exception_frame(_EXCEPTIONS.get(refusal.status, "internalServerException"), write_error(refusal))


def stamp_amazon(request_id: str, processing_ms: int) -> HeaderFields:
    """The headers that Amazon puts on every answer."""
    stamps = (("x-amzn-requestid", request_id), ("x-request-id", request_id))
    return (*stamps, ("x-amzn-bedrock-invocation-latency", str(processing_ms)))


def _converse(request: Request, call: Call, workshop: Workshop) -> tuple[Script, Pace]:
    require_json(request)
    converse = decode_strictly(request.body, _CONVERSE)
    check_request(converse)
    check_thoughts(converse, workshop)
    found = _PATH.fullmatch(request.path)
    model, streams = ("", False) if found is None else (found["model"], found["stream"] is not None)
    if not streams and converse.guardrail_config is not None and converse.guardrail_config.stream_processing_mode:
        param = "guardrailConfig.streamProcessingMode"
        raise Refusal(400, f"{param} is only for converse-stream.", code="unknown_parameter", param=param)

    def write(answer: Answer, pace: Pace) -> Script:
        reply = Reply(converse, answer, workshop, pace)
        return write_stream(reply) if streams else write_reply(reply)

    return workshop.serve(read_asked(converse, model, stream=streams), call, write)


def _make_surface(name: str, path: str) -> Surface:
    return Surface(
        name=name,
        method="POST",
        path=re.compile(path),
        answer=_converse,
        refuse=write_error,
        check_key=show_amazon_key,
        break_stream=break_stream,
        family="bedrock",
        head_error=head_error,
        stamp=stamp_amazon,
    )


BEDROCK_SURFACES: tuple[Surface, ...] = (
    _make_surface("bedrock_converse", "/model/.+/converse"),
    _make_surface("bedrock_converse_stream", "/model/.+/converse-stream"),
)
