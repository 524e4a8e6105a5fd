"""A quantity that the data cannot give: a value with its reason, where a number would mislead; and every such reason.

Estimators name a reason and its facts; the sentences stand here. They say in a sentence or two why there is no number
and what would give one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

REASONS = {
    # Of resamples and intervals.
    "one seed": "{agents} ran with one seed only, which does not show how much seeds differ; run at least two, better "
    "five",
    "one game": "one game does not show how much games differ; run at least two, better ten",
    "no estimate": "these curves give no such figure, so it has no interval either",
    "resamples without it": "with other seeds or games there might be no such figure: {lost:.0%} of the resamples have "
    "none, so it has no interval",
    "no difference to it": "no seed or game makes a difference to it here, so nothing says how much is chance",
    # Of curves and the levels that they reach.
    "budgets of an exponent": "{budgets} cannot show an exponent; evaluate at three or more, better six",
    "exponent of no rise": "{rise}, and an exponent needs a rise",
    "unsure rise": "that the curve of {agent} rises is not sure: it goes from {start:.3f} in z at the first budget to "
    "{end:.3f} at the last, and {units} differ too much to tell that from none; it needs wider budgets or more {more}",
    "levels of an exponent": "{first} and {second} share too few levels: {first} goes from {starts[0]:.3f} to "
    "{ends[0]:.3f} in z and {second} goes from {starts[1]:.3f} to {ends[1]:.3f} in z; give the one that is behind "
    "larger budgets, or the other smaller ones",
    "frames of no rise": "{rise}, so no number of its frames stands for a level",
    "level not seen": "the level {level:.3f} lies {side} what {agent} was seen at, {start:.3f} to {end:.3f}; it needs "
    "{budgets} budgets",
    "level near an end": "the level {level:.3f} is too near the ends of the levels that {first} and {second} were both "
    "seen at, {low:.3f} to {high:.3f}: with other seeds or games one of them might not reach it",
    "no common levels": "{first} and {second} were not seen to reach the same levels; give one of them other budgets",
    "unsure common levels": "with other seeds or games {first} and {second} might not reach the same levels",
    "levels of a trend": "{first} and {second} share too few levels to see if the ratio of their frames changes",
    "levels of a form": "the two curves have too few levels in common",
    "exponents alike": "the exponents of {first} and {second} cannot be told apart, so nothing says that they cross",
    "no crossing": "{agent} is ahead at every budget observed; a crossing beyond them would be a guess",
    "crossings": "{first} and {second} cross {count} times within the budgets observed, not once",
    "unsure crossing": "with other seeds or games {first} and {second} might not cross within the budgets observed",
    # Of power laws.
    "budgets of a power law": "a power law needs at least {least} budgets and these curves have {budgets}",
    "power law of no rise": "{rise}; a power law needs a rise of {least} of the way from random to the ceiling",
    "points of a power law": "the formula has {size} numbers to fit ({model}) and the curves of {agents} agents at "
    "{budgets} budgets only {points} points; it needs more budgets",
    "points of the criterion": "too few points to say which formula fits better: with {size} numbers to fit that takes "
    "{least} points (AICc) and these curves have {points}; it needs more budgets",
    "points of a form": "another formula ({form}) has {least} numbers to fit and each curve only {points} points",
    "common exponent": "the formula that is fitted here gives all agents one exponent ({model})",
    "common asymptote": "the formula that is fitted here gives all agents one asymptote ({model})",
    "exponent at its bound": "the fitted exponent of {agent} runs to the end of what is tried, {least:.2f} to "
    "{most:.0f} ({model}): its curve shows none",
    "resampled exponents at a bound": "the fitted exponent of {agent} runs to the end of what is tried, {least:.2f} to "
    "{most:.0f}, in {share:.0%} of the resamples ({model}): its curve is too noisy to show one",
    "no covariance": "the runs do not differ at all, so nothing says how much is chance",
    # Of power.
    "two agents": "power is that of a comparison of two agents and these curves are of {agents}",
    "no spread of seeds": "{agent} ran with one seed only, which shows no spread between seeds",
    "no spread of games": "one game does not show how much games differ",
    "design of one seed": "a design of one seed does not show how much seeds differ; it needs at least two",
    "design of one game": "a design of one game does not show how much games differ; it needs at least two",
    # Of what lies beyond the largest budget.
    "too far": "{frames:,.0f} frames are beyond {farthest:g} times the largest budget, {largest:,.0f} frames",
    "not beyond": "{frames:,.0f} frames lie within the observed budgets: read the curve of {agent} there",
    "score seen": "{agent} reaches {score:.3f} within the observed budgets: read its curve there",
    "budgets of an extrapolation": "extrapolation needs at least {least} budgets and these curves have {budgets}",
    "span of an extrapolation": "extrapolation needs budgets over a factor of {least:g} and these span {span:.3g}",
    "end missed": "the formula does not fit the end of the curve of {agent}: it gives {fitted:.3f} at {largest:,.0f} "
    "frames, where {seen:.3f} was seen",
    "prediction below the end": "the formula does not fit the end of the curve of {agent}: it gives {score:.3f} at "
    "{frames:,.0f} frames, less than the {seen:.3f} seen at {largest:,.0f}",
    "frames before the end": "the formula does not fit the end of the curve of {agent}: it reaches {score:.3f} at "
    "{frames:,.0f} frames, and the curve was still lower at {largest:,.0f}",
    "wide prediction": "the score of {agent} at {frames:,.0f} frames could lie anywhere from {low:.2f} to {high:.2f} "
    "in z, more than half of what there is, which predicts nothing; it needs more seeds, games or budgets",
    "above the asymptote": "{score:.3f} is above {asymptote:.3f}, which the fitted curve of {agent} never exceeds",
    "unsure asymptote": "{score:.3f} may be above all that {agent} would ever reach: its fitted curve ends at "
    "{asymptote:.3f}, but that is not sure enough; it needs larger budgets, or more seeds or games",
    "score too far": "{agent} would reach {score:.3f} beyond {farthest:g} times the largest budget, {largest:,.0f} "
    "frames",
}  # fmt: skip
ROUNDING = 1e-9  # of z


@dataclass(frozen=True)
class Refused:
    """Stands in the place of a number; `reason` says in a sentence or two why there is none and what would give one."""

    reason: str

    @classmethod
    def because(cls, code: str, **facts: Any) -> Refused:
        """By one of the codes of `REASONS` and the facts that its sentence names."""
        return cls(REASONS[code].format(**facts))


def without_rise(agent: str, curve: np.ndarray) -> str:
    """A clause about an aggregate curve [budgets] of z that does not rise enough for what is asked of it: at the
    ceiling or at random play throughout, falling, flat."""
    if curve.min() >= 1.0 - ROUNDING:
        return f"the curve of {agent} is at the ceiling from the first budget on"
    if curve.max() <= ROUNDING:
        return f"the curve of {agent} is no better than random play at any budget"
    ends = f"from {curve[0]:.3f} in z at the first budget to {curve[-1]:.3f} at the last"
    if curve[-1] < curve[0] - ROUNDING:
        return f"the curve of {agent} falls, {ends}"
    return f"the curve of {agent} is flat, {ends}"
