"""What good style means here, as functions that find where it is missing. Each yields sentences; none yields when all is well."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import Final

Function = ast.FunctionDef | ast.AsyncFunctionDef

LONGEST_MODULE: Final = 300
LONGEST_TEST_MODULE: Final = 400
LONGEST_FUNCTION: Final = 60
STANDS_ALONE: Final = {
    Path("services/evidence/verify_bundle.py"): 900,
    Path("consumers/subscriber/ledger_subscriber/kinds/case.py"): 400,
}
"""Files that go out of the house by themselves, so that their parts cannot be modules, and a page of models written by a
program: how long each may be.
"""

EMPTY_NAMES: Final = re.compile(r"(?i)(^|_)(utils?|helpers?|managers?|base|common|misc)(_|$)")
EMPTY_CLASSES: Final = re.compile(r"^(Base|Abstract|Common)[A-Z]|(Manager|Helper|Utils?|Base|Mixin)$")
UNFINISHED: Final = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")
MACHINE_PATHS: Final = re.compile(r"(?<![\w./-])/(?:work|root|home|Users|tmp)/[\w.-]")
REGISTRIES: Final = re.compile(
    r"py" r"pi\.org|python" r"hosted|--index-" r"url |--find-" r"links |npm" r"js\.|gh" r"cr\.io"
)
SECRETS: Final = re.compile(r"BEGIN [A-Z ]*PRIVATE" r" KEY|\bAKIA[0-9A-Z]{16}\b|\bghp_\w{30}")
PASSWORDS: Final = re.compile(r"://[^/\s:@{}<>$]+:[^/\s@{}<>$]+@")
CLOCK_AND_CHANCE: Final = {
    "datetime.now", "datetime.utcnow", "datetime.today", "date.today", "uuid1", "uuid4", "uuid.uuid1", "uuid.uuid4", "environ",
    "os.environ", "os.getenv", "getenv", "random", "time", "monotonic", "perf_counter", "open", "input", "print", "urandom",
}  # fmt: skip
IDLE_OR_PRETENDED: Final = {
    "time.sleep", "asyncio.sleep", "sleep", "unittest.mock", "mock", "Mock", "MagicMock", "AsyncMock", "patch", "pytest.skip",
    "pytest.xfail", "pytest.importorskip", "pytest.mark.skip", "pytest.mark.skipif", "pytest.mark.xfail", "unittest.skip",
}  # fmt: skip


def dotted(node: ast.expr) -> str:
    """The name as written, such as `pytest.mark.skip`; empty when it is no plain name.

    >>> dotted(ast.parse("a.b.c(1)", mode="eval").body.func)
    'a.b.c'
    """
    match node:
        case ast.Name():
            return node.id
        case ast.Attribute():
            before = dotted(node.value)
            return f"{before}.{node.attr}" if before else ""
        case _:
            return ""


def functions(tree: ast.Module) -> Iterator[Function]:
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def too_long(path: Path, text: str) -> Iterator[str]:
    longest = STANDS_ALONE.get(path, LONGEST_TEST_MODULE if path.parts[0] == "tests" else LONGEST_MODULE)
    lines = len(text.splitlines())
    if lines > longest:
        yield f"{path}: {lines} lines, at most {longest}"
    for function in functions(ast.parse(text)):
        lines = (function.end_lineno or function.lineno) - function.lineno + 1
        if lines > LONGEST_FUNCTION and not is_table(function):
            yield f"{path}:{function.lineno}: {function.name} has {lines} lines, at most {LONGEST_FUNCTION}"


def is_table(function: Function) -> bool:
    """Whether the body is one `match` with one statement a case: as long as the language has words, and read at a glance."""
    body = [
        line
        for line in function.body
        if not (isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant | ast.Call))
    ]
    return len(body) == 1 and isinstance(body[0], ast.Match) and all(len(case.body) == 1 for case in body[0].cases)


def empty_names(path: Path, text: str) -> Iterator[str]:
    for part in (*path.parts[:-1], path.stem):
        if EMPTY_NAMES.search(part):
            yield f"{path}: `{part}` says nothing"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ClassDef) and EMPTY_CLASSES.search(node.name):
            yield f"{path}:{node.lineno}: `{node.name}` says nothing"


def unfinished(path: Path, text: str) -> Iterator[str]:
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT and UNFINISHED.search(token.string):
            yield f"{path}:{token.start[0]}: left for later: {token.string}"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Module | ast.ClassDef | Function) and UNFINISHED.search(ast.get_docstring(node) or ""):
            yield f"{path}: left for later: {ast.get_docstring(node)}"
        if isinstance(node, ast.Name) and node.id == "NotImplementedError":
            yield f"{path}:{node.lineno}: not implemented"
        if isinstance(node, ast.ClassDef) and "Protocol" not in {
            dotted(base).split(".")[-1] for base in unsubscripted(node)
        }:
            yield from (
                f"{path}:{f.lineno}: {f.name} is a stub" for f in node.body if isinstance(f, Function) and is_stub(f)
            )
    yield from (
        f"{path}:{f.lineno}: {f.name} is a stub" for f in ast.parse(text).body if isinstance(f, Function) and is_stub(f)
    )


def unsubscripted(node: ast.ClassDef) -> Iterator[ast.expr]:
    return (base.value if isinstance(base, ast.Subscript) else base for base in node.bases)


def is_stub(function: Function) -> bool:
    """Whether the body is `pass` or `...`; a docstring alone says why nothing happens, overloads are declarations."""
    if {dotted(decorator).split(".")[-1] for decorator in function.decorator_list} & {"overload", "abstractmethod"}:
        return False
    last = function.body[-1]
    return isinstance(last, ast.Pass) or (
        isinstance(last, ast.Expr) and isinstance(last.value, ast.Constant) and last.value.value is ...
    )


def undocumented(path: Path, text: str) -> Iterator[str]:
    """Modules always; of `decisions.py` also each command and each decision, which names what it refuses with."""
    tree = ast.parse(text)
    if text and ast.get_docstring(tree) is None:
        yield f"{path}: no docstring says what this module is for"
    if path.name != "decisions.py":
        return
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and ast.get_docstring(node) is None:
            yield f"{path}:{node.lineno}: the command {node.name} has no docstring"
        if isinstance(node, ast.FunctionDef) and [a.arg for a in node.args.args] == ["command", "world"]:
            told = ast.get_docstring(node) or ""
            for code in codes_of(node):
                if f"`{code}`" not in told:
                    yield f"{path}:{node.lineno}: {node.name} refuses with `{code}` and its docstring does not say so"


def codes_of(tree: ast.AST) -> Iterator[str]:
    """The refusal codes that are named in code, as they are stored."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and dotted(node.value) == "Code":
            yield node.attr.lower().replace("_", "-")


