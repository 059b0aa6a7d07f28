"""What a fit imports, without what Lightning imports beside it and nobody here uses.

`torch._dynamo`, the compiler, brings sympy and half of torch: 70 MB, and 1.4 of the 3.9 seconds that imports take.
`scipy.signal` takes another. While imports go on, something stands in for each that has just the names they ask for. A
name that it does not have makes it give way to the real module, so that other releases cost what they would have cost.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

__all__ = ["starting_quickly"]


class StandIn(ModuleType):
    """A module with some names, which gives way to the real one when another is wanted, or a module inside it."""

    def __init__(self, name: str, **names: object) -> None:
        super().__init__(name)
        vars(self).update(names, __path__=[])  # of what has no path, modules inside are not even looked for
        vars(self)["finder"] = _Inside(self)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # asked of all modules alike
            raise AttributeError(name)
        self.give_way()
        return getattr(import_module(self.__name__), name)

    def take_place(self) -> None:
        """From now on it is imported instead."""
        sys.modules[self.__name__] = self
        sys.meta_path.insert(0, self.finder)

    def give_way(self) -> None:
        """The next import is that of the real module."""
        if sys.modules.get(self.__name__) is self:
            sys.meta_path.remove(self.finder)
            del sys.modules[self.__name__]


class _Inside(MetaPathFinder):
    """Finds modules inside the one that another stands in for."""

    def __init__(self, stand_in: StandIn) -> None:
        self._stand_in = stand_in

    def find_spec(self, name: str, path: object, target: ModuleType | None = None) -> ModuleSpec | None:
        """That of a module that is there, for the real one around it is imported first."""
        if not name.startswith(f"{self._stand_in.__name__}."):
            return None
        self._stand_in.give_way()
        import_module(self._stand_in.__name__)
        return ModuleSpec(name, _Imported(import_module(name)))


class _Imported(Loader):
    """Loads what is there."""

    def __init__(self, module: ModuleType) -> None:
        self._module = module

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return self._module

    def exec_module(self, module: ModuleType) -> None:
        pass


@contextmanager
def starting_quickly() -> Iterator[None]:
    """Around the imports of a fit; afterwards whoever wants the modules that were left out imports them as ever."""
    if {"torchmetrics", "pytorch_lightning"} & sys.modules.keys():  # a later job of a sweep
        yield
        return
    wanted = (
        StandIn("scipy.signal", hamming=None),  # an old name that torchmetrics looks for
        StandIn("torch._dynamo", OptimizedModule=_Compiled, disable=_as_it_is),
    )
    stand_ins = [stand_in for stand_in in wanted if stand_in.__name__ not in sys.modules]
    for stand_in in stand_ins:
        stand_in.take_place()
    try:
        yield
        _settle_optimizers()
        gc.freeze()  # what was imported stays, and need not be looked through for garbage in every job
    finally:
        for stand_in in stand_ins:
            stand_in.give_way()


class _Compiled:
    """What no module of ours is an instance of."""


def _as_it_is(function: Any = None, *_: object, **__: object) -> Any:
    """A function that is never compiled need not be kept from it."""
    return _as_it_is if function is None else function


def _settle_optimizers() -> None:
    """Torch keeps some methods of all optimizers from being compiled when they are called first: now."""
    if "torch" in sys.modules:
        import torch

        optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(()))], lr=1.0)
        optimizer.load_state_dict(optimizer.state_dict())
