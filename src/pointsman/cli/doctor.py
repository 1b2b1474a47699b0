"""`pointsman doctor`: what is wrong with this installation and what to do next, for people and scripts."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from pointsman.diagnosis.examine import examine
from pointsman.diagnosis.finding import Finding, Status
from pointsman.diagnosis.question import Question

MARKS: dict[Status, tuple[str, str, str]] = {
    "good": ("✓", "+", "green"),
    "warning": ("!", "!", "yellow"),
    "wrong": ("✗", "x", "red"),
    "skipped": ("·", "-", "bright_black"),
}
"""Each status as a sign, as ASCII, and in colour."""
NOUNS: dict[Status, str] = {"wrong": "wrong", "warning": "to look at", "good": "good", "skipped": "not told"}


def doctor(
    config: Annotated[Path | None, typer.Option(help="The file or folder; by default the one serve would use.")] = None,
    env: Annotated[str | None, typer.Option(help="Whose overlay applies; by default as POINTSMAN_ENV says.")] = None,
    online: Annotated[bool, typer.Option("--online", help="Call the providers in the cloud too.")] = False,
    compliance: Annotated[
        bool, typer.Option("--compliance", help="Look at what security.compliance names too.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")] = False,
) -> None:
    """Say what is wrong with this installation, and the next step; changes nothing, and never shows a key.

    Local providers are asked for their models; those in the cloud only with --online. Takes less than 15 s.

    Exit code 0: nothing is wrong, though there may be warnings; 1: something is.

    Example: pointsman doctor --online
    """
    findings = examine(Question(dict(os.environ), _find_cwd(), config, env, online, compliance))
    is_good = not any(finding.status == "wrong" for finding in findings)
    typer.echo(write_json(is_good, findings) if json else write_text(findings))
    raise typer.Exit(0 if is_good else 1)


def write_json(is_good: bool, findings: list[Finding]) -> str:
    """The answer for scripts."""
    # The standard library's, because even a missing dependency must be reported.
    from dataclasses import asdict
    from json import dumps

    return dumps({"ok": is_good, "findings": [asdict(finding) for finding in findings]}, ensure_ascii=False, indent=2)


def write_text(findings: list[Finding]) -> str:
    """The answer for people: a line per finding, a sum, and the next useful command."""
    width = max(len(finding.check) for finding in findings)
    is_plain, is_coloured = not _can_encode("✓✗·"), _wants_colour()
    lines: list[str] = []
    for finding in findings:
        sign, ascii_sign, colour = MARKS[finding.status]
        mark = ascii_sign if is_plain else sign
        mark = typer.style(mark, fg=colour) if is_coloured else mark
        lines.append(f"{mark} {finding.check:<{width}}  {_fit(finding.message, is_plain)}")
        if finding.next and finding.status in ("wrong", "warning"):
            lines.append(f"  {'':<{width}}  -> {_fit(finding.next, is_plain)}")
    counts = {status: sum(finding.status == status for finding in findings) for status in NOUNS}
    lines.append(", ".join(f"{count} {NOUNS[status]}" for status, count in counts.items() if count) + ".")
    lines.append(f"Next: {_fit(_find_next(findings), is_plain)}")
    return "\n".join(lines)


def _find_next(findings: list[Finding]) -> str:
    for status in ("wrong", "warning"):
        for finding in findings:
            if finding.status == status and finding.next:
                return finding.next
    runs = any(finding.check == "gateway" and finding.status == "good" for finding in findings)
    return "pointsman usage" if runs else "pointsman serve"


def _find_cwd() -> Path:
    try:
        return Path.cwd()
    except OSError:  # It has been removed; what is looked for in it is then not found.
        return Path(os.environ.get("PWD") or "/")


def _wants_colour() -> bool:
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _can_encode(text: str) -> bool:
    try:
        text.encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _fit(text: str, is_plain: bool) -> str:
    return text.encode("ascii", "backslashreplace").decode() if is_plain else text