def numbers_in_rules(path: Path, text: str) -> Iterator[str]:
    """Numbers above one in code that judges; those of the business stand in policies. Indices may stay."""
    tree = ast.parse(text)
    indices = {id(n.slice) for n in ast.walk(tree) if isinstance(n, ast.Subscript)}
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=int() | float() as value) if value > 1 and id(node) not in indices:
                yield f"{path}:{node.lineno}: {value} belongs into a policy"


def impure(path: Path, text: str) -> Iterator[str]:
    """Calls that read a clock, the environment, chance or the world outside."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and dotted(node.func) in CLOCK_AND_CHANCE:
            yield f"{path}:{node.lineno}: {dotted(node.func)}() is not the domain's to call"
        if isinstance(node, ast.Attribute) and dotted(node) in CLOCK_AND_CHANCE:
            yield f"{path}:{node.lineno}: {dotted(node)} is not the domain's to know"


def swallowed(path: Path, text: str) -> Iterator[str]:
    """Handlers after which nobody knows that something went wrong."""
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.ExceptHandler(body=[ast.Pass() | ast.Continue() | ast.Expr(value=ast.Constant())]):
                yield f"{path}:{node.lineno}: an exception is caught and nothing comes of it"
            case ast.Call(args=args) if dotted(node.func).endswith("suppress"):
                if {dotted(arg) for arg in args} & {"Exception", "BaseException"}:
                    yield f"{path}:{node.lineno}: every exception is suppressed"


def idle_or_pretended(path: Path, text: str) -> Iterator[str]:
    """Tests that sleep, skip or mock."""
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.Attribute() | ast.Name() if dotted(node) in IDLE_OR_PRETENDED:
                yield f"{path}:{node.lineno}: {dotted(node)}"
            case ast.Import(names=names) if {name.name for name in names} & IDLE_OR_PRETENDED:
                yield f"{path}:{node.lineno}: imports what pretends"
            case ast.ImportFrom(module=module, names=names):
                found = {f"{module}.{name.name}" for name in names} | {module or ""}
                if found & IDLE_OR_PRETENDED:
                    yield f"{path}:{node.lineno}: imports what idles or pretends"


def wordless_tests(path: Path, text: str) -> Iterator[str]:
    """Tests whose name is no sentence, or that state nothing. What overrides a test of a library has the library's name."""
    tree = ast.parse(text)
    inherited = {id(n) for c in ast.walk(tree) if isinstance(c, ast.ClassDef) and c.bases for n in c.body}
    for function in functions(tree):
        if not function.name.startswith("test_") or id(function) in inherited:
            continue
        if len(function.name.split("_")) < 4:
            yield f"{path}:{function.lineno}: {function.name} is no sentence"
        called = [n.func for n in ast.walk(function) if isinstance(n, ast.Call)]
        calls = {func.attr if isinstance(func, ast.Attribute) else dotted(func) for func in called}
        states = any(isinstance(n, ast.Assert) for n in ast.walk(function)) or "raises" in calls
        if not states and not any(
            re.match(r"(assert|expect|check|verify|meets|tells|refuses)", call) for call in calls
        ):
            yield f"{path}:{function.lineno}: {function.name} states nothing"


def lonely_abstractions(modules: dict[Path, str]) -> Iterator[str]:
    """Abstract classes with fewer than two implementations."""
    classes = [
        (path, n) for path, text in modules.items() for n in ast.walk(ast.parse(text)) if isinstance(n, ast.ClassDef)
    ]
    parents = [dotted(base).split(".")[-1] for _, node in classes for base in unsubscripted(node)]
    for path, node in classes:
        if "ABC" in {dotted(base).split(".")[-1] for base in unsubscripted(node)} and parents.count(node.name) < 2:
            yield f"{path}:{node.lineno}: {node.name} is abstract for the sake of {parents.count(node.name)} class"


def not_for_others(path: Path, text: str) -> Iterator[str]:
    """Paths of one machine, hosts of package registries, and what looks like a secret; tests may make passwords up."""
    wanted = [("a machine's path", MACHINE_PATHS), ("a registry", REGISTRIES), ("a secret", SECRETS)]
    if path.parts[0] != "tests":
        wanted.append(("a password", PASSWORDS))
    for number, line in enumerate(text.splitlines(), 1):
        for what, pattern in wanted:
            if pattern.search(line):
                yield f"{path}:{number}: {what}? {line.strip()[:100]}"
