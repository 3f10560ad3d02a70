"""`events schema`: what readers of the events may count on, as JSON Schema and AsyncAPI."""

from pathlib import Path
from typing import Annotated

import typer

from consumers.contract.files import Files, asyncapi_files, broken, released_files, sample_files, schema_files, write
from services.cli.failing import CHECK_FAILED, Failure
from services.cli.output import AsJson, answer, paragraph

Folder = Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help="The folder to write to.", file_okay=False)]
Facts = Annotated[
    Path | None,
    typer.Option("--samples", metavar="DIR", help="Make samples too, of a folder of stored facts.", exists=True),
]


def schema(
    folder: Folder,
    json_schema: Annotated[bool, typer.Option("--json-schema", help="A JSON Schema for every kind.")] = False,
    asyncapi: Annotated[bool, typer.Option("--asyncapi", help="An AsyncAPI 3 document.")] = False,
    facts: Facts = None,
    release: Annotated[bool, typer.Option("--release", help="Promise the schemas as they are to new readers.")] = False,
    json: AsJson = False,
) -> None:
    """Write what the events look like: JSON Schema, AsyncAPI, or both if none is named.

    Exits 1, and releases nothing, if readers of an earlier release in the folder would break.
    """
    both = not (json_schema or asyncapi)
    faults = [str(each) for each in broken(folder)]
    if release and faults:
        raise Failure("readers-would-break", "; ".join(faults), CHECK_FAILED)
    changed = write(folder, released_files(folder)) if release else []
    files: Files = {
        **(schema_files() if json_schema or both else {}),
        **(asyncapi_files(folder) if asyncapi or both else {}),
        **(sample_files(facts) if facts else {}),
    }
    changed += write(folder, files)
    told = [paragraph(f"{len(files)} files hold the contract in {folder}, {len(changed)} of them changed.")]
    told += [paragraph(f"Would break {each}.", "bold red") for each in faults]
    answer({"folder": folder, "changed": changed, "would_break": faults}, *told, as_json=json)
    if faults:
        raise typer.Exit(CHECK_FAILED)
