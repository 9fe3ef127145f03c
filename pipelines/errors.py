"""The error tree: what failed decides whether a run is tried again, and with which code it exits."""

from __future__ import annotations


class PipelineError(Exception):
    """Any failure that Nightcap states in words; the message says what to do next."""

    exit_code = 1


class PermanentError(PipelineError):
    """Trying again without a change cannot help: bad input, bad data, a broken contract."""

    exit_code = 3


class TransientError(PipelineError):
    """An outside service failed; the same call may succeed later."""

    exit_code = 4


class UsageError(PermanentError):
    """The command, its arguments or the configuration are wrong."""

    exit_code = 2


class QualityError(PermanentError):
    """A table rule of a quality suite stopped the night; the last good version still stands."""

    exit_code = 5


class NotFound(PermanentError):
    """The provider has nothing under this address (404, 410): for one article that is no fault of the night."""


class BodyTooLarge(PermanentError):
    """An answer is larger than what is read of one."""


class LeaseLost(TransientError):
    """Another writer took the lease, or the version this writer started from is no longer current."""


class RejectedInput(PermanentError):
    """One unit of input cannot be used: it goes to quarantine with its reason, the night goes on."""

    def __init__(self, reason: str, message: str, locator: str = "") -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.locator = locator


#: Exit codes of a command, in the order in which `nightcap night` reports the first that occurred.
EXIT_CODES = {"done": 0, "bug": 1, "usage": 2, "bad input": 3, "quality": 5, "outside service": 4}


def exit_code_of(error: BaseException) -> int:
    """Exit code for an exception: that of its class below PipelineError, else 1 (a bug)."""
    return error.exit_code if isinstance(error, PipelineError) else 1
