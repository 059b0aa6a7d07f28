"""The one exception that speaks to the person who typed the command.

Its message says what was found, why it matters and which key to change; the command line prints it without a
traceback and exits with status 1. Everything else that escapes is a bug of ours and keeps its traceback.
"""


class InputError(ValueError):
    """What the user asked for, or gave as data, cannot be used; the message names the remedy."""


class FitWarning(UserWarning):
    """The fit is what was asked for, but the data forced something on it that its user should know."""


def sentence(error: BaseException) -> str:
    """What a table says of an error: the message to the user, or the kind of a bug and its own."""
    return str(error) if isinstance(error, InputError) else f"{type(error).__name__}: {error}"
