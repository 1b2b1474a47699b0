"""`--fix` changes a name only where the call surely leads to Pointsman, and never anything beside it."""

import stat
from pathlib import Path

import pytest
from code_bases import NAMES, CodeBase

from pointsman.linting.lint import Search, lint_files, list_files
from pointsman.linting.python_gateways import NO_CHAT, NOT_OURS
from pointsman.linting.repair import CHANGED, ELSEWHERE, OTHER_KIND, Agents, Repair, is_agent_name, repair_all

WRITER = Agents("writer")
OURS = 'import os\nfrom openai import OpenAI\nclient = OpenAI(base_url=os.environ["POINTSMAN_URL"] + "/v1")\n'
CALL = 'client.chat.completions.create(model="gpt-4o", messages=[])\n'


@pytest.fixture
def base(tmp_path: Path) -> CodeBase:
    return CodeBase(tmp_path)


def repair(base: CodeBase, agents: Agents = WRITER) -> list[Repair]:
    search = Search((Path(),), base.root.resolve(), NAMES)
    listing = list_files(search)
    return list(repair_all(listing.files, lint_files(search, listing).findings, agents))


def repair_text(base: CodeBase, text: str | bytes, agents: Agents = WRITER) -> tuple[bytes, list[str | None]]:
    """What becomes of a file, and the reasons for what is left."""
    path = base.write("a.py", text)
    reasons = [one.reason for one in repair(base, agents)]
    return path.read_bytes(), reasons


@pytest.mark.parametrize(
    "before",
    [
        OURS,
        'from openai import AsyncOpenAI\nclient = AsyncOpenAI(base_url="http://127.0.0.1:4100/v1")\n',
        "from openai import OpenAI\nURL = settings.pointsman_url\nclient = OpenAI(base_url=URL)\n",
        "import openai as o\nclient: o.OpenAI = o.OpenAI(base_url=POINTSMAN_URL, api_key=KEY)\n",
    ],
)
def test_a_call_of_a_client_of_ours_names_the_agent(base: CodeBase, before: str) -> None:
    text, reasons = repair_text(base, before + CALL)
    assert text.decode() == before + CALL.replace("gpt-4o", "agent:writer")
    assert reasons == [None]


@pytest.mark.parametrize(
    "line",
    [
        "class A:\n    def __init__(self):\n        self.llm = OpenAI(base_url=POINTSMAN_URL)\n    def f(self):\n"
        '        return self.llm.beta.chat.completions.parse(model="gpt-4o")\n',
        'OpenAI(base_url=POINTSMAN_URL).chat.completions.create(model="gpt-4o")\n',
        'from langchain_openai import ChatOpenAI\nllm = ChatOpenAI(model="gpt-4o", base_url=POINTSMAN_URL)\n',
        'from pointsman.langchain import get_llm\nllm = get_llm("writer", model="gpt-4o")\n',
        'client = OpenAI(base_url=POINTSMAN_URL)\nclient.chat.completions.create(**{"model": "gpt-4o"})\n',
    ],
)
def test_other_ways_to_reach_us_are_known(base: CodeBase, line: str) -> None:
    before = f"from openai import OpenAI\n{line}"
    text, reasons = repair_text(base, before)
    assert text.decode() == before.replace("gpt-4o", "agent:writer")
    assert None in reasons


@pytest.mark.parametrize(
    ("before", "reason"),
    [
        ("from openai import OpenAI\nclient = OpenAI()\n", NOT_OURS),
        ("from openai import OpenAI\nclient = OpenAI(base_url=URL)\n", NOT_OURS),
        ('from openai import OpenAI\nclient = OpenAI(base_url="https://llm.example.com/v1")\n', NOT_OURS),
        (OURS + "client = OpenAI()\n", NOT_OURS),
        (OURS + "def f(client): ...\n", NOT_OURS),
        (OURS + "for client in clients: ...\n", NOT_OURS),
        (OURS + "from other import client\n", NOT_OURS),
        (OURS + "from other import *\n", NOT_OURS),
        ("from mine import OpenAI\nclient = OpenAI(base_url=POINTSMAN_URL)\n", NOT_OURS),
        ("", NOT_OURS),
    ],
)
def test_a_client_that_may_lead_elsewhere_is_left(base: CodeBase, before: str, reason: str) -> None:
    text, reasons = repair_text(base, before + CALL)
    assert text.decode() == before + CALL
    assert reason in reasons


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('model = "gpt-4o"\n', ELSEWHERE),
        ('def f(model="gpt-4o"): ...\n', ELSEWHERE),
        ('client.embeddings.create(model="gpt-4o")\n', NO_CHAT),
        ('tokenizer(model="gpt-4o")\n', NO_CHAT),
        ('client.chat.completions.create(model=pick("gpt-4o"))\n', ELSEWHERE),
        ('client.chat.completions.create(model="gpt-" "4o")  # gpt-4o\n', "the text is not written in one piece"),
        ('client.chat.completions.create(model="gpt\\u002d4o")  # gpt-4o\n', "the text is not written in one piece"),
    ],
)
def test_what_is_no_model_of_a_chat_call_is_left_even_for_a_gateway(base: CodeBase, line: str, reason: str) -> None:
    text, reasons = repair_text(base, OURS + line, Agents("writer", assume_gateway=True))
    assert text.decode() == OURS + line
    assert reasons == [reason]


