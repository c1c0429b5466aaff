"""Turns are kept between processes, and end with them."""

import subprocess
import sys

import pytest

from service.deployment import Deployment
from service.operating.turn import TurnTakenError, turn

HOLD = """
import sys
from service.operating.turn import turn
from service.store.engine import open_engine
with turn(open_engine(sys.argv[1])):
    print("mine", flush=True)
    sys.stdin.read()
"""


def test_one_at_a_time_and_again_afterwards(deployment: Deployment) -> None:
    with turn(deployment.engine):
        with pytest.raises(TurnTakenError, match="going on"), turn(deployment.engine):
            pass
        with pytest.raises(TurnTakenError), turn(deployment.engine):
            pass
    with turn(deployment.engine):
        pass


def test_an_error_gives_the_turn_back(deployment: Deployment) -> None:
    with pytest.raises(KeyError), turn(deployment.engine):
        raise KeyError
    with turn(deployment.engine):
        pass


def test_a_killed_process_gives_its_turn_back(deployment: Deployment) -> None:
    url = deployment.engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-c", HOLD, url]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"mine\n"
        with pytest.raises(TurnTakenError), turn(deployment.engine):
            pass
        holder.kill()
    while True:  # PostgreSQL notices a moment later
        try:
            with turn(deployment.engine):
                return
        except TurnTakenError:
            continue
