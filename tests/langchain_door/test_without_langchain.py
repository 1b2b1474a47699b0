"""Without the extra, everything else works, and the names of LangChain say what to install."""

import subprocess
import sys

PROGRAM = """
import sys
for name in ("langchain_core", "langchain_openai", "openai"):
    sys.modules[name] = None
import pointsman
import pointsman.langchain
pointsman.token_tracker.track("a", 1, 1, 0, 0)
for name in ("get_llm", "ChatPointsman", "writer_llm", "create_llm"):
    for module in (pointsman, pointsman.langchain):
        try:
            getattr(module, name)
        except ImportError as missing:
            assert "pip install 'pointsman[langchain]'" in str(missing), missing
        else:
            raise AssertionError(name)
print("ok")
"""


def test_what_is_missing_is_said() -> None:
    done = subprocess.run([sys.executable, "-W", "error", "-c", PROGRAM], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.returncode) == ("ok\n", 0), done.stderr


def test_importing_loads_nothing_of_langchain() -> None:
    program = (
        "import sys, pointsman, pointsman.langchain, pointsman.library.engine;"
        "print([name for name in sys.modules if name.startswith('langchain')])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.stdout == "[]\n", done.stderr
