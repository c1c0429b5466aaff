"""Which flight data belongs to which video, told by names alone: nothing is opened or decoded."""

from collections.abc import Iterable
from pathlib import Path

from inference.reading.content_type import VIDEO_SUFFIXES

TELEMETRY_SUFFIX = ".srt"
# Cameras keep small copies of their videos, with the same contents: MP4 under another name.
SMALL_COPY_SUFFIXES = frozenset({".lrf", ".lrv"})


def pair_videos(paths: Iterable[Path]) -> dict[Path, Path]:
    """Return the partner of each video and of each subtitle file that has one.

    A video's flight data lies beside it under the same name. Of several videos with one name the
    first has it, as of several subtitle files.
    """
    videos, telemetries = dict[tuple[Path, str], Path](), dict[tuple[Path, str], Path]()
    for path in paths:
        suffix, key = path.suffix.lower(), (path.parent, path.stem.lower())
        if suffix in VIDEO_SUFFIXES:
            videos.setdefault(key, path)
        elif suffix == TELEMETRY_SUFFIX:
            telemetries.setdefault(key, path)
    pairs = [(videos[key], telemetries[key]) for key in videos if key in telemetries]
    return dict(pairs) | {telemetry: video for video, telemetry in pairs}


def find_telemetry(video: Path) -> list[Path]:
    """Return the flight data beside a video that was named alone; a photo has none."""
    if video.suffix.lower() not in VIDEO_SUFFIXES:
        return []
    try:
        beside = sorted(video.parent.iterdir())
    except OSError:  # a file that may be read in a folder that may not be listed
        return []
    partner = pair_videos([video, *(path for path in beside if path != video)]).get(video)
    return [] if partner is None else [partner]
