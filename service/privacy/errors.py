"""What can keep faces and plates from being found."""

from service.errors import CannotStartError


class PrivacyNetworkError(CannotStartError):
    """A network that finds faces or plates is absent or not the expected one.

    Nothing may leave then: a picture that was not searched must not look like one without faces.
    """
