"""What is left out of the imports of a fit, and comes when it is wanted."""

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from mixfit.quick_start import StandIn

FIT = """
import sys
from mixfit.commands.train import main
main(["data=old_faithful", "optimizer={optimizer}", "trainer.max_epochs=1", "hydra.run.dir={folder}"])
print(sorted({{"torch._dynamo", "sympy"}} & sys.modules.keys()))
"""

AFTERWARDS = """
from mixfit.quick_start import starting_quickly
with starting_quickly():
    import mixfit.experiment
import torch
compiled = torch.compile(torch.nn.Linear(1, 1), backend="eager")
print(type(compiled).__module__, float(compiled(torch.ones(1)).isfinite()))
"""


@pytest.fixture
def real(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a package with a module inside."""
    package = tmp_path / "slow_to_import"
    package.mkdir()
    (package / "__init__.py").write_text("from slow_to_import import inside\nwanted, unwanted = 1, 2\n")
    (package / "inside.py").write_text("value = object()\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in ("slow_to_import", "slow_to_import.inside"):
        monkeypatch.setitem(sys.modules, name, sys)  # so that what a test imports is forgotten after it
        del sys.modules[name]
    return package.name


def printed(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


def test_a_closed_form_does_without_the_compiler(tmp_path: Path) -> None:
    assert printed(FIT.format(optimizer="em", folder=tmp_path)).splitlines()[-1] == "[]"


def test_torchs_optimizers_have_the_compiler_that_they_ask_for(tmp_path: Path) -> None:
    assert "torch._dynamo" in printed(FIT.format(optimizer="adam", folder=tmp_path)).splitlines()[-1]


def test_torch_compiles_after_a_quick_start() -> None:
    assert printed(AFTERWARDS) == "torch._dynamo.eval_frame 1.0\n"


def test_a_stand_in_has_its_names_and_gives_way_for_others(real: str) -> None:
    stand_in = StandIn(real, wanted=0)
    stand_in.take_place()
    from slow_to_import import wanted  # type: ignore[import-not-found]

    assert wanted == 0
    assert "slow_to_import.inside" not in sys.modules

    from slow_to_import import unwanted

    assert unwanted == 2
    assert sys.modules[real] is not stand_in


def test_a_stand_in_gives_way_for_a_module_inside(real: str) -> None:
    stand_in = StandIn(real, wanted=0)
    stand_in.take_place()
    inside = import_module(f"{real}.inside")
    assert sys.modules[real] is not stand_in
    assert sys.modules[real].inside is inside
    assert inside.value is import_module(f"{real}.inside").value


def test_a_stand_in_that_nobody_needed_is_gone_in_the_end(real: str) -> None:
    finders = list(sys.meta_path)
    stand_in = StandIn(real)
    stand_in.take_place()
    stand_in.give_way()
    stand_in.give_way()
    assert real not in sys.modules
    assert sys.meta_path == finders
