"""Every value of an effective document has exactly one origin, and the origin's value is the effective one."""

from hypothesis import given
from hypothesis import strategies as st

from pointsman.core.config.diff import is_same
from pointsman.core.config.find_path import Steps, find_path, find_value, write_path
from pointsman.core.config.layers import REPLACED_WHOLE, Layer, LayerName, build_mapping
from pointsman.core.config.nodes import Plain, to_plain
from pointsman.core.config.origins import KNOWN, Origins, list_leaves
from pointsman.core.config.provenance import Explained, explain_path, list_drift

NAMES: tuple[LayerName, ...] = (
    "defaults",
    "catalogue",
    "variables",
    "file",
    "environment",
    "stored",
    "stored",
    "override",
)
KEYS = st.sampled_from(["a", "b", "c", "split"])
SCALARS = st.integers(0, 3) | st.booleans() | st.sampled_from(["x", "y"])
VALUES: st.SearchStrategy[Plain] = st.recursive(
    SCALARS | st.lists(SCALARS, max_size=2), lambda below: st.dictionaries(KEYS, below, max_size=3), max_leaves=6
)
WITH_NULLS: st.SearchStrategy[Plain] = st.recursive(
    st.none() | SCALARS | st.lists(SCALARS, max_size=2),
    lambda below: st.dictionaries(KEYS, below, max_size=3),
    max_leaves=6,
)


@st.composite
def layer_stacks(draw: st.DrawFn) -> tuple[Layer, ...]:
    layers = []
    for position, name in enumerate(NAMES):
        values = WITH_NULLS if name in ("stored", "override") else VALUES
        root = draw(st.dictionaries(KEYS, values, max_size=3))
        layers.append(Layer(name, build_mapping(root, name), author=str(position)))
    return tuple(layers[: draw(st.integers(1, len(layers)))])


Tagged = tuple[int, Plain] | dict[str, "Tagged"]
"""A leaf with the position of its layer, or a mapping of such."""


def tag(value: Plain, position: int, name: str, removes: bool) -> Tagged:
    """The reference: a second way to merge, written from the description and not from the code."""
    if not isinstance(value, dict) or name in REPLACED_WHOLE:
        kept = strip(value) if removes else value
        return position, kept
    return {key: tag(below, position, key, removes) for key, below in value.items() if not (removes and below is None)}


def strip(value: Plain) -> Plain:
    if not isinstance(value, dict):
        return value
    return {name: strip(below) for name, below in value.items() if below is not None}


def overlay(below: dict[str, Tagged], above: dict[str, Plain], position: int, removes: bool) -> dict[str, Tagged]:
    merged = dict(below)
    for name, value in above.items():
        under = merged.get(name)
        if removes and value is None:
            merged.pop(name, None)
        elif isinstance(value, dict) and isinstance(under, dict) and name not in REPLACED_WHOLE:
            merged[name] = overlay(under, value, position, removes)
        else:
            merged[name] = tag(value, position, name, removes)
    return merged


def lay_under(known: dict[str, Tagged], said: dict[str, Tagged]) -> dict[str, Tagged]:
    merged = dict(known)
    for name, value in said.items():
        under = merged.get(name)
        merged[name] = lay_under(under, value) if isinstance(value, dict) and isinstance(under, dict) else value
    return merged


def list_tagged(tagged: Tagged, steps: Steps = ()) -> dict[Steps, tuple[int, Plain]]:
    if isinstance(tagged, tuple):
        return {steps: tagged}
    found: dict[Steps, tuple[int, Plain]] = {}
    for name, below in tagged.items():
        found |= list_tagged(below, (*steps, name))
    return found


@given(layer_stacks())
def test_every_value_has_exactly_one_origin_and_says_what_it_says(layers: tuple[Layer, ...]) -> None:
    known: dict[str, Tagged] = {}
    said: dict[str, Tagged] = {}
    for position, layer in enumerate(layers):
        values = to_plain(layer.root)
        assert isinstance(values, dict)
        if layer.name in KNOWN:
            known = overlay(known, values, position, layer.removes)
        else:
            said = overlay(said, values, position, layer.removes)
    expected = list_tagged(lay_under(known, said))
    origins = Origins(layers)
    leaves = {steps: node for steps, node in list_leaves(origins.effective) if to_plain(node) != {}}
    assert leaves.keys() == {steps for steps, (_, value) in expected.items() if value != {}}
    for steps, node in leaves.items():
        origin = origins.find(node, steps)
        assert (origin.position, to_plain(origin.node)) == (expected[steps][0], expected[steps][1]) or (
            steps[-1] in REPLACED_WHOLE
        )
        assert is_same(to_plain(node), expected[steps][1])
        assert sum(find_value(layer.root, steps) is node for layer in layers) == 1 or steps[-1] in REPLACED_WHOLE


@given(layer_stacks())
def test_every_value_can_be_explained(layers: tuple[Layer, ...]) -> None:
    origins = Origins(layers)
    for steps, node in list_leaves(origins.effective):
        assert find_path(origins.effective, write_path(steps)) == steps
        explained = explain_path(layers, write_path(steps))
        assert isinstance(explained, Explained)
        assert is_same(explained.value, to_plain(node))
        assert len(explained.shadows) < len(layers)
    for layer in layers:
        for steps, _ in list_leaves(layer.root):
            if layer.name in ("variables", "file", "environment"):
                assert isinstance(explain_path(layers, write_path(steps)), Explained)


@given(layer_stacks())
def test_without_drift_the_files_are_the_whole_truth(layers: tuple[Layer, ...]) -> None:
    drift = list_drift(layers)
    files = Origins([layer for layer in layers if layer.name in ("file", "environment")]).effective
    above = Origins(
        [layer for layer in layers if layer.name in ("file", "environment", "stored", "override")]
    ).effective
    for found in drift:
        # Of what was taken away with all that it stands in, the layer's value is that of what it stands in.
        assert found.effective_value is None or not is_same(found.file_value, found.layer_value)
    assert any(found.layer != "variables" for found in drift) or is_same(
        drop_empty(to_plain(files)), drop_empty(to_plain(above))
    )


def drop_empty(value: Plain) -> Plain:
    """Without mappings that hold nothing, which say nothing."""
    if not isinstance(value, dict):
        return value
    kept = {name: drop_empty(below) for name, below in value.items()}
    return {name: below for name, below in kept.items() if below != {}}
