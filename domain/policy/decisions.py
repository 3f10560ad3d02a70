"""Publishing a policy: consistent in itself, never changed, never two of one scope at the same time."""

from typing import Literal

from domain.authority import reserved
from domain.fact import POLICIES, Command
from domain.policy.facts import PolicyFact, PolicyPublished
from domain.policy.lint import lint
from domain.policy.terms import PolicyVersion
from domain.refusals import Code, Refusal
from domain.world import World

Answer = list[PolicyFact] | Refusal


class PublishPolicy(Command):
    """Put a policy version into force, from its own time on."""

    name: Literal["publish-policy"] = "publish-policy"
    version: PolicyVersion

    @property
    def stream(self) -> str:
        return POLICIES


def publish(command: PublishPolicy, world: World) -> Answer:
    """Publish a version. Publishing the same version again changes nothing.

    Refuses with `not-allowed`, `policy-published` (another content under the same id), `policy-invalid` or
    `policy-overlap`, in this order.
    """
    version = command.version
    clause = f"policy/{version.policy}"
    if refusal := reserved(world, command.actor, command.at, "manager", clause=clause):
        return refusal
    published = world.policies.versions
    if known := published.get(version.policy):
        if known.content_hash == version.content_hash:
            return []
        return Refusal(code=Code.POLICY_PUBLISHED, clause=clause, rival=version.policy, rival_at=known.effective_from)
    errors = [finding for finding in lint(version, published.values()) if finding.level == "error"]
    if findings := [finding for finding in errors if finding.code != "overlap"]:
        told = "; ".join(f"{'.'.join(map(str, finding.path))}: {finding.message}" for finding in findings)
        return Refusal(code=Code.POLICY_INVALID, clause=clause, detail=told)
    if rival := world.policies.rival(version):
        return Refusal(
            code=Code.POLICY_OVERLAP,
            clause=clause,
            rival=rival.policy,
            rival_at=rival.effective_from,
            until=rival.effective_until,
            detail=f"A version that says `supersedes: {rival.policy}` and begins later ends it.",
        )
    return [
        PolicyPublished(
            at=command.at,
            policy=version.policy,
            content_hash=version.content_hash,
            version=version,
            by=command.actor,
        )
    ]
