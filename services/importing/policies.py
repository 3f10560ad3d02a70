"""The default policy of a mapping: a shipped version or a file, with some of its terms replaced, published once."""

import json
from collections.abc import Mapping

from pydantic import JsonValue, ValidationError

from domain.policy.decisions import PublishPolicy
from domain.policy.terms import PolicyVersion
from services.importing.mapping import DefaultPolicy, MappingFile, MappingWrong
from services.policy_files import read_policy, shipped


def default_policy(found: MappingFile) -> PublishPolicy | None:
    """The command that publishes the mapping's policy, if it names one. Raises `MappingWrong`."""
    named = found.mapping.policy
    if named is None:
        return None
    terms = original(found, named).model_dump(mode="json", exclude_defaults=True)
    try:
        version = PolicyVersion.model_validate_json(json.dumps(merged(terms, named.terms)), strict=True)
    except ValidationError as error:
        raise MappingWrong(
            [
                f"{found.place('policy', 'terms', *each['loc'])}: {'.'.join(map(str, each['loc']))}: {each['msg']}"
                for each in error.errors(include_url=False, include_input=False)
            ]
        ) from None
    return PublishPolicy(at=version.effective_from, version=version)


def original(found: MappingFile, named: DefaultPolicy) -> PolicyVersion:
    if named.shipped is not None:
        try:
            return shipped(named.shipped)
        except LookupError as error:
            raise MappingWrong([f"{found.place('policy', 'shipped')}: {error}"]) from None
    file = read_policy(found.path.parent / str(named.file))
    if file.version is None:
        raise MappingWrong([f"{found.place('policy', 'file')}: {file.findings[0]}"])
    return file.version


def merged(terms: Mapping[str, JsonValue], others: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """The terms with others in their place; what is nested is merged, what is a list is replaced whole."""
    result = dict(terms)
    for name, value in others.items():
        known = result.get(name)
        result[name] = merged(known, value) if isinstance(known, dict) and isinstance(value, dict) else value
    return result
