"""The command line of `make bench`: defaults, choices, and messages that list what may be chosen."""

import pytest

from compare import read_options


def test_without_options_everything_is_measured_three_times() -> None:
    options = read_options([])
    assert [load.name for load in options.loads] == ["sat", "c1", "ssat", "paced"]
    assert [peer.name for peer in options.peers] == ["direct", "nginx", "pointsman", "litellm"]
    assert (options.repetitions, options.quick, options.write_docs) == (3, False, False)


def test_quick_means_shorter_loads_once() -> None:
    quick, full = read_options(["--quick"]), read_options([])
    assert quick.repetitions == 1
    assert sum(load.duration_s for load in quick.loads) < sum(load.duration_s for load in full.loads) / 2


def test_given_repetitions_win_over_quick() -> None:
    assert read_options(["--quick", "--repetitions", "2"]).repetitions == 2


def test_parts_are_chosen_by_name() -> None:
    options = read_options(["--only", "paced,sat", "--peers", "nginx,pointsman", "--write-docs"])
    assert [load.name for load in options.loads] == ["sat", "paced"]
    assert [peer.name for peer in options.peers] == ["nginx", "pointsman"]
    assert options.write_docs


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--only", "fast"], "--only does not know fast; it takes sat,c1,ssat,paced"),
        (["--peers", "nginx,envoy"], "--peers does not know envoy; it takes direct,nginx,pointsman,litellm"),
        (["--repetitions", "0"], "--repetitions takes 1 to 100"),
    ],
)
def test_wrong_choices_are_refused_with_the_right_ones(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        read_options(arguments)
    assert ended.value.code == 2
    assert message in capsys.readouterr().err
