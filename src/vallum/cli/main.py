"""The entry point of the `vallum` command: finds the verbs, and turns every error into one line."""

import os
import sys
from importlib import import_module
from pkgutil import iter_modules
from typing import Final, NoReturn

import click

import vallum
import vallum.cli
from vallum.base.errors import UsageError, VallumError
from vallum.findings.formats.terminal.misuse import render_error
from vallum.findings.options import detect_options

MISUSE: Final = 2
COULD_NOT_LOOK: Final = 3
INTERRUPTED: Final = 130
_NOT_VERBS: Final = frozenset({"__main__", "main", "output"})


class Verbs(click.Group):
    """A group whose commands are the modules of this folder; only the one that is asked for is imported."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - the signature is click's
        """The verbs, in the order of the alphabet."""
        names = (module.name for module in iter_modules(vallum.cli.__path__))
        return sorted(name for name in names if name not in _NOT_VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command in the module of that name, or None."""
        if cmd_name not in self.list_commands(ctx):
            return None
        command = import_module(f"vallum.cli.{cmd_name}").command
        return command if isinstance(command, click.Command) else None


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(vallum.__version__, prog_name="vallum", message="%(prog)s %(version)s")
def vallum_command() -> None:
    """Secure coding, checked: a verdict with evidence for every control."""


def run() -> NoReturn:
    """Run the command line and leave the process with its exit status."""
    sys.exit(main(sys.argv[1:]))


def main(arguments: list[str]) -> int:
    """Run one command and return its exit status: 0, 1 broken, 2 misuse, 3 could not look, 130 interrupted."""
    try:
        return _invoke(arguments)
    except click.ClickException as error:
        return _complain(UsageError(error.format_message(), hint="Try: vallum --help"))
    except VallumError as error:
        return _complain(error)
    except (KeyboardInterrupt, click.Abort):
        click.echo("vallum: interrupted; nothing was left half written.", err=True)
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return COULD_NOT_LOOK
    except Exception as error:  # noqa: BLE001 - the last line of defence: no stack trace reaches a user
        return _confess(error)


def _invoke(arguments: list[str]) -> int:
    try:
        with vallum_command.make_context("vallum", list(arguments), obj=arguments) as context:
            status = vallum_command.invoke(context)
    except click.exceptions.Exit as left:
        return left.exit_code
    return status if isinstance(status, int) else 0


def _confess(error: Exception) -> int:
    if os.environ.get("VALLUM_DEBUG"):
        raise error
    name = f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")
    click.echo(f"vallum: an error of our own, {name}; nothing was proven. Show it all: VALLUM_DEBUG=1", err=True)
    return COULD_NOT_LOOK


def _complain(error: VallumError) -> int:
    click.echo(render_error(error, detect_options(sys.stderr)), err=True, nl=False, color=True)
    return MISUSE
