"""Routes of the work that is left to do, for whoever runs the service."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, Field

from service.access.roles import Caller, Permission, require
from service.api.caller import needs
from service.api.pages import Cursor, Limit, link_next, parse_number_cursor
from service.api.parts import Clock, DeploymentPart
from service.api.problem_answers import problems
from service.store.access_log import Access, log_access
from service.store.engine import reading, writing
from service.store.jobs import Job, JobKind, JobState, count_jobs, list_jobs, retry_job

router = APIRouter(prefix="/v1/jobs", tags=["running"])
Runner = Annotated[Caller, needs(Permission.RUN_SERVICE)]


class JobCount(BaseModel):
    """How many jobs of a kind are how far."""

    kind: JobKind
    state: JobState
    count: int


class ShownJob(BaseModel):
    """One job."""

    id: int
    kind: JobKind
    state: JobState
    about: str = Field(description="What it is about: photo, file, flight.")
    flight_id: str | None
    attempt: int
    due_at: datetime
    code: str | None = Field(description="Why its last attempt failed.")
    detail: str | None


class JobPage(BaseModel):
    """The queue, and a page of the jobs of one state."""

    counts: list[JobCount] = Field(description="Those that are not 0.")
    oldest_due_at: datetime | None = Field(
        description="Since when the longest waiting job could have been done."
    )
    jobs: list[ShownJob] = Field(description="The newest first.")
    next: str | None


@router.get("")
def list_all(
    caller: Runner,
    deployment: DeploymentPart,
    now: Clock,
    request: Request,
    response: Response,
    state: Annotated[JobState, Query(description="Whose jobs are listed.")] = JobState.FAILED,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> JobPage:
    """Return how full the queue is, and the jobs of one state with their reasons."""
    require(caller, Permission.RUN_SERVICE, unit=None)  # the queue is the whole city's
    before = parse_number_cursor(cursor)
    with reading(deployment.engine) as session:
        counts = count_jobs(session, now=now)
        jobs = list_jobs(session, state=state, before=before, limit=limit + 1)
    is_more, jobs = len(jobs) > limit, jobs[:limit]
    following = link_next(request, response, last=str(jobs[-1].id)) if is_more else None
    return JobPage(
        counts=[
            JobCount(kind=kind, state=how_far, count=count)
            for (kind, how_far), count in sorted(counts.by_state.items())
        ],
        oldest_due_at=counts.oldest_due,
        jobs=[_shown(job) for job in jobs],
        next=following,
    )


@router.post("/{job_id}/retry", responses=problems(404, 409))
def retry(
    caller: Runner,
    deployment: DeploymentPart,
    now: Clock,
    job_id: Annotated[int, Path(ge=1, le=2**62, description="Of a failed job.", examples=[7])],
) -> ShownJob:
    """Let a failed job be done anew, with all its attempts."""
    require(caller, Permission.RUN_SERVICE, unit=None)
    with writing(deployment.engine) as session:
        job = retry_job(session, job_id, now=now)
        log_access(
            session, Access(at=now, who=caller.id, action="retry_job", object=f"job/{job_id}")
        )
    return _shown(job)


def _shown(job: Job) -> ShownJob:
    return ShownJob(
        id=job.id,
        kind=job.kind,
        state=job.state,
        about=job.key,
        flight_id=job.flight_id,
        attempt=job.attempt,
        due_at=job.due_at,
        code=job.code,
        detail=job.detail,
    )
