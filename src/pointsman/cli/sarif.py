"""Writes results for code scanners, in SARIF 2.1.0; every command that finds something in files uses this one form."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import msgspec

SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


@dataclass(frozen=True, slots=True)
class SarifResult:
    """One thing found.

    Attributes:
        code: stable; the scanner's rule.
        level: how it is shown.
        message: what is wrong.
        uri: the file, as a relative reference or a path.
        line: 1-based.
        column: 1-based, in characters.
        fingerprint: what tells a scanner that it has seen this before, or `None`.
    """

    code: str
    level: Literal["error", "warning"]
    message: str
    uri: str
    line: int
    column: int
    fingerprint: str | None = None


def write_sarif(tool: str, results: Iterable[SarifResult], meanings: Mapping[str, str] | None = None) -> str:
    """The results as one run of a tool, such as `pointsman check`.

    Args:
        tool: who found them.
        results: what was found.
        meanings: of codes, in a sentence each; scanners show them beside the results.
    """
    listed = list(results)
    codes = sorted({result.code for result in listed})
    driver = {"name": tool, "rules": [_describe_rule(code, (meanings or {}).get(code)) for code in codes]}
    run = {"tool": {"driver": driver}, "results": [_describe_result(result) for result in listed]}
    return msgspec.json.format(
        msgspec.json.encode({"$schema": SARIF_SCHEMA, "version": "2.1.0", "runs": [run]})
    ).decode()


def _describe_rule(code: str, meaning: str | None) -> dict[str, object]:
    if meaning is None:
        return {"id": code}
    return {"id": code, "shortDescription": {"text": meaning}, "help": {"text": meaning}}


def _describe_result(result: SarifResult) -> dict[str, object]:
    region = {"startLine": result.line, "startColumn": result.column}
    place = {"artifactLocation": {"uri": result.uri}, "region": region}
    described: dict[str, object] = {
        "ruleId": result.code,
        "level": result.level,
        "message": {"text": result.message},
        "locations": [{"physicalLocation": place}],
    }
    if result.fingerprint is not None:
        described["partialFingerprints"] = {"pointsman/v1": result.fingerprint}
    return described