def test_who_says_that_all_clients_lead_to_us_is_believed(base: CodeBase) -> None:
    text, _ = repair_text(base, CALL, Agents("writer", assume_gateway=True))
    assert text.decode() == CALL.replace("gpt-4o", "agent:writer")


def test_the_one_agent_on_that_model_is_named(base: CodeBase) -> None:
    agents = Agents(by_model={"gpt-4o": ["writer"], "gpt-4": ["a", "b"]})
    calls = CALL + CALL.replace("gpt-4o", "gpt-4") + CALL.replace("gpt-4o", "gpt-4-turbo")
    text, reasons = repair_text(base, OURS + calls, agents)
    assert text.decode() == OURS + calls.replace('"gpt-4o"', '"agent:writer"')
    assert reasons == [
        None,
        "2 agents run on it (a, b); choose one with --agent NAME",
        "no agent runs on it; choose one with --agent NAME",
    ]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("'gpt-4o'", "'agent:writer'"),
        ('"""gpt-4o"""', '"""agent:writer"""'),
        ("r'gpt-4o'", "r'agent:writer'"),
        ("u'gpt-4o'", "u'agent:writer'"),
        ("  'gpt-4o' ,  # why", "  'agent:writer' ,  # why"),
    ],
)
def test_quotes_and_blanks_stay(base: CodeBase, before: str, after: str) -> None:
    text, _ = repair_text(base, f"{OURS}client.chat.completions.create(model={before}\n)\n")
    assert text.decode() == f"{OURS}client.chat.completions.create(model={after}\n)\n"


def test_all_other_bytes_stay(base: CodeBase) -> None:
    head = b"\xef\xbb\xbf# \xc3\xa9\x0c\r\n" + OURS.encode().replace(b"\n", b"\r\n")
    call = "é = client.chat.completions.create(user='ü', model='gpt-4o'); é.x  # 日本\r\n".encode()
    text, _ = repair_text(base, head + call + call)
    assert text == (head + call + call).replace(b"gpt-4o", b"agent:writer")


def test_a_second_run_finds_nothing_to_do(base: CodeBase) -> None:
    once, _ = repair_text(base, OURS + CALL + CALL)
    assert repair(base) == []
    assert (base.root / "a.py").read_bytes() == once


def test_the_mode_of_the_file_stays_and_nothing_lies_about(base: CodeBase) -> None:
    path = base.write("a.py", OURS + CALL)
    path.chmod(0o750)
    repair(base)
    assert stat.S_IMODE(path.stat().st_mode) == 0o750
    assert [entry.name for entry in base.root.iterdir()] == ["a.py"]


def test_a_file_that_changed_meanwhile_is_left(base: CodeBase) -> None:
    path = base.write("a.py", OURS + CALL)
    search = Search((Path(),), base.root.resolve(), NAMES)
    listing = list_files(search)
    findings = lint_files(search, listing).findings
    path.write_text(OURS + "\n" + CALL)
    (one,) = repair_all(listing.files, findings, WRITER)
    assert one.reason == ELSEWHERE and path.read_text() == OURS + "\n" + CALL
    path.unlink()
    (one,) = repair_all(listing.files, findings, WRITER)
    assert one.reason == CHANGED and not path.exists()


def test_a_folder_that_cannot_be_written_leaves_the_file(base: CodeBase) -> None:
    path = base.write("a.py", OURS + CALL)
    # A name that is too long for a file beside it.
    long = path.rename(path.with_name("a" * 250 + ".py"))
    (one,) = repair(base)
    assert one.reason is not None and one.reason.startswith("the file cannot be written")
    assert long.read_text() == OURS + CALL


def test_other_languages_are_left(base: CodeBase) -> None:
    base.write("a.ts", 'const model = "gpt-4o";\n')
    base.write(".env", "MODEL=gpt-4o\n")
    assert [(one.finding.file, one.reason) for one in repair(base)] == [("a.ts", OTHER_KIND)]


@pytest.mark.parametrize("name", ["", 'a"', "a b", "A", "-a", "a\n", "x" * 200])
def test_only_names_of_agents_are_written(name: str) -> None:
    assert not is_agent_name(name)
    assert is_agent_name("code-review")
