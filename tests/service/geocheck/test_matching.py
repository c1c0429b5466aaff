import pytest

from inference.receipt import NotPlaced, ReasonCode
from service.geocheck.matching import PhotoNames, match_photo

NAMES = PhotoNames.of(("card/A/IMG_1.JPG", "card/B/IMG_1.JPG", "card/B/IMG_2.tif", "IMG_3.jpg"))


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("IMG_3.jpg", "IMG_3.jpg"),
        ("img_3.JPG", "IMG_3.jpg"),  # capitals do not count
        ("D:\\survey\\IMG_3.jpg", "IMG_3.jpg"),  # nor do somebody else's folders
        ("/home/me/images/IMG_3.jpg", "IMG_3.jpg"),
        ("IMG_2.jpg", "card/B/IMG_2.tif"),  # nor the ending, where no name is equal
        ("B/img_1.jpg", "card/B/IMG_1.JPG"),  # folders decide between equal names
        ("card\\A\\img_1.jpg", "card/A/IMG_1.JPG"),
    ],
)
def test_names_are_compared_without_folders_and_capitals(wanted: str, found: str) -> None:
    assert match_photo(wanted, NAMES) == found


def test_an_equal_ending_goes_before_an_equal_stem() -> None:
    assert match_photo("a.jpg", PhotoNames.of(["a.tif", "a.jpg"])) == "a.jpg"


@pytest.mark.parametrize(
    ("wanted", "detail"),
    [
        ("IMG_4.jpg", "no photo is called IMG_4.jpg"),
        ("", "no photo is called "),
        ("IMG_1.JPG", "2 photos may be IMG_1.JPG, such as card/A/IMG_1.JPG, card/B/IMG_1.JPG"),
    ],
)
def test_what_cannot_be_told_says_why(wanted: str, detail: str) -> None:
    refusal = match_photo(wanted, NAMES)
    assert refusal == NotPlaced(code=ReasonCode.PHOTO_NOT_FOUND, detail=detail)


def test_nothing_is_found_among_nothing() -> None:
    assert isinstance(match_photo("a.jpg", PhotoNames.of([])), NotPlaced)
