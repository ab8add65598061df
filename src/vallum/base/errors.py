"""The root of every error that Vallum raises on purpose.

VallumError
├─ ConfigError   a policy, settings file or start-up condition that cannot be accepted
├─ UsageError    a command or call that asks for something impossible (exit status 2)
└─ RefusedError  input that a block of the guard does not accept; an application answers its `status`
"""


class VallumError(Exception):
    """An error with a stable code, one sentence of what was expected, and a hint on how to mend it.

    The message and hint never hold a secret; evidence travels in attributes of the subclasses.
    """

    code = "vallum"

    def __init__(self, message: str, *, hint: str = "", code: str = "") -> None:
        """Keep the sentence, the hint and, when given, a more precise code than the class has."""
        super().__init__(message)
        self.message = message
        self.hint = hint
        if code:
            self.code = code

    def __str__(self) -> str:
        """One line: the sentence, then the hint."""
        return f"{self.message} {self.hint}".strip()


class ConfigError(VallumError):
    """Settings that Vallum refuses, because they contradict each other or are not safe."""

    code = "config"


class UsageError(VallumError):
    """A request that cannot be carried out as it was made; the command line answers it with exit status 2."""

    code = "usage"


class RefusedError(VallumError):
    """Input that a block does not accept. Answer `status` and a text of your own; the message is for the log."""

    code = "refused"
    status = 400
