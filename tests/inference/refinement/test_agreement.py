"""How well pairs agree is measured in what their stated errors let expect."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.overlapping_flights import RTK, Plan, draw_flight
from inference.refinement.agreement import measure_agreement
from inference.refinement.block import plan_block

PAIR = Plan(lines=1, per_line=2, points=500)


@pytest.mark.parametrize(
    "plan",
    [PAIR, replace(PAIR, has_model=False), replace(PAIR, pitch_deg=-60.0, accuracy=RTK)],
    ids=["model", "level ground", "oblique with RTK"],
)
def test_pairs_are_as_far_off_as_their_errors_say(plan: Plan) -> None:
    sigmas = []
    for seed in range(40):
        flight = draw_flight(np.random.default_rng(seed), plan)
        (agreement,) = measure_agreement(plan_block(flight.views), flight.matches)
        sigmas.append(agreement.sigmas[0, 0])
    # Root mean square 1, whatever the share of each error; never near what counts as wrong.
    assert 0.5 < np.sqrt(np.mean(np.square(sigmas))) < 1.4
    assert max(sigmas) < 3.5


def test_turned_pictures_are_twice_the_way_between_photos_apart() -> None:
    flight = draw_flight(np.random.default_rng(1), replace(PAIR, accuracy=RTK, step_m=15.0))
    (agreement,) = measure_agreement(plan_block(flight.views), flight.matches)
    assert agreement.sigmas[2, 2] > 10.0 * agreement.sigmas[0, 0]
    assert agreement.sigmas[0, 2] > 10.0 * agreement.sigmas[0, 0]


def test_pairs_of_other_photos_are_passed_over() -> None:
    flight = draw_flight(np.random.default_rng(1), PAIR)
    strangers = [replace(pair, second="stranger") for pair in flight.matches]
    assert measure_agreement(plan_block(flight.views), strangers) == []
