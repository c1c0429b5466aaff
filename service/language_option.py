"""The option `--lang` of commands that write for people."""

from service.errors import CannotStartError
from service.translations import Language


def parse_language(text: str) -> str:
    """Return the name of a language that texts exist in.

    Raises:
        CannotStartError: There are no texts in it.
    """
    try:
        return Language(text).value
    except ValueError as error:
        known = ", ".join(Language)
        raise CannotStartError(f"--lang: {text!r} is none of {known}") from error
