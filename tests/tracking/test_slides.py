"""When a fit is worth a picture, on a clock that the test turns."""

from __future__ import annotations

from mixfit.tracking.slides import MOST, Slides


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def passes_drawn(
    slides: Slides, clock: Clock, last: int, seconds_per_pass: float, seconds_per_picture: float
) -> list[int]:
    """The passes that a fit draws which looks up after each, its first picture included."""
    with slides.timed():
        clock.seconds += seconds_per_picture
    drawn = [0]
    for passes in range(1, last):
        clock.seconds += seconds_per_pass
        if slides.is_due(passes):
            with slides.timed():
                clock.seconds += seconds_per_picture
            slides.drawn_at(passes)
            drawn.append(passes)
    return drawn


def test_a_slow_fit_is_drawn_at_passes_that_grow_by_a_factor() -> None:
    clock = Clock()
    assert passes_drawn(Slides(0, clock), clock, 200, 100.0, 0.1) == [0, 1, 3, 9, 27, 81]


def test_a_fit_has_a_bounded_number_of_pictures_however_long_it_is() -> None:
    clock = Clock()
    assert len(passes_drawn(Slides(0, clock), clock, 20_000, 100.0, 0.1)) == 1 + MOST


def test_a_fast_fit_spends_a_tenth_of_its_time_on_pictures_and_goes_on_drawing_later() -> None:
    clock = Clock()
    drawn = passes_drawn(Slides(0, clock), clock, 10_000, 0.01, 0.1)
    assert drawn == [0, 90, 270, 810, 2430, 7290]


def test_a_tiny_fit_is_not_drawn_between_its_first_picture_and_its_last() -> None:
    clock = Clock()
    assert passes_drawn(Slides(0, clock), clock, 50, 0.001, 0.1) == [0]


def test_a_fit_that_goes_on_is_drawn_where_it_would_have_been_soon() -> None:
    clock = Clock()
    assert passes_drawn(Slides(100, clock), clock, 1000, 100.0, 0.1) == [0, 300, 900]
