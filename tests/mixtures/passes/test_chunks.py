"""Every point once, in an order that does not depend on the threads."""

import os
import threading
import time
from collections.abc import Iterator

import pytest
import torch

from mixfit.mixtures.covariances import Full
from mixfit.mixtures.mixture import Mixture
from mixfit.mixtures.passes.chunks import in_order, panels


@pytest.fixture(params=[1, 2, 3], ids="{} threads".format)
def n_threads(request: pytest.FixtureRequest) -> Iterator[int]:
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    torch.set_num_threads(before)


@pytest.mark.parametrize("n_points", [0, 1, 63, 64, 65, 6400, 100_000])
def test_panels_hold_every_point_once_and_in_order(n_points: int) -> None:
    chunks = [chunk for panel in panels(n_points, 64) for chunk in panel]
    assert [row for chunk in chunks for row in range(chunk.start, chunk.stop)] == list(range(n_points))
    assert all(chunk.stop - chunk.start <= 64 for chunk in chunks)


def test_panels_are_alike_in_size_where_there_are_many() -> None:
    sizes = {len(panel) for panel in panels(64 * 160, 64)}
    assert sizes == {8}
    assert len(panels(64 * 32, 64)) == 8


def test_results_come_in_the_order_of_their_items(n_threads: int) -> None:
    def slow_at_first(number: int) -> int:
        time.sleep(0.02 if number % 3 == 0 else 0)
        return number * number

    assert list(in_order(slow_at_first, range(20))) == [number * number for number in range(20)]


def test_each_item_has_one_thread_of_torch_and_the_caller_keeps_its_own(n_threads: int) -> None:
    seen = list(in_order(lambda _: torch.get_num_threads(), range(8)))
    assert set(seen) == {1}
    assert torch.get_num_threads() == n_threads
    found: list[int] = []
    thread = threading.Thread(target=lambda: found.append(torch.get_num_threads()))
    thread.start()
    thread.join()
    assert found == [n_threads]


def test_between_results_the_caller_has_one_thread_and_after_them_its_own_even_if_it_leaves(n_threads: int) -> None:
    results = in_order(lambda number: number, range(8))
    assert next(results) == 0
    assert torch.get_num_threads() == 1
    del results
    assert torch.get_num_threads() == n_threads


def test_an_error_in_a_thread_is_the_callers(n_threads: int) -> None:
    def fails(number: int) -> int:
        if number == 5:
            raise MemoryError("no room for 5")
        return number

    with pytest.raises(MemoryError, match="no room for 5"):
        list(in_order(fails, range(10)))
    assert torch.get_num_threads() == n_threads
    assert list(in_order(lambda number: number, range(4))) == [0, 1, 2, 3]


def test_the_same_bits_come_from_any_number_of_threads() -> None:
    random = torch.Generator().manual_seed(0)
    points = torch.randn(20_000, 4, generator=random)
    mixture = Mixture(Full(5, 4))
    mixture.set_(torch.full((5,), 0.2).log(), torch.randn(5, 4, generator=random), mixture.covariance.identity())
    before, found = torch.get_num_threads(), []
    try:
        for n_threads in (1, 2, 3):
            torch.set_num_threads(n_threads)
            found.append(mixture.statistics(points))
    finally:
        torch.set_num_threads(before)
    for other in found[1:]:
        assert torch.equal(other.second, found[0].second)
        assert torch.equal(other.log_likelihood, found[0].log_likelihood)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_process_makes_threads_of_its_own(n_threads: int) -> None:
    assert sum(in_order(lambda number: number, range(10))) == 45
    child = os.fork()
    if child == 0:  # pragma: no cover
        os._exit(0 if sum(in_order(lambda number: number, range(10))) == 45 else 1)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        finished, status = os.waitpid(child, os.WNOHANG)
        if finished:
            assert os.waitstatus_to_exitcode(status) == 0
            return
        time.sleep(0.01)
    os.kill(child, 9)
    pytest.fail("the forked process waits for threads that it does not have")
