"""What `serve` says once it serves: what runs, where, and a line to paste."""

from pathlib import Path

from pointsman.assembly.settings import Running


def write_banner(running: Running, config: Path, *, demo: bool) -> str:
    """A few lines for the operator; keys are read from their file by the line to paste, never shown."""
    lines = [
        "",
        f"Pointsman serves on {running.url}",
        f"  inference   {running.url}/v1/chat/completions   (OpenAI's API; set only base_url and api_key)",
        f"  metrics     {running.url}/metrics   {running.url}/metrics/tokens   {running.url}/health",
        f"  document    {config}   (edit it: the next request follows)",
    ]
    if demo:
        lines.append("  provider    simulated, in a process of its own; answers are made up and cost nothing")
    if running.local_file is not None:
        lines += [
            "  keys        " + str(running.local_file),
            "",
            "Try it:",
            _curl_line(running, running.local_file),
        ]
    return "\n".join([*lines, "", "Ctrl-C ends it.", ""])


def _curl_line(running: Running, local_file: Path) -> str:
    key = f"$(sed -n s/^POINTSMAN_API_KEY=//p '{local_file.absolute()}')"
    body = f'{{"model": "{running.target}", "messages": [{{"role": "user", "content": "Plan a small release."}}]}}'
    return (
        f'curl {running.url}/v1/chat/completions -H "authorization: Bearer {key}" '
        f"-H 'content-type: application/json' -d '{body}'"
    )
