"""Do imports point one way, and does only the composition root know the configuration?

Read from the sources with `ast`, so that an import inside a function counts too.
"""

from __future__ import annotations

import ast
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from tests.running import REPOSITORY

PACKAGE = REPOSITORY / "src" / "mixfit"
MODULES = {
    ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(PACKAGE.rglob("*.py"))
}
COMMANDS = [REPOSITORY / "train.py", *sorted((REPOSITORY / "scripts").rglob("*.py"))]

LAYERS = [
    ["mixfit.mixtures.statistics"],
    ["mixfit.mixtures.covariances"],
    ["mixfit.mixtures.mixture"],
    ["mixfit.mixtures.initializers", "mixfit.optimizers"],
    ["mixfit.module"],
    ["mixfit.experiment"],
]
"""Each may import from those above it and from no other of these."""

KNOW_HYDRA = {
    *("mixfit.command_line", "mixfit.configuration", "mixfit.grammar", "mixfit.overrides"),
    *(
        "mixfit.experiment",
        "mixfit.build",
        "mixfit.build_question",
        "mixfit.processes",
        "mixfit.resuming",
        "mixfit.sweep",
    ),
    *("mixfit.commands.train", "mixfit.commands.typed", "mixfit.own_directories"),
}


def imports_of(path: Path) -> set[str]:
    """Every module that a file imports; a name imported from a package counts as a module if it is one of ours."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            submodules = {f"{node.module}.{alias.name}" for alias in node.names} & MODULES.keys()
            found |= submodules or {str(node.module)}
    return found


def packages_of(path: Path) -> set[str]:
    """The top-level packages that a file imports."""
    return {name.partition(".")[0] for name in imports_of(path)}


def is_within(module: str, packages: list[str]) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def test_the_mathematics_knows_torch_and_nothing_else() -> None:
    core = {name: path for name, path in MODULES.items() if is_within(name, ["mixfit.mixtures"])}
    assert len(core) > 10
    for name, path in core.items():
        foreign = packages_of(path) - {"torch", "mixfit"} - sys.stdlib_module_names
        above = {ours for ours in imports_of(path) & MODULES.keys() if not is_within(ours, ["mixfit.mixtures"])}
        assert (name, foreign, above) == (name, set(), set())


def test_only_the_composition_root_knows_the_configuration() -> None:
    know = {name for name, path in MODULES.items() if packages_of(path) & {"hydra", "omegaconf"}}
    assert know <= KNOW_HYDRA


def test_lightning_is_known_to_the_modules_around_the_mathematics_alone() -> None:
    quiet = ["mixfit.mixtures", "mixfit.optimizers", "mixfit.tracking.metrics", "mixfit.data.tables"]
    lightning = {"pytorch_lightning", "lightning", "lightning_fabric"}
    know = {name for name, path in MODULES.items() if packages_of(path) & lightning}
    assert {name for name in know if is_within(name, quiet)} == set()


@pytest.mark.parametrize("level", range(len(LAYERS)))
def test_imports_point_one_way(level: int) -> None:
    forbidden = [package for layer in LAYERS[level + 1 :] for package in layer]
    for layer in LAYERS[level]:
        beside = [package for package in LAYERS[level] if package != layer]
        for name in filter(lambda name: is_within(name, [layer]), MODULES):
            upward = {other for other in imports_of(MODULES[name]) if is_within(other, forbidden + beside)}
            assert (name, upward) == (name, set())


def test_every_layer_exists() -> None:
    assert [layer for layers in LAYERS for layer in layers if layer not in MODULES] == []


def test_no_modules_import_each_other_in_a_circle() -> None:
    lazy_door = "mixfit"  # imports what it is asked for, when it is asked
    graph = {name: imports_of(path) & MODULES.keys() for name, path in MODULES.items() if name != lazy_door}
    TopologicalSorter(graph).prepare()


def test_nothing_imports_pyplot() -> None:
    """It keeps every figure alive, and picks a display."""
    for path in [*MODULES.values(), *COMMANDS]:
        assert not {name for name in imports_of(path) if is_within(name, ["matplotlib.pyplot", "pylab"])}, path
        assert "from matplotlib import pyplot" not in path.read_text(encoding="utf-8"), path


def test_the_command_is_thin() -> None:
    assert len((REPOSITORY / "train.py").read_text(encoding="utf-8").splitlines()) <= 25
    assert imports_of(REPOSITORY / "train.py") == {"mixfit.commands.train"}
