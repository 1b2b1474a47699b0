"""`pointsman explain`: which model a request would get and why, from the files alone."""

import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from msgspec import convert

from pointsman.cli.gateway import GatewayError, find_gateway
from pointsman.control.configuration import Loaded, compile_gathered, find_config, load_configuration
from pointsman.control.sources import Gathered
from pointsman.core.chat.money import format_usd
from pointsman.core.chat.usage import Usage
from pointsman.core.config.problems import quote
from pointsman.core.config.snapshot import Model, Snapshot
from pointsman.core.config.source import Source
from pointsman.core.config.suggest import suggest_name
from pointsman.core.pricing.prices import PriceTable, cost_nusd
from pointsman.core.routing.decide import decide
from pointsman.core.routing.decision import Attempt, Decision, Drop, Facts, Refusal

TYPICAL_REQUEST = Usage(input_tokens=1_000, output_tokens=500)
"""What the estimate is for."""


def explain(
    agent: Annotated[str | None, typer.Option(help="A request of this agent.")] = None,
    model: Annotated[str | None, typer.Option(help="A request for this model by name.")] = None,
    task_type: Annotated[str | None, typer.Option(help="A request for this type of task.")] = None,
    interaction: Annotated[str | None, typer.Option(help="A request for this interaction.")] = None,
    env: Annotated[str | None, typer.Option(help="Whose overlay applies; by default as POINTSMAN_ENV says.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Write the answer as JSON.")] = False,
    config: Annotated[Path | None, typer.Option(help="The configuration file.")] = None,
) -> None:
    """Say which model a request would get, and why: of the running gateway where there is one, else of the files.

    With --config or --env, of the files alone.

    Exit code 0: some model would serve it; 1: it would be refused.

    Example: pointsman explain --agent orchestrator --env development
    """
    named = {"agent": agent, "model": model, "task": task_type, "interaction": interaction}
    targets = [(kind, name) for kind, name in named.items() if name is not None]
    if len(targets) != 1:
        raise typer.BadParameter("name one thing: --agent NAME, --model NAME, --task-type TYPE or --interaction NAME")
    kind, name = targets[0]
    running = find_running(kind, name) if config is None and env is None else None
    loaded = (
        running.loaded if running else load_configuration(find_config(config, os.environ, Path.cwd()), os.environ, env)
    )
    if loaded.snapshot is None:
        for problem in loaded.problems:
            typer.echo(str(problem), err=True)
        typer.echo("The configuration cannot be used. Next: pointsman check", err=True)
        raise typer.Exit(1)
    facts = Facts(name if kind == "model" else f"{kind}:{name}")
    answer = decide(loaded.snapshot, facts)
    if isinstance(answer, Refusal) and not answer.dropped:
        answer = Refusal(answer.code, describe_unknown(loaded.snapshot, kind, name), ())
    if running and running.override and isinstance(answer, Decision):
        answer = msgspec.structs.replace(answer, decided_by="override", text=running.override)
    if json:
        document = describe_decision(loaded.snapshot, facts, answer)
        typer.echo(msgspec.json.format(msgspec.json.encode(document)).decode())
    else:
        typer.echo(write_text(loaded.snapshot, answer), err=isinstance(answer, Refusal))
    raise typer.Exit(1 if isinstance(answer, Refusal) else 0)


def _load_files(config: Path | None, env: str | None) -> Loaded:
    return load_configuration(find_config(config, os.environ, Path.cwd()), os.environ, env)


@dataclass(frozen=True, slots=True)
class Running:
    """What a running gateway has in force.

    Attributes:
        loaded: its effective document, compiled here.
        override: what the override says that the model in question comes from, or `None`.
    """

    loaded: Loaded
    override: str | None


def find_running(kind: str, name: str) -> Running | None:
    """The configuration of the running gateway, with all that was changed without touching its files; or `None`."""
    try:
        gateway = find_gateway()
        stated = convert(gateway.call("GET", "/api/v1/configuration"), dict[str, Any])
        answer = convert(gateway.call("GET", "/api/v1/configuration/effective"), dict[str, Any])
        listed = convert(gateway.call("GET", "/api/v1/overrides"), dict[str, list[dict[str, Any]]])["overrides"]
    except GatewayError:
        return None
    content = msgspec.json.encode(answer["document"])
    gathered = Gathered(Path(), (Source("the running gateway", content),))
    loaded = compile_gathered(gathered, os.environ, stated["environment"])
    if loaded.snapshot is None:
        return None
    typer.echo(f"gateway {gateway.url} (found in {gateway.found_in})", err=True)
    snapshot = replace(loaded.snapshot, revision=answer["revision"])
    found = next((each for each in listed if kind == "agent" and each["target"] == name), None)
    said = f"override {found['id']} by {found['author']}: {found['reason'] or 'no reason given'}" if found else None
    return Running(replace(loaded, snapshot=snapshot), said)


