"""A series of runs: what was done is skipped, what fails is noted, and it ends in time."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from datasets.errors import DatasetError
from models.errors import ModelError
from training.errors import TrainingError
from training.trials.deadline import Deadline
from training.trials.one_run import Run, Tools, do_run, read_done

# Beside the training itself: linking, start, export, search.
SEARCH_ALLOWANCE_MIN = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesResult:
    """What became of the runs of a series, by the names of their folders."""

    done: tuple[str, ...]
    done_before: tuple[str, ...]
    failed: tuple[tuple[str, str], ...]  # name and reason
    no_time: tuple[str, ...]


def run_series(
    runs: Iterable[Run],
    tools: Tools,
    *,
    deadline: Deadline,
    time_limit_min: float,
    tell: Callable[[str], None],
) -> SeriesResult:
    """Do the runs that are not done yet, in their order, as long as one more ends in time.

    Args:
        runs: In the order of their worth: a broken series has done the first ones.
        tools: See there.
        deadline: No run starts that would end after it.
        time_limit_min: Of one training.
        tell: Takes a line a run.
    """
    done, before, failed, no_time = [], [], [], []
    for run in runs:
        name = describe_run(run)
        if read_done(run) is not None:
            before.append(name)
            continue
        if not deadline.allows(time_limit_min + SEARCH_ALLOWANCE_MIN, now=tools.clock()):
            no_time.append(name)
            continue
        try:
            record = do_run(run, tools)
        except (TrainingError, DatasetError, ModelError) as error:
            failed.append((name, str(error)))
            tell(f"{name}: failed: {error}")
            continue
        done.append(name)
        tell(f"{name}: trained {record.train_min} min, searched {record.search_min} min")
    return SeriesResult(
        done=tuple(done),
        done_before=tuple(before),
        failed=tuple(failed),
        no_time=tuple(no_time),
    )


def describe_run(run: Run) -> str:
    """Return the name of a run: that of its row and of its own folder."""
    return f"{run.row.name}/{run.folder.name}"
