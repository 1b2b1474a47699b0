"""Exchanges a model's name for an agent's where a call surely leads to Pointsman; leaves the rest, and says why."""

import ast
import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pointsman.linting.baseline import put_in_place
from pointsman.linting.choose_files import ChosenFile
from pointsman.linting.findings import HARDCODED_MODEL, Finding
from pointsman.linting.kinds import Kind
from pointsman.linting.look import NotRead, decode_text, read_bytes
from pointsman.linting.positions import count_characters, split_lines
from pointsman.linting.python_clients import Imports
from pointsman.linting.python_gateways import Gateways
from pointsman.linting.python_source import Unparsable, parse_python

_LINE_END = re.compile(rb"\r\n|\r|\n")
_LITERAL = re.compile(rb"""[rRuU]?(\"\"\"|'''|"|')([^"'\\]*)\1""")
_AGENT = re.compile(r"[a-z0-9][a-z0-9._-]{0,127}")
_BOM = b"\xef\xbb\xbf"

ELSEWHERE = "it is not handed to a call as model=..."
OTHER_KIND = "only Python is changed"
UNPARSED = "the file is not Python of the version that runs this"
CHANGED = "the file changed meanwhile; run the command again"


@dataclass(frozen=True, slots=True)
class Agents:
    """Which agent a model's name is exchanged for.

    Attributes:
        always: the agent that the user names, for every model.
        by_model: otherwise, the agents whose first model goes by a name.
        assume_gateway: whether the user says that every client leads to Pointsman.
    """

    always: str | None = None
    by_model: Mapping[str, Sequence[str]] | None = None
    assume_gateway: bool = False

    def refuse(self, model: str) -> str | None:
        """Why there is no one agent for a model, or `None`."""
        running = () if self.by_model is None else self.by_model.get(model, ())
        if self.always is not None or len(running) == 1:
            return None
        if running:
            return f"{len(running)} agents run on it ({', '.join(running[:3])}); choose one with --agent NAME"
        return "no agent runs on it; choose one with --agent NAME"

    def choose(self, model: str) -> str:
        """The one agent for a model that `refuse` lets pass."""
        return self.always or (self.by_model or {})[model][0]


@dataclass(frozen=True, slots=True)
class Repair:
    """What became of one finding: the agent that is named now, or why it was left."""

    finding: Finding
    agent: str | None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class _Splice:
    start: int
    end: int
    literal: bytes
    node: ast.Constant
    agent: str


def repair_file(file: ChosenFile, findings: Sequence[Finding], agents: Agents) -> list[Repair]:
    """Change what is safe to change in one file, all of it or nothing.

    Args:
        file: the file.
        findings: what was found in it; only names of models in code can be exchanged.
        agents: which agent is for which model.
    """
    named = [finding for finding in findings if finding.code == HARDCODED_MODEL]
    if file.kind is not Kind.python:
        return [Repair(finding, None, OTHER_KIND) for finding in named]
    try:
        content = read_bytes(file.path)
        tree = parse_python(decode_text(content))
    except NotRead:
        return [Repair(finding, None, CHANGED) for finding in named]
    except Unparsable:
        return [Repair(finding, None, UNPARSED) for finding in named]
    repairs, splices = _plan(content, tree, named, agents)
    if not splices:
        return repairs
    refused = _carry_out(file, content, tree, splices)
    return repairs if refused is None else [_take_back(repair, refused) for repair in repairs]


def repair_all(files: Sequence[ChosenFile], findings: Sequence[Finding], agents: Agents) -> tuple[Repair, ...]:
    """Change what is safe to change in the files that something was found in."""
    by_file: dict[str, list[Finding]] = {}
    for finding in findings:
        by_file.setdefault(finding.file, []).append(finding)
    found_in = [file for file in files if str(file.shown) in by_file]
    return tuple(repair for file in found_in for repair in repair_file(file, by_file[str(file.shown)], agents))


