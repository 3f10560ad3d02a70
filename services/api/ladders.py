"""What each command can be refused with, read from the rules themselves: a new rule is in the API's document by itself."""

import ast
import inspect
import sys
from collections.abc import Callable, Iterator
from functools import cache
from textwrap import dedent
from types import FunctionType
from typing import Any, Final

from domain.commands import COMMANDS
from domain.judgement import in_the_future
from domain.permissions import not_permitted
from domain.refusals import Code
from services.api.problems import SHAPE

Function = Callable[..., Any]

ROOM: Final = "domain."


@cache
def ladder(command: str) -> frozenset[Code]:
    """Every code that a command of that name may be refused with, for its shape, for who asks, or by its rule."""
    return SHAPE | codes_of(not_permitted) | codes_of(decision(COMMANDS[command])) | {Code.NOT_IN_SIGHT}


def decision(command: type) -> Function:
    """The rule that judges a command of that class: its story's function of that command and the world.

    A command without a rule of its own decides nothing, and is refused with what every command is refused with.
    """
    story = command.__module__.rpartition(".")[0]
    pages = [module for name, module in sorted(sys.modules.items()) if name.startswith(f"{story}.")]
    named = (value for page in pages for value in vars(page).values())
    return next((rule for rule in named if isinstance(rule, FunctionType) and is_rule_of(rule, command)), in_the_future)


def is_rule_of(function: FunctionType, command: type) -> bool:
    return list(inspect.signature(function).parameters) == ["command", "world"] and (
        function.__annotations__["command"] is command
    )


def codes_of(rule: Function) -> frozenset[Code]:
    """The codes that a rule names, itself or in what it calls."""
    found: set[Code] = set()
    seen: set[Function] = set()
    waiting = [rule]
    while waiting:
        function = waiting.pop()
        if function in seen:
            continue
        seen.add(function)
        tree = ast.parse(dedent(inspect.getsource(function)))
        found.update(codes_in(tree))
        waiting.extend(called_in(tree, function))
    return frozenset(found)


def codes_in(tree: ast.AST) -> Iterator[Code]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "Code":
            yield Code[node.attr]


def called_in(tree: ast.AST, function: Function) -> Iterator[Function]:
    """The domain's own functions that a function names."""
    known = function.__globals__
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            named = known.get(node.id)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            named = getattr(known.get(node.value.id), node.attr, None)
        else:
            continue
        if isinstance(named, FunctionType) and named.__module__.startswith(ROOM):
            yield named
