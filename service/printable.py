"""Texts out of files, so that they do nothing to a screen and fit into any file."""


def printable_text(text: str) -> str:
    r"""Return a text that does nothing to a screen: what cannot be printed becomes \x.. or \u....

    Unlike a stable name it may be that of another text, too.
    """
    return "".join(_printable(character) for character in text)


def _printable(character: str) -> str:
    if character.isprintable() or character == "\u3000":  # the space of Chinese text
        return character
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # a byte that is no UTF-8, as os.fsdecode hides it
        return f"\\x{code - 0xDC00:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
