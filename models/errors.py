"""What can go wrong with a model that a caller treats differently."""


class ModelError(Exception):
    """A model cannot be used; the message says which and why."""


class ModelNotFoundError(ModelError):
    """There is no model of that name or in that folder."""


class ModelDamagedError(ModelError):
    """The manifest is wrong, a file is absent, or the weights are not those of the manifest."""
