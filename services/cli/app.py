"""The commands put together, and the one place where what goes wrong is told."""

import os
import sys
from collections.abc import Sequence
from typing import Final

import typer

from services.cli import (
    auditing,
    cases,
    deals,
    demo,
    events,
    evidence,
    explaining,
    exporting,
    hearing,
    history,
    importing,
    inbox,
    keys,
    leads,
    lines,
    migrating,
    payroll,
    people,
    policy,
    pool,
    proving,
    rating,
    reconciling,
    recording,
    reexecuting,
    replaying,
    running,
    scenario,
    schemas,
    serving,
    state,
    statements,
    supposing,
)
from services.cli.failing import BAD_USAGE, DONE, INTERRUPTED, Told, tell, told
from services.cli.logs import set_up
from services.cli.output import forget_streams

app = typer.Typer(
    name="salesledger",
    help="Whose customer is it, who earned which part of the commission, and why: answered from one immutable log.",
    epilog="Exit codes: 0 done, 1 a check failed, 2 bad usage or input, 3 refused by a rule. "
    "Settings come from the environment, such as LEDGER_DATABASE_URL and LEDGER_DATA_DIR; README.md has them all.",
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

case = typer.Typer(help="Disputes: heard, ruled, replayed, decided again and proven.", no_args_is_help=True)

USAGE: Final[type[Exception]] = typer.BadParameter.mro()[2]
"""What Typer raises for a command line that it cannot read."""


@app.callback(invoke_without_command=True)
def salesledger(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
        raise typer.Exit(BAD_USAGE)


for part in (
    demo,
    leads,
    pool,
    history,
    deals,
    lines,
    explaining,
    recording,
    importing,
    state,
    proving,
    running,
    people,
    migrating,
    serving,
):
    app.add_typer(part.app)
for part in (cases, hearing):
    case.add_typer(part.app)
for part in (replaying, reexecuting, supposing, evidence):
    app.add_typer(part.app)
    case.add_typer(part.of_case)
app.add_typer(case, name="case")
events.app.command("schema")(schemas.schema)
app.add_typer(events.app, name="events")
app.add_typer(inbox.app, name="inbox")
app.add_typer(policy.app, name="policy")
app.add_typer(auditing.app, name="audit")
app.add_typer(people.subject, name="subject")
app.add_typer(keys.app, name="keys")
for part in (statements, rating, exporting, reconciling):
    payroll.app.add_typer(part.app)
app.add_typer(payroll.app, name="payroll")
app.add_typer(scenario.app, name="scenario")


def main() -> None:
    """Run the command line of this process."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run a command and give its exit code. Expected failures are told in one message; unexpected ones raise."""
    forget_streams()
    set_up()
    try:
        code = app(args=list(arguments), prog_name="salesledger", standalone_mode=False)
    except SystemExit as ending:
        if not isinstance(ending.__context__, BrokenPipeError):
            raise
        return DONE  # whoever reads the answer has seen enough
    except (typer.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except Exception as error:
        failure = told_here(error)
        if failure is None:
            raise
        tell(failure, as_json="--json" in arguments)
        return failure.exit_code
    return code if isinstance(code, int) else DONE


def told_here(error: Exception) -> Told | None:
    if isinstance(error, USAGE):
        hint = getattr(getattr(error, "ctx", None), "command_path", "salesledger")
        message = str(getattr(error, "format_message", error.__str__)())
        return Told("bad-usage", f"{message} See: {hint} --help", BAD_USAGE)
    return told(error, os.environ.get("LEDGER_DATABASE_URL") or None)
