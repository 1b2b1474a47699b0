"""`pointsman explain`: which model a request would get and why; of the running gateway, else of the files alone."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, NoReturn
from urllib.parse import quote as quote_url

import msgspec
import typer

from pointsman.cli.explain_text import write_explanation, write_past
from pointsman.cli.gateway import GatewayError, NoGateway, ask_gateway, call_gateway, say_refused
from pointsman.cli.local_configuration import load_or_exit
from pointsman.core.config.problems import quote
from pointsman.core.routing.ask import InvalidQuestion, Question, build_hypothesis
from pointsman.core.routing.describe import ExplanationView, describe
from pointsman.core.routing.explain import explain_hypothesis
from pointsman.core.routing.gather_facts import describe_time

PATH = "/api/v1/decisions"
WRONG_USAGE = 2


def explain(
    agent: Annotated[str | None, typer.Option(help="A request of this agent.")] = None,
    model: Annotated[str | None, typer.Option(help="A request for this model by name, or `auto`.")] = None,
    task_type: Annotated[str | None, typer.Option(help="A request for this type of task.")] = None,
    interaction: Annotated[str | None, typer.Option(help="A request for this interaction.")] = None,
    request_id: Annotated[str | None, typer.Option(help="A past request, by its x-request-id.")] = None,
    task: Annotated[str | None, typer.Option(metavar="JSON", help='The task, such as {"complexity": 9}.')] = None,
    fact: Annotated[list[str] | None, typer.Option(metavar="NAME=VALUE", help="A fact; VALUE is JSON or text.")] = None,
    user: Annotated[str | None, typer.Option(help="On whose behalf.")] = None,
    team: Annotated[str | None, typer.Option(help="The team of the key.")] = None,
    tag: Annotated[list[str] | None, typer.Option(help="A tag of request or key.")] = None,
    strategy: Annotated[str | None, typer.Option(help="The strategy that is asked for.")] = None,
    env: Annotated[str | None, typer.Option(help="Whose overlay applies; by default as POINTSMAN_ENV says.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Write the answer as JSON.")] = False,
    config: Annotated[Path | None, typer.Option(help="The configuration file.")] = None,
) -> None:
    """Say which model a request would get, and why: of the running gateway where there is one, else of the files.

    With --config or --env, of the files alone.

    Exit code 0: some model would serve it; 1: it would be refused; 2: no request could be like that.

    Example: pointsman explain --agent orchestrator --task '{"complexity": 9}' --fact daily_cost=80
    """
    named = {"agent": agent, "model": model, "task": task_type, "interaction": interaction, "request": request_id}
    targets = [(kind, _clean(name)) for kind, name in named.items() if name is not None]
    if len(targets) != 1:
        ways = "--agent NAME, --model NAME, --task-type TYPE, --interaction NAME or --request-id ID"
        raise typer.BadParameter(f"name one thing: {ways}")
    ((kind, name),) = targets
    if kind == "request":
        if any(given is not None for given in (task, fact, user, team, tag, strategy, env, config)):
            raise typer.BadParameter("a past request is as it was: leave everything but --request-id and --json out")
        _tell_past(name, as_json=json)
        return
    question = Question(
        target=name if kind == "model" else f"{kind}:{name}",
        task=_read_task(task),
        given=_read_facts(fact or []),
        surroundings=describe_time(datetime.now(UTC)),
        user=user and _clean(user),
        team=team and _clean(team),
        tags=tuple(map(_clean, tag or [])),
        strategy=strategy and _clean(strategy),
    )
    view = _ask_running(question) if config is None and env is None else None
    _tell(view or _explain_files(question, config, env), as_json=json)


def _explain_files(question: Question, config: Path | None, env: str | None) -> ExplanationView:
    snapshot = load_or_exit(config, env).snapshot
    assert snapshot is not None, "without one the command has ended"
    try:
        hypothesis = build_hypothesis(snapshot, question)
    except InvalidQuestion as invalid:
        _refuse_usage(question, invalid)
    return describe(explain_hypothesis(hypothesis))


def _ask_running(question: Question) -> ExplanationView | None:
    """The running gateway's answer, or `None` when none runs: then the files tell."""
    body = {
        "target": question.target,
        "task": question.task,
        "facts": question.given,
        "user": question.user,
        "team": question.team,
        "tags": question.tags,
        "strategy": question.strategy,
    }
    try:
        answer = ask_gateway("POST", f"{PATH}:explain", body)
    except NoGateway:
        typer.echo("No gateway runs here, so this is what the files say.", err=True)
        return None
    except GatewayError as error:
        say_refused(error)
        raise typer.Exit(WRONG_USAGE if error.code == "invalid_request" else 1) from None
    return _convert(answer)


def _tell_past(request_id: str, *, as_json: bool) -> None:
    """Say where a past request went, and what its replay comes to."""
    answer = call_gateway("GET", f"{PATH}/{quote_url(request_id, safe='')}")
    view = _convert(answer)
    if as_json:
        typer.echo(msgspec.json.format(msgspec.json.encode(answer)).decode())
    else:
        recorded = answer.get("recorded")
        said = write_past(recorded if isinstance(recorded, dict) else None, view)
        typer.echo("\n\n".join(part for part in (said, write_explanation(view)) if part))
    raise typer.Exit(1 if view.refused else 0)


def _tell(view: ExplanationView, *, as_json: bool) -> NoReturn:
    if as_json:
        typer.echo(msgspec.json.format(msgspec.json.encode(view)).decode())
    else:
        typer.echo(write_explanation(view))
    raise typer.Exit(1 if view.refused else 0)


def _convert(answer: object) -> ExplanationView:
    try:
        return msgspec.convert(answer, ExplanationView)
    except msgspec.ValidationError:
        typer.echo("The gateway is of another version; run the `pointsman` that it was started with.", err=True)
        raise typer.Exit(1) from None


def _read_task(text: str | None) -> dict[str, object]:
    if text is None:
        return {}
    try:
        return msgspec.json.decode(_clean(text), type=dict[str, object])
    except (msgspec.DecodeError, RecursionError):
        raise typer.BadParameter('--task must be a JSON object such as {"type": "review", "complexity": 9}') from None


def _read_facts(written: list[str]) -> dict[str, object]:
    facts: dict[str, object] = {}
    for each in map(_clean, written):
        name, equals, value = each.partition("=")
        if not equals or not name:
            raise typer.BadParameter(f"--fact {quote(each)} must be NAME=VALUE, such as task.complexity=9")
        if name in facts:
            raise typer.BadParameter(f"--fact {quote(name)} is given twice; leave one out")
        facts[name] = _read_value(value)
    return facts


def _read_value(text: str) -> object:
    """JSON where it parses, else the text itself."""
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return text


def _refuse_usage(question: Question, invalid: InvalidQuestion) -> NoReturn:
    """Wrong usage, named as it was written."""
    if invalid.about == "strategy":
        raise typer.BadParameter(str(invalid))
    option = "--task" if invalid.in_task else "--fact"
    value = question.given.get(invalid.about)
    hint = ""
    if str(invalid).endswith("is a text") and value is not None and not isinstance(value, list | dict):
        written = msgspec.json.encode(value).decode()
        hint = f"; a text that looks like JSON is written in quotes of its own: {invalid.about}='\"{written}\"'"
    raise typer.BadParameter(f"{option} {quote(invalid.about)}: {invalid}{hint}")


def _clean(text: str) -> str:
    """What was typed, with U+FFFD for bytes that are no UTF-8."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
