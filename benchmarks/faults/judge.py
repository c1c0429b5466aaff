"""What a server kept and tells, held against what was sent to it."""

import hashlib
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.faults.persistent_client import PersistentClient
from benchmarks.uploads.figures import Figures

# Of a finding, what does not hang on which file it was found in.
FindingKey = tuple[str, float, tuple[float, float]]
SAME_PLACE_DEG = 2e-6  # 0.2 m


def judge_files(
    client: PersistentClient, flights: Sequence[str], figures: Figures, *, what: str
) -> None:
    """Judge that each file sent is there whole, and has its answer, over HTTP."""
    lines = {
        (flight, line["name"]): line for flight in flights for line in client.read_receipt(flight)
    }
    lost = [
        key
        for key, sha256 in client.sent.items()
        if lines.get(key, {}).get("sha256") != sha256
        or lines[key]["state"] != "settled"
        or not _is_kept(client.server.data, sha256)
    ]
    silent = [
        key for key, line in lines.items() if line["outcome"] == "rejected" and not line["reasons"]
    ]
    figures.judge(f"{what}: files lost or without an answer", str(len(lost)), holds=not lost)
    figures.judge(f"{what}: rejected without a reason", str(len(silent)), holds=not silent)
    figures.judge(
        f"{what}: answers with a traceback, or 5xx without a problem document",
        str(len(client.leaks)),
        holds=not client.leaks,
    )
    for leak in client.leaks[:5]:
        figures.tell("answer", leak)


def judge_work(data: Path, figures: Figures, *, what: str) -> None:
    """Judge what the store says of its jobs: each photo once in effect, none given up."""
    with closing(sqlite3.connect(f"file:{data / 'store.sqlite'}?mode=ro", uri=True)) as store:
        twice = store.execute(
            "SELECT flight_id, json_extract(data_json, '$.name'), count(*) FROM flight_events "
            "WHERE kind = 'photo_inspected' GROUP BY 1, 2 HAVING count(*) > 1"
        ).fetchall()
        never = store.execute(
            "SELECT count(*) FROM files WHERE outcome = 'accepted' AND duplicate_of IS NULL AND "
            "sha256 IN (SELECT sha256 FROM photos) AND "
            "sha256 NOT IN (SELECT photo_sha256 FROM inspections)"
        ).fetchone()[0]
        failed = store.execute("SELECT kind, key, code, detail FROM jobs WHERE state = 'failed'")
        given_up = failed.fetchall()
        stored = store.execute("SELECT sha256 FROM blobs WHERE stored_at IS NOT NULL").fetchall()
    damaged = [sha256 for (sha256,) in stored if not _is_kept(data, sha256)]
    figures.judge(
        f"{what}: photos inspected twice, or never", f"{len(twice)}, {never}",
        holds=not twice and not never,
    )  # fmt: skip
    figures.judge(f"{what}: jobs given up", str(len(given_up)), holds=not given_up)
    figures.judge(
        f"{what}: of {len(stored)} pictures kept, lost or damaged", str(len(damaged)),
        holds=not damaged,
    )  # fmt: skip
    for row in given_up[:10]:
        figures.tell("given up", str(row))


def judge_findings(
    client: PersistentClient, calm: str, flights: Sequence[str], figures: Figures, *, what: str
) -> None:
    """Judge that flights of the same pixels have the findings of the one that nobody disturbed."""
    expected = _read_keys(client, calm)
    others = [flight for flight in flights if not _same(_read_keys(client, flight), expected)]
    figures.judge(
        f"{what}: of {len(flights)} flights, not the {len(expected)} findings of a calm one",
        str(len(others)),
        holds=not others and bool(expected),
    )
    pictures = [
        path
        for flight in flights
        for feature in client.read_findings(flight)
        for path in feature["properties"]["pictures"].values()
    ]
    missing = [path for path in pictures if path is None or not _is_shown(client, path)]
    figures.judge(
        f"{what}: of {len(pictures)} pictures of findings, not to be had", str(len(missing)),
        holds=not missing,
    )  # fmt: skip


def _read_keys(client: PersistentClient, flight: str) -> list[FindingKey]:
    return sorted(map(_key, client.read_findings(flight)))


def _same(some: Sequence[FindingKey], others: Sequence[FindingKey]) -> bool:
    """Tell whether findings are the same but for the last digits of their places.

    Which matches judge the refined poses is drawn by the photos' hashes, which differ.
    """
    return [key[:2] for key in some] == [key[:2] for key in others] and np.allclose(
        [key[2] for key in some], [key[2] for key in others], rtol=0, atol=SAME_PLACE_DEG
    )


def _key(feature: dict[str, Any]) -> FindingKey:
    properties, geometry = feature["properties"], feature["geometry"]
    longitude, latitude = (0.0, 0.0) if geometry is None else geometry["coordinates"]
    return properties["class"], round(properties["confidence"], 6), (longitude, latitude)


def _is_shown(client: PersistentClient, path: str) -> bool:
    answer = client.ask("GET", path)
    named = path.rpartition("/")[2]
    return answer.status_code == 200 and hashlib.sha256(answer.content).hexdigest() == named


def _is_kept(data: Path, sha256: str) -> bool:
    path = data / "blobs" / sha256[:2] / sha256
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == sha256
