"""What can go wrong with labelled data."""


class DatasetError(Exception):
    """Labelled data, or the wish for it, breaks one of its rules; the message says which."""
