"""The key of a server, from a file or from a setting; never from the command line."""

from pathlib import Path

from service.access.secrets import Secret
from service.errors import CannotStartError
from service.upload.errors import UploadStoppedError

_LONGEST = 8000


def read_key(key: Secret | None, key_file: Path | None) -> Secret:
    """Return the key; a file that is named goes before a setting.

    Raises:
        CannotStartError: It is none.
        UploadStoppedError: There is none.
    """
    if key_file is not None:
        try:
            with key_file.open(encoding="utf-8") as file:
                text = file.read(_LONGEST + 1)
        except (OSError, UnicodeDecodeError) as error:
            raise CannotStartError(f"--key-file {key_file} cannot be read: {error}") from error
        where = str(key_file)
    elif key is not None:
        text, where = key.reveal(), "SKYPATROL_KEY"
    else:
        raise UploadStoppedError("no_key")
    bare = text.strip()
    # It goes into a header: whatever else is in the file must not get there.
    if not bare or len(bare) > _LONGEST or not all("!" <= letter <= "~" for letter in bare):
        raise CannotStartError(f"{where} holds no key: one line such as sp_... is expected")
    return Secret(bare)
