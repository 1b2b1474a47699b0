"""Joins presidio-analyzer and a spaCy model; nothing is ever downloaded, and what is missing is said before the start.

Both are imported while loading only, so an installation without the extra `pii` starts as fast as ever.
"""

import importlib
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from pointsman.recognition.address_forms import has_address_form, has_house_number, has_postcode
from pointsman.recognition.name_form import is_name

Analyse = Callable[[str], frozenset[str]]
"""Takes one passage and answers the kinds in it: `person`, `address`."""

KINDS = frozenset(("person", "address"))

ENGLISH_MODELS = ("en_core_web_lg", "en_core_web_md", "en_core_web_sm")
"""Models that are looked for, the best one first."""

_ENTITIES = {
    "PERSON": "PERSON",
    "PER": "PERSON",
    "FAC": "BUILDING",
    "GPE": "PLACE",
    "LOC": "PLACE",
    "LOCATION": "PLACE",
}
_WANTED = sorted(set(_ENTITIES.values()))
_NEEDLESS_STEPS = (
    "tagger",
    "morphologizer",
    "parser",
    "senter",
    "attribute_ruler",
    "lemmatizer",
    "trainable_lemmatizer",
)


class NamesUnavailable(Exception):
    """Names cannot be looked for on this machine; the message tells which command makes it so."""


def load_analyser(models: Sequence[str] = ENGLISH_MODELS) -> Analyse:
    """Load the library and the first of the models that is installed; takes a second or three.

    The answer is for one thread at a time: the model's vocabulary is emptied of each passage's words behind it.

    Args:
        models: names of installed spaCy packages, or directories that hold a model.

    Raises:
        NamesUnavailable: when the library or every model is missing, or the model does not know persons.
    """
    presidio, spacy = _import_libraries()
    model = _load_model(spacy, _choose_model(spacy, models))
    analyser = _join(presidio, model)

    def analyse(passage: str) -> frozenset[str]:
        with model.memory_zone():
            results = analyser.analyze(passage, model.lang, entities=_WANTED)
            spans = [(result.entity_type, result.start, result.end) for result in results]
        return _judge(passage, spans)

    return analyse


def _judge(passage: str, spans: Sequence[tuple[str, int, int]]) -> frozenset[str]:
    """The kinds that count, among what the library has found and by the form of addresses."""
    persons = (span for span in spans if span[0] == "PERSON")
    has_person = any(is_name(passage, start, end) for _, start, end in persons)
    has_address = has_address_form(passage) or any(
        (entity == "BUILDING" and has_house_number(passage, start))
        or (entity == "PLACE" and has_postcode(passage, start, end))
        for entity, start, end in spans
    )
    found = (("person", has_person), ("address", has_address))
    return frozenset(kind for kind, is_there in found if is_there)


def _import_libraries() -> tuple[ModuleType, ModuleType]:
    importlib.invalidate_caches()  # It may have been installed since the last try.
    try:
        presidio = importlib.import_module("presidio_analyzer")
        importlib.import_module("presidio_analyzer.nlp_engine")
        importlib.import_module("presidio_analyzer.predefined_recognizers")
        spacy = importlib.import_module("spacy")
    except ImportError as missing:
        raise NamesUnavailable(
            f"looking for names needs the extra pii ({missing.name or 'a part of it'} is not installed): "
            f"run `pip install 'pointsman[pii]'`, then `python -m spacy download {ENGLISH_MODELS[0]}`, "
            "or set privacy.names to false"
        ) from None
    # Its debug lines repeat words of the text that it looks at.
    logging.getLogger("presidio-analyzer").setLevel(logging.WARNING)
    return presidio, spacy


def _choose_model(spacy: ModuleType, models: Sequence[str]) -> str:
    """The first model that is there: presidio would download a missing one, or end the process when it cannot."""
    for name in models:
        if spacy.util.is_package(name) or Path(name).is_dir():
            return name
    raise NamesUnavailable(
        f"looking for names needs a language model, and none of {', '.join(models)} is installed: "
        f"run `python -m spacy download {models[0]}`, or set privacy.names to false"
    )


def _load_model(spacy: ModuleType, name: str) -> Any:
    """The model with nothing but what finding names needs."""
    try:
        model = spacy.load(name, exclude=_NEEDLESS_STEPS)
    except (OSError, ValueError) as error:
        raise NamesUnavailable(
            f"the language model {name} cannot be loaded ({type(error).__name__}); it may be made for another version "
            f"of spaCy: run `python -m spacy download {name}` again, or set privacy.names to false"
        ) from None
    if "ner" not in model.pipe_names or not {"PERSON", "PER"}.intersection(model.get_pipe("ner").labels):
        raise NamesUnavailable(
            f"the language model {name} does not know persons: run `python -m spacy download {ENGLISH_MODELS[0]}`"
        )
    if "tok2vec" in model.pipe_names and "ner" not in model.get_pipe("tok2vec").listening_components:
        model.remove_pipe("tok2vec")  # only the steps left out have listened to it
    return model


def _join(presidio: ModuleType, model: Any) -> Any:
    """The library's analyser around the model, with no other recognisers: some of those reach for the network."""
    ignored = [label for label in model.get_pipe("ner").labels if label not in _ENTITIES]
    meaning = presidio.nlp_engine.NerModelConfiguration(
        model_to_presidio_entity_mapping=_ENTITIES, labels_to_ignore=ignored
    )
    engine = presidio.nlp_engine.SpacyNlpEngine(
        models=[{"lang_code": model.lang, "model_name": model.meta["name"]}], ner_model_configuration=meaning
    )
    engine.nlp = {model.lang: model}
    recogniser = presidio.predefined_recognizers.SpacyRecognizer(
        supported_language=model.lang, supported_entities=_WANTED
    )
    registry = presidio.RecognizerRegistry(recognizers=[recogniser], supported_languages=[model.lang])
    return presidio.AnalyzerEngine(registry=registry, nlp_engine=engine, supported_languages=[model.lang])
