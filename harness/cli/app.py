"""The commands put together, and what their errors come to. Each command is a module of its own."""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

import click

from harness.cli import exits
from harness.cli.shadows import refuse_shadows
from harness.named import UnresolvedNameError
from harness.scenario.errors import ScenarioError

COMMANDS = {
    "list": "list_command:list_scenarios",
    "run": "run_command:run_scenarios",
    "validate": "validate_command:validate",
    "explain": "explain_command:explain",
    "report": "report_command:report",
    "new": "new_command:new",
    "up": "up_command:up",
}
"""Where each command is: whoever gives one shall not wait until all the others are loaded."""


class _Commands(click.Group):
    """Finds a command when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in alphabetical order, as click shows them."""
        return sorted({*COMMANDS, *self.commands})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, None if there is none; `InputError` where a package hides one of ours."""
        place = COMMANDS.get(cmd_name)
        if place is None:
            return super().get_command(ctx, cmd_name)
        refuse_shadows([Path(entry or ".") for entry in sys.path])
        module, _, function = place.partition(":")
        command: click.Command = getattr(import_module(f"harness.cli.{module}"), function)
        return command


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="windtunnel", message="windtunnel %(version)s")
def windtunnel() -> None:
    """Put a pipeline's real code in front of emulated back ends, blow faults at it, and judge what happens.

    Exit codes: 0 pass, 1 fail, 2 unknown, 64 usage error or bad input, 70 a bug of Windtunnel's.
    """


def run(arguments: Sequence[str]) -> int:
    """Run the command that `arguments` say and return its exit code; never raises."""
    as_json = "--json" in arguments
    try:
        code = windtunnel.main(args=list(arguments), prog_name="windtunnel", standalone_mode=False)
        sys.stdout.flush()
        return int(code or 0)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return exits.USAGE
    except click.ClickException as error:
        context = getattr(error, "ctx", None)
        usage = f"\n{context.get_usage()}" if context else ""
        return _say(f"{error.format_message()}{usage}", exits.USAGE, as_json)
    except (exits.InputError, ScenarioError, UnresolvedNameError) as error:
        return _say(str(error), exits.USAGE, as_json)
    except (click.Abort, KeyboardInterrupt):
        return _say("stopped before its end", exits.INTERRUPTED, as_json)
    except BrokenPipeError:
        # The reader (head, say) has had enough; Python would complain once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return exits.PASS
    except Exception:  # noqa: BLE001 - the last resort that tells our bugs from the user's
        return _say(
            f"{traceback.format_exc()}\nThis is a bug of Windtunnel's, not of your code; please report the above",
            exits.BUG,
            as_json,
        )


def _say(message: str, code: int, as_json: bool) -> int:
    if as_json:
        click.echo(json.dumps({"error": message, "exit": code}))
    click.echo(f"windtunnel: {message}", err=True)
    return code
