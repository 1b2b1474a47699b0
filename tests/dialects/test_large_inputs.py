"""A megabyte of anything is read in time and in bounded memory, whatever it holds; `large_inputs.py` has the cases."""

import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).parent.parent


def test_no_large_input_takes_long_or_grows() -> None:
    command = [sys.executable, "-m", "dialects.large_inputs"]
    done = subprocess.run(command, cwd=TESTS, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"ended after:\n{done.stdout}\n{done.stderr}"
    assert done.stdout.count("\n") > 50
