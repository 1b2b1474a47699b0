"""The real library with a real model: what it finds, what it leaves alone, and what is said where it is missing."""

import importlib
import logging
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from sentences import make_sentences

from pointsman.recognition.library import ENGLISH_MODELS, Analyse, NamesUnavailable, load_analyser


@pytest.fixture(scope="module")
def analyse() -> Analyse:
    try:
        return load_analyser()
    except NamesUnavailable as missing:
        pytest.skip(f"the library is not tried: {missing}")


def test_names_and_addresses_are_found_and_plain_sentences_left_alone(analyse: Analyse) -> None:
    counts: Counter[str] = Counter()
    for text, kinds in make_sentences(150):
        found = analyse(text)
        for kind in kinds:
            counts[f"{kind} found" if kind in found else f"{kind} missed"] += 1
        counts["false finds"] += not kinds and bool(found)
    assert counts["person found"] >= 0.92 * 150
    assert counts["address found"] >= 0.97 * 150
    assert counts["false finds"] <= 0.02 * 150


def test_our_own_source_code_holds_no_persons_and_no_addresses(analyse: Analyse) -> None:
    source = Path(load_analyser.__code__.co_filename).read_text("utf-8")
    passages = [source[start : start + 2_000] for start in range(0, len(source), 2_000)]
    assert [analyse(passage) for passage in passages] == [frozenset()] * len(passages)


def test_the_words_of_a_text_are_forgotten_behind_it(monkeypatch: pytest.MonkeyPatch, analyse: Analyse) -> None:
    spacy = importlib.import_module("spacy")
    loaded = []
    load = spacy.load
    monkeypatch.setattr(spacy, "load", lambda *given, **options: loaded.append(load(*given, **options)) or loaded[-1])
    read = load_analyser()
    assert read("Maria Schneider called.") == {"person"}
    known = len(loaded[0].vocab.strings)
    for number in range(50):
        read(f"Zyx{number}qu wrote to Vlk{number}ard Brenn{number}il")
    assert len(loaded[0].vocab.strings) == known


def test_no_word_of_a_text_gets_into_the_log(analyse: Analyse, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    assert analyse("My name is Maria Schneider and my doctor is called Priya Patel.") == {"person"}
    assert not logging.getLogger("presidio-analyzer").isEnabledFor(logging.DEBUG)
    assert "Schneider" not in caplog.text
    assert "doctor" not in caplog.text


def test_a_model_that_is_not_there_is_never_downloaded(analyse: Analyse) -> None:
    with pytest.raises(NamesUnavailable, match=r"python -m spacy download en_none_sm`, or set privacy\.names to false"):
        load_analyser(["en_none_sm"])


def test_a_directory_without_a_model_is_refused(analyse: Analyse, tmp_path: Path) -> None:
    with pytest.raises(NamesUnavailable, match="cannot be loaded"):
        load_analyser([str(tmp_path)])


def test_a_model_that_knows_no_persons_is_refused(analyse: Analyse, tmp_path: Path) -> None:
    spacy = importlib.import_module("spacy")
    spacy.blank("en").to_disk(tmp_path / "blank")
    with pytest.raises(NamesUnavailable, match="does not know persons"):
        load_analyser([str(tmp_path / "blank")])


def test_without_the_extra_the_commands_to_run_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "presidio_analyzer", None)
    with pytest.raises(NamesUnavailable) as refused:
        load_analyser()
    assert "pip install 'pointsman[pii]'" in str(refused.value)
    assert f"python -m spacy download {ENGLISH_MODELS[0]}" in str(refused.value)
    assert "privacy.names to false" in str(refused.value)


def test_importing_our_modules_imports_nothing_of_the_library() -> None:
    code = "import sys, pointsman.recognition.background as b; print({'spacy', 'presidio_analyzer'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "set()"