def describe_unknown(snapshot: Snapshot, kind: str, name: str) -> str:
    """Why the name leads nowhere, with what was probably meant; who asks here may see every name."""
    named: dict[str, Iterable[str]] = {
        "agent": snapshot.agents,
        "model": snapshot.models,
        "task": snapshot.tasks,
        "interaction": snapshot.interactions,
    }
    known = tuple(named[kind])
    suggestion = suggest_name(name, known)
    hint = f"did you mean {quote(suggestion)}?" if suggestion else f"there are {', '.join(known[:20]) or 'none'}"
    return f"There is no {kind} {quote(name)}; {hint}"


def describe_decision(snapshot: Snapshot, facts: Facts, answer: Decision | Refusal) -> dict[str, object]:
    """The answer with the keys that scripts rely on; costs are exact decimals of US dollars."""
    refusal, decision = (answer, None) if isinstance(answer, Refusal) else (None, answer)
    return {
        "model": decision.attempts[0].model.name if decision else None,
        "refused": {"code": refusal.code, "message": refusal.message} if refusal else None,
        "decided_by": _describe_reason(decision) if decision else None,
        "attempts": [_describe_attempt(attempt) for attempt in decision.attempts] if decision else [],
        "dropped": [{"model": drop.model, "code": drop.code, "reason": drop.reason} for drop in answer.dropped],
        "estimated_cost_usd": estimate_cost(decision) if decision else None,
        "confidence": None,
        "flips": [],
        "facts": {"target": facts.target, "agent": facts.agent},
        "revision": snapshot.revision,
    }


def estimate_cost(decision: Decision) -> dict[str, str] | None:
    """Of a typical request: expected of the first attempt, low and high over all; `None` when a price is unknown."""
    costs = [cost_nusd(TYPICAL_REQUEST, attempt.model.prices) for attempt in decision.attempts if attempt.model.prices]
    if len(costs) < len(decision.attempts):
        return None
    return {"low": format_usd(min(costs)), "expected": format_usd(costs[0]), "high": format_usd(max(costs))}


def write_text(snapshot: Snapshot, answer: Decision | Refusal) -> str:
    """The answer for people."""
    if isinstance(answer, Refusal):
        return f"{answer.message}\nNext: pointsman check"
    attempts = (_write_attempt(place, attempt) for place, attempt in enumerate(answer.attempts, start=1))
    lines = [f"{answer.attempts[0].model.name}: {answer.text}", "", "In this order:", *attempts, ""]
    if answer.dropped:
        lines += ["Left out:", *map(_write_drop, answer.dropped), ""]
    estimate = estimate_cost(answer)
    if estimate:
        request = f"{TYPICAL_REQUEST.input_tokens:,} tokens in and {TYPICAL_REQUEST.output_tokens:,} out"
        lines.append(f"A request of {request} costs about ${estimate['expected']}.")
    lines.append(f"Environment {snapshot.environment}, revision {snapshot.revision}. Next: pointsman usage")
    return "\n".join(lines)


def _describe_reason(decision: Decision) -> dict[str, str]:
    name = decision.agent.name if decision.agent else decision.attempts[0].model.name
    return {"kind": decision.decided_by, "name": name, "text": decision.text}


def _describe_attempt(attempt: Attempt) -> dict[str, object]:
    deployment = attempt.model.deployment
    return {
        "model": attempt.model.name,
        "provider": deployment.provider,
        "deployment": deployment.id,
        "why": attempt.why,
        "score": {},
    }


def _write_attempt(place: int, attempt: Attempt) -> str:
    model = attempt.model
    lines = [f"  {place}. {model.name:<24} {model.deployment.id} ({model.deployment.location})"]
    lines += (f"     {said}" for said in (attempt.why, _write_prices(model.prices), _write_abilities(model)) if said)
    return "\n".join(lines)


def _write_prices(prices: PriceTable | None) -> str:
    if prices is None:
        return "price unknown"
    amounts = f"${format_usd(prices.input_nusd)} in, ${format_usd(prices.output_nusd)} out"
    return f"{amounts} per million tokens ({prices.source})"


def _write_abilities(model: Model) -> str:
    window = f"{model.context_window:,} tokens of context" if model.context_window else ""
    return ", ".join(part for part in (window, *model.capabilities) if part)


def _write_drop(drop: Drop) -> str:
    return f"  {drop.model}: {drop.reason} ({drop.code})"
