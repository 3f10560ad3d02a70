"""`scenario`: rehearse a policy by stories in files, each told to a throw-away ledger, and list the stories shipped."""

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from rich.console import RenderableType

from services.cli.failing import BAD_USAGE, CHECK_FAILED
from services.cli.output import AsJson, answer, console, paragraph, progress, table, when
from services.database import database
from services.scenarios.comparing import Comparison
from services.scenarios.reading import Scenario, ScenarioFile, read_scenario, shipped_scenarios
from services.scenarios.running import Outcome, Sweeper, run
from services.settings import Settings
from services.vault import Vault, open_vault

app = typer.Typer(
    help="Rehearse a policy by stories in files, and compare what comes of them to the last cent.", no_args_is_help=True
)


class When(StrEnum):
    ON_TIME = "on-time"
    LATE = "late"
    NEVER = "never"

    @property
    def sweeper(self) -> Sweeper:
        return self.value


@dataclass(frozen=True, slots=True)
class Report:
    """A file, and what came of it: nothing if it could not be read. `seconds` is how long it took."""

    read: ScenarioFile
    outcome: Outcome | None = None
    seconds: float = 0.0

    @property
    def passed(self) -> bool:
        return self.outcome is not None and not self.outcome.failed


@app.command("run")
def run_files(
    files: Annotated[list[str], typer.Argument(metavar="FILE...", help="YAML files, or names of shipped scenarios.")],
    sweeper: Annotated[
        When, typer.Option(help="When the clock's facts are brought in. No outcome may depend on it.")
    ] = When.ON_TIME,
    keep: Annotated[bool, typer.Option("--keep", help="Keep each story's ledger, and say its schema.")] = False,
    json: AsJson = False,
) -> None:
    """Tell stories and compare: each in a ledger of its own, recorded at the story's own times.

    Exit codes: 0 everything came out as expected, 1 something did not, 2 a file that cannot be read.
    """
    settings = Settings.from_environment(os.environ)
    read = [read_scenario(file) for file in files]
    reports = [Report(each) for each in read]
    if any(each.scenario for each in read):
        with database(settings) as dsn:
            reports = tell_all(read, dsn, sweeper.sweeper, open_vault(settings) if keep else None)
    for finding in () if json else (finding for each in read for finding in each.findings):
        console().print(paragraph(str(finding), "red"), soft_wrap=True)
    answer(document(reports, keep=keep), *spoken(reports, keep=keep), as_json=json)
    if not all(report.outcome for report in reports):
        raise typer.Exit(BAD_USAGE)
    if not all(report.passed for report in reports):
        raise typer.Exit(CHECK_FAILED)


@app.command("list")
def listed(json: AsJson = False) -> None:
    """List the scenarios that are shipped."""
    found = [(name, read.scenario.story) for name in shipped_scenarios() if (read := read_scenario(name)).scenario]
    told = [{"name": name, "title": story.title, "story": story.story.strip()} for name, story in found]
    rows = [
        (name, story.title, ", ".join(each if isinstance(each, str) else each.policy for each in story.policies))
        for name, story in found
    ]
    columns = dict.fromkeys(("Name", "Title", "Policies"), "left")
    answer({"scenarios": told}, table("", columns, rows), as_json=json)  # type: ignore[arg-type]


def tell_all(read: Sequence[ScenarioFile], dsn: str, sweeper: Sweeper, keep: Vault | None) -> list[Report]:
    """Tell every story that could be read, one after another."""
    acts = sum(len(each.scenario.acts) for each in read if each.scenario)
    reports = []
    with progress() as bar:
        task = bar.add_task("Telling", total=acts)
        for each in read:
            began = time.monotonic()
            outcome = None
            if each.scenario:
                outcome = run(each.scenario, dsn, sweeper=sweeper, keep=keep, progress=lambda _: bar.advance(task))
            reports.append(Report(each, outcome, time.monotonic() - began))
    return reports


