"""The budgets of a scaling curve: the first one doubled up to the last."""

from __future__ import annotations


def doubling_list(first: int, env_steps: int) -> list[dict[str, int]]:
    """``[{from: 0, to: first}, {from: first, to: 2 first}, ...]`` up to `env_steps`, in env steps.

    Raising `env_steps` only appends, so the earlier milestones of a run stay as they are. Raises ValueError, naming the
    nearest budgets that work, unless `env_steps` is `first` times a power of two.
    """
    budgets = [first]
    while budgets[-1] * 2 <= env_steps:
        budgets.append(budgets[-1] * 2)
    if budgets[-1] != env_steps:
        nearest = f"{first}" if env_steps < first else f"{budgets[-1]} or {2 * budgets[-1]}"
        raise ValueError(
            f"must be milestones.first ({first}) doubled some number of times; the nearest to {env_steps}: {nearest}"
        )
    return [{"from": start, "to": end} for start, end in zip([0, *budgets], budgets, strict=False)]
