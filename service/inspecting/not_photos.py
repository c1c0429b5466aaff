"""Reasons of files that are no photos and were never meant as any."""

from inference.receipt import ReasonCode

# Files beside the photos, as every card has them: none of them is a photo that was missed. A video
# is counted by its frames; clips without flight data lie on most cards, and the receipt says what
# can be done about them.
NOT_PHOTOS = frozenset(
    {
        ReasonCode.NOT_A_PHOTO,
        ReasonCode.HEIGHT_MODEL,
        ReasonCode.ARCHIVE_NOT_SUPPORTED,
        ReasonCode.VIDEO_FRAMES,
        ReasonCode.USED_WITH_VIDEO,
        ReasonCode.NO_TELEMETRY,
        ReasonCode.TELEMETRY_WITHOUT_VIDEO,
    }
)
