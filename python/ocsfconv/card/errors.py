"""What a user can cause, as one sentence."""

from ocsfconv import OcsfconvError


class CardError(OcsfconvError):
    """A data set that cannot be described; the message names file, cause and what to do."""
