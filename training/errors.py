"""What can go wrong in training that a caller treats differently."""


class TrainingError(Exception):
    """Training cannot start or go on; the message says which input and why."""


class InitialWeightsError(TrainingError):
    """The initial weights do not fit the network, or did not survive until the first step."""