def is_agent_name(text: str) -> bool:
    """Whether a text may stand behind `agent:`."""
    return _AGENT.fullmatch(text) is not None


def _plan(
    content: bytes, tree: ast.Module, findings: Sequence[Finding], agents: Agents
) -> tuple[list[Repair], list[_Splice]]:
    handed = dict(_list_handed(content, tree))
    gateways = Gateways(tree, Imports.of(tree))
    starts = _line_starts(content)
    repairs: list[Repair] = []
    splices: list[_Splice] = []
    for finding in findings:
        call, node = handed.get((finding.line, finding.column), (None, None))
        if call is None or node is None or node.value != finding.name:
            repairs.append(Repair(finding, None, ELSEWHERE))
            continue
        reason = gateways.refuse(call, agents.assume_gateway) or agents.refuse(finding.name)
        splice = None if reason else _cut(content, starts, node, agents.choose(finding.name))
        if splice is None:
            repairs.append(Repair(finding, None, reason or "the text is not written in one piece"))
            continue
        splices.append(splice)
        repairs.append(Repair(finding, splice.agent))
    return repairs, splices


def _list_handed(content: bytes, tree: ast.Module) -> Iterator[tuple[tuple[int, int], tuple[ast.Call, ast.Constant]]]:
    """Texts that are handed to calls as `model`, by line and column."""
    lines = split_lines(decode_text(content))
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        for node in _list_models(call):
            column = count_characters(lines[node.lineno - 1], node.col_offset) + 1
            yield (node.lineno, column), (call, node)


def _list_models(call: ast.Call) -> Iterator[ast.Constant]:
    for keyword in call.keywords:
        values: list[ast.expr] = [keyword.value] if keyword.arg in ("model", "model_name") else []
        if keyword.arg is None and isinstance(keyword.value, ast.Dict):
            pairs = zip(keyword.value.keys, keyword.value.values, strict=True)
            values = [value for key, value in pairs if isinstance(key, ast.Constant) and key.value == "model"]
        yield from (value for value in values if isinstance(value, ast.Constant) and isinstance(value.value, str))


def _cut(content: bytes, starts: Sequence[int], node: ast.Constant, agent: str) -> _Splice | None:
    """The literal's bytes and what takes their place, with the same quotes; `None` when it is more than one literal."""
    if node.end_lineno != node.lineno or node.end_col_offset is None:
        return None
    start, end = starts[node.lineno - 1] + node.col_offset, starts[node.lineno - 1] + node.end_col_offset
    literal = _LITERAL.fullmatch(content, start, end)
    if literal is None or literal[2].decode() != node.value:
        return None
    before, behind = content[start : literal.start(2)], content[literal.end(2) : end]
    return _Splice(start, end, before + f"agent:{agent}".encode() + behind, node, agent)


def _carry_out(file: ChosenFile, content: bytes, tree: ast.Module, splices: Sequence[_Splice]) -> str | None:
    """Write the file with its splices; why that was not done, or `None`."""
    changed = content
    for splice in sorted(splices, key=lambda one: one.start, reverse=True):
        changed = changed[: splice.start] + splice.literal + changed[splice.end :]
        splice.node.value = f"agent:{splice.agent}"
    try:
        if ast.dump(parse_python(decode_text(changed))) != ast.dump(tree):
            return "the program would mean something else"
        if read_bytes(file.path) != content:
            return CHANGED
        put_in_place(file.path, changed, stat.S_IMODE(file.path.stat().st_mode))
    except (NotRead, Unparsable, RecursionError):
        return "the file would not be Python any more"
    except OSError as error:
        return f"the file cannot be written: {error.strerror}"
    return None


def _take_back(repair: Repair, reason: str) -> Repair:
    return Repair(repair.finding, None, repair.reason or reason)


def _line_starts(content: bytes) -> list[int]:
    begin = len(_BOM) if content.startswith(_BOM) else 0
    return [begin, *(mark.end() for mark in _LINE_END.finditer(content))]