def document(reports: Sequence[Report], *, keep: bool) -> dict[str, Any]:
    return {
        "scenarios": [as_json(report, keep=keep) for report in reports],
        "passed": sum(report.passed for report in reports),
        "failed": sum(report.outcome is not None and not report.passed for report in reports),
        "unreadable": sum(report.outcome is None for report in reports),
    }


def as_json(report: Report, *, keep: bool) -> dict[str, Any]:
    told: dict[str, Any] = {"file": report.read.file, "passed": report.passed}
    if report.outcome is None:
        return {**told, "findings": [finding.as_json() for finding in report.read.findings]}
    outcome, scenario = report.outcome, report.outcome.scenario
    return {
        **told,
        "name": scenario.name,
        "title": scenario.story.title,
        "compared": len(outcome.comparisons),
        "failures": [failure(each, scenario) for each in outcome.failed],
        "refusals": [{"command": what, "code": code} for what, code in outcome.refusals],
        "totals": {payee or "nobody": amount for payee, amount in outcome.reckoning.totals().items()},
        "seconds": round(report.seconds, 3),
        "schema": outcome.schema if keep else None,
        "true_up_to": len(outcome.reckoning.log),
    }


def failure(comparison: Comparison, scenario: Scenario) -> dict[str, Any]:
    place = scenario.place(comparison.steps)
    return {
        "line": place.line,
        "column": place.column,
        "what": comparison.what,
        "expected": comparison.expected,
        "actual": comparison.actual,
    }


def spoken(reports: Sequence[Report], *, keep: bool) -> list[RenderableType]:
    """What came out otherwise than expected in each file, then a summary of all."""
    parts = [side_by_side(report.outcome) for report in reports if report.outcome and report.outcome.failed]
    columns = {"Scenario": "left", "Expectations": "right", "Failed": "right", "Seconds": "right", "Result": "left"}
    parts.append(table("", columns, [summary(report) for report in reports]))  # type: ignore[arg-type]
    kept = [f"{each.read.file} is kept in schema {each.outcome.schema}." for each in reports if each.outcome and keep]
    return [*parts, *map(paragraph, kept)]


def summary(report: Report) -> tuple[object, ...]:
    if report.outcome is None:
        return report.read.file, None, None, None, "cannot be read"
    compared, failed = len(report.outcome.comparisons), len(report.outcome.failed)
    result = "as expected" if report.passed else "otherwise than expected"
    return report.read.file, compared, failed, f"{report.seconds:.2f}", result


def side_by_side(outcome: Outcome) -> RenderableType:
    """Each failed expectation with its place in the file, and what came instead."""
    scenario, zone = outcome.scenario, outcome.scenario.story.zone
    rows = [
        (
            ":".join(map(str, scenario.place(each.steps))),
            each.what,
            in_words(each.expected, zone, each.actual),
            in_words(each.actual, zone, each.expected),
        )
        for each in sorted(outcome.failed, key=lambda each: scenario.place(each.steps))
    ]
    columns = {"Line": "left", "Of": "left", "Expected": "left", "Actual": "left"}
    return table(f"{scenario.file}: {scenario.story.title}", columns, rows)  # type: ignore[arg-type]


def in_words(value: Any, zone: ZoneInfo, other: Any = None) -> str:
    """A value as a person reads it; of a mapping a line for each key of either side, so that both sides line up."""
    match value:
        case datetime():
            return when(value, zone) or ""
        case bool() | str():
            return str(value)
        case int():
            return f"{value:,}"
        case Mapping():
            keys = sorted({*value, *other} if isinstance(other, Mapping) else value)
            return "\n".join(f"{key} {in_words(value.get(key), zone)}" for key in keys) or "nothing"
        case list() | tuple():
            return "\n".join(in_words(each, zone) for each in value) or "nothing"
        case None:
            return "nothing"
        case _:
            return str(value)
