"""Which jobs does a sweep have, and what are their folders called?"""

from __future__ import annotations

import re

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser

from mixfit.errors import InputError
from mixfit.sweep import LONGEST_NAME, Job, jobs_of, swept_keys


def jobs(*typed: str) -> list[Job]:
    """The jobs of what is typed."""
    return jobs_of(OverridesParser.create().parse_overrides(list(typed)))


def names(*typed: str) -> list[str]:
    return [job.name for job in jobs(*typed)]


def swept(*typed: str) -> list[str]:
    return swept_keys(OverridesParser.create().parse_overrides(list(typed)))


def test_a_sweep_has_every_combination_and_the_last_key_changes_fastest() -> None:
    assert [job.overrides for job in jobs("optimizer=em,adam", "seed=range(0,2)", "data.dim=3")] == [
        ("optimizer=em", "seed=0", "data.dim=3"),
        ("optimizer=em", "seed=1", "data.dim=3"),
        ("optimizer=adam", "seed=0", "data.dim=3"),
        ("optimizer=adam", "seed=1", "data.dim=3"),
    ]


def test_a_combination_that_is_typed_twice_runs_once() -> None:
    assert names("seed=0,1,0") == ["seed-0", "seed-1"]


def test_of_a_key_that_is_given_twice_the_last_holds() -> None:
    assert names("model.n_components=1,2,3", "seed=0,1", "model.n_components=4") == [
        "n_components-4_seed-0",
        "n_components-4_seed-1",
    ]


def test_a_folder_is_the_same_however_the_job_is_typed() -> None:
    assert names("seed=0", "optimizer=em", "model.n_components=4") == ["n_components-4_optimizer-em_seed-0"]
    assert names("model.n_components=4", "seed=0", "optimizer=em") == ["n_components-4_optimizer-em_seed-0"]


def test_keys_that_end_alike_keep_their_whole_names() -> None:
    assert names("data.n_components=3", "model.n_components=4", "data=gaussians") == [
        "data-gaussians_data.n_components-3_model.n_components-4"
    ]


def test_a_job_without_overrides_has_a_name() -> None:
    assert names() == ["defaults"]


@pytest.mark.parametrize(
    "typed",
    [
        ["data.path='/a place/my points.csv'"],
        ["data.means=[-2,2],[-1,1]"],
        ["data.columns=['petal width',area]"],
        ["optimizer.lr=1e-3,0.1"],
        ["model.floor=1e-6", "+x={a:1,b:2}"],
        ["data.label='é=ü'"],
        ["data.path=..,."],
    ],
)
def test_no_name_needs_quotes(typed: list[str]) -> None:
    assert all(re.fullmatch(r"\w[\w.,-]*", name) for name in names(*typed)), names(*typed)


def test_files_of_one_name_in_two_places_have_two_folders() -> None:
    first, second = names("data.path=a/points.csv,b/points.csv")
    assert first != second
    assert all(name.startswith("path-points.csv-") for name in (first, second))


def test_a_folder_does_not_depend_on_the_other_jobs() -> None:
    together = names("data.path=a/points.csv,b/points.csv")
    assert together == [*names("data.path=a/points.csv"), *names("data.path=b/points.csv")]


def test_a_long_name_is_cut_and_still_its_own() -> None:
    long = names("data.label=" + ",".join("'" + "日" * 300 + end + "'" for end in "ab"))
    assert len(set(long)) == 2
    assert all(LONGEST_NAME - 3 < len(name.encode()) <= LONGEST_NAME for name in long)


def test_the_keys_that_have_several_values_are_swept() -> None:
    typed = ["optimizer=em,adam", "seed=0,1", "data.dim=2", "+model.x=1,2", "trainer.max_epochs=5,5"]
    assert swept(*typed) == ["model.x", "optimizer", "seed"]


def test_an_interval_is_refused_with_what_to_write_instead() -> None:
    with pytest.raises(InputError, match=r"optimizer\.lr=interval\(0,1\).*optimizer\.lr=0\.1,0\.2"):
        jobs("optimizer.lr=interval(0,1)")
