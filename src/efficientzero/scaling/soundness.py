"""Whether a network is sound enough to be searched: what was measured on recorded positions, against thresholds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd

from efficientzero.scaling.instruments import REPLAY, SCORED_GAMES

# A search looks a few steps ahead, and the most visited nodes are the nearest.
DEPTHS = 3
# Below it less than two thirds of what rewards vary by is foreseen (.8 squared is .64).
REWARD_CORRELATION = 0.8
# Two modes of one function differ by less: of 256 positions a correlation of .8 is uncertain by .02.
MODES_APART = 0.1
# One of five rewards missed still leaves a correlation of .9, so that a low one is no accident of a single reward.
REWARDED_POSITIONS = 5
KNOWN_ENDS = 5  # fewer may be of one place or one moment
KNOWN_RETURNS = 10  # with fewer the mean of the returns is uncertain by a third of their deviation
# The next three are shares of the standard deviation of the returns, by which good and bad positions differ.
VALUE_BIAS = 0.5
VALUES_APART = 0.25  # half of that, since the modes may differ in both directions and be right in the mean
# n-step targets that bootstrap from search add it at every update, 1 / (1 - discount^n) times in the end: 17 times for
# n = 5 and a discount of .988, which makes more than the whole deviation of it. With n = 0 only the rewards and
# discounts within the search hold it back.
SEARCH_DRIFT = 0.1
VALUE_PAST_END = 0.5  # of root values: with more of it left, an action that ends the game looks like any other
NORM_GROWTH = 1.5  # of the norm at the root: heads that are right there are asked far from all they see there
ENTROPY = (
    0.05,
    0.95,
)  # of that of the uniform policy: outside, the search has nothing left to choose, or chooses nothing

Judgement = Literal["sound", "not sound", "cannot be said"]


class Check(NamedTuple):
    """One thing that was looked at: what it is called, how it is, and a clause that says why."""

    subject: str
    judgement: Judgement
    reason: str


class Figures:
    """The values of one agent at one budget, of positions of one source.

    Args:
        rows: of `read_soundness`, of that agent and budget. source: of the positions.

    Attributes:
        where: what says so after the name of a thing that was looked at; nothing of the replay.
    """

    def __init__(self, rows: pd.DataFrame, source: str):
        self.where = "" if source == REPLAY else f" in {source}"
        rows = rows[rows.source == source]
        keys = list(zip(rows.quantity, rows.depth, rows["mode"], strict=True))
        self._values = dict(zip(keys, rows.value.astype("float64"), strict=True))
        self._positions = dict(zip(keys, rows.positions / rows.runs.clip(lower=1), strict=True))

    def value(self, quantity: str, mode: str = "evaluation", depth: int = 0) -> float:
        """NaN where it is not there or not defined."""
        return self._values.get((quantity, depth, mode), np.nan)

    def positions(self, quantity: str, mode: str = "evaluation", depth: int = 0) -> float:
        """How many the value is of, in the mean over runs."""
        return self._positions.get((quantity, depth, mode), 0.0)

    def depths(self, quantity: str) -> list[int]:
        """Those it was measured at in evaluation mode, ascending."""
        return sorted(depth for name, depth, mode in self._values if (name, mode) == (quantity, "evaluation"))


def judge(rows: pd.DataFrame) -> list[Check]:
    """What was looked at of one agent at one budget; of an agent without a model, its values alone.

    Args:
        rows: of `read_soundness`, of that agent and budget.
    """
    figures, unseen = Figures(rows, REPLAY), Figures(rows, SCORED_GAMES)
    of_values, of_unseen_values = [_values(figures), _values_of_modes(figures)], [_values(unseen)]
    if not figures.depths("reward_correlation"):
        return of_values + of_unseen_values
    return [
        *_rewards(figures), *of_values, _ends(figures), _search(figures), _latents(figures), _policies(figures),
        _rewards(unseen)[0], *of_unseen_values, _ends(unseen),
    ]  # fmt: skip


def overall(checks: Sequence[Check]) -> Judgement:
    """Not sound if anything is not; sound if everything is."""
    found = {check.judgement for check in checks}
    return "not sound" if "not sound" in found else "cannot be said" if "cannot be said" in found else "sound"


def _rewards(figures: Figures) -> list[Check]:
    subjects = (f"rewards{figures.where}", "rewards in both modes")
    asked = figures.depths("reward_correlation")[:DEPTHS]
    counts = [figures.value("rewarded_positions", "recorded", depth) for depth in asked]
    searched = {depth: figures.value("reward_correlation", depth=depth) for depth in asked}
    trained = {depth: figures.value("reward_correlation", "training", depth) for depth in asked}
    depths = [
        depth
        for depth, count in zip(asked, counts, strict=True)
        if count >= REWARDED_POSITIONS and np.isfinite(searched[depth]) and np.isfinite(trained[depth])
    ]
    if not depths:
        few = (
            "no rewards were measured"
            if not asked
            else (
                f"{_in_order(counts, '.3g')} of the sampled positions had a reward at {_places(asked)}, and at least "
                f"{REWARDED_POSITIONS}, with rewards that differ, are needed for a correlation"
            )
        )
        return [Check(subject, "cannot be said", few) for subject in subjects]
    low = min(searched[depth] for depth in depths) < REWARD_CORRELATION
    worst = max(depths, key=lambda depth: trained[depth] - searched[depth])
    apart = trained[worst] - searched[worst] > MODES_APART
    return [
        Check(
            subjects[0],
            "not sound" if low else "sound",
            "in evaluation mode, in which the search runs, the correlation of predicted with recorded rewards at "
            f"{_places(depths)} is {_in_order([searched[depth] for depth in depths], '.2f')}, "
            + ("where a search needs" if low else "and a search needs no more than")
            + f" {REWARD_CORRELATION:g}",
        ),
        Check(
            subjects[1],
            "not sound" if apart else "sound",
            f"the search runs on another function than the one that is trained: at depth {worst} the correlation is "
            f"{trained[worst]:.2f} in training mode and {searched[worst]:.2f} in evaluation mode"
            if apart
            else f"at no depth is the correlation in evaluation mode more than {MODES_APART:g} below that in training "
            "mode",
        ),
    ]


def _deviation(figures: Figures) -> float:
    """The standard deviation of the returns; NaN where too few are known or they are all the same."""
    known = figures.positions("return_deviation", "recorded") >= KNOWN_RETURNS
    deviation = figures.value("return_deviation", "recorded")
    return deviation if known and deviation > 0.0 else np.nan


def _no_returns(figures: Figures, subject: str) -> Check:
    known = figures.positions("return_deviation", "recorded")
    return Check(
        subject,
        "cannot be said",
        f"the return to the end of the episode is known of {known:.3g} of the sampled positions, and at least "
        f"{KNOWN_RETURNS} that differ are needed to compare with",
    )


def _values(figures: Figures) -> Check:
    bias = figures.value("value_bias")
    said = f"root values are {abs(bias):.2g} {_side(bias)} the recorded returns in the mean"
    return _against_returns(figures, f"values{figures.where}", bias, VALUE_BIAS, said)


def _values_of_modes(figures: Figures) -> Check:
    apart = figures.value("value_difference_of_modes", "training")
    said = f"root values in evaluation and in training mode are {apart:.2g} apart in the mean"
    return _against_returns(figures, "values in both modes", apart, VALUES_APART, said)


def _ends(figures: Figures) -> Check:
    subject, left, ends = (
        f"ends{figures.where}",
        figures.value("value_past_end", depth=1),
        figures.positions("value_past_end", depth=1),
    )
    if ends < KNOWN_ENDS or not np.isfinite(left):
        return Check(
            subject,
            "cannot be said",
            f"{ends:.3g} terminations were sampled; at least {KNOWN_ENDS} are needed, and root values other than 0",
        )
    if not np.isfinite(_deviation(figures)):
        return _no_returns(figures, subject)
    unseen = left > VALUE_PAST_END
    return Check(
        subject,
        "not sound" if unseen else "sound",
        "one imagined step past the end of an episode, where nothing more can be had, the value is "
        f"{left:.2g} of that of a usual position"
        + (": the search does not see ends coming, or nothing shown tells of them" if unseen else ""),
    )


def _search(figures: Figures) -> Check:
    drift = figures.value("search_minus_network_value")
    said = f"the search finds values {abs(drift):.2g} {_side(drift)} the network's own in the mean"
    grows = ", and targets that bootstrap from search add it again at every update"
    return _against_returns(figures, "search values", drift, SEARCH_DRIFT, said, grows)


def _side(difference: float) -> str:
    return "above" if difference > 0 else "below"


def _against_returns(
    figures: Figures, subject: str, difference: float, share: float, said: str, if_more: str = ""
) -> Check:
    """Not sound where a difference of values is more than a share of the deviation of the returns."""
    deviation = _deviation(figures)
    if not np.isfinite(difference / deviation):
        return _no_returns(figures, subject)
    more = abs(difference) > share * deviation
    return Check(
        subject,
        "not sound" if more else "sound",
        f"{said}, {'more' if more else 'no more'} than {100 * share:.0f} % of the standard deviation of the returns, "
        f"{deviation:.2g}{if_more if more else ''}",
    )


def _latents(figures: Figures) -> Check:
    subject, root = "latents", figures.value("latent_norm")
    if not root > 0.0:
        return Check(subject, "cannot be said", "no latent at the root has a norm above 0")
    norms = {depth: figures.value("latent_norm", depth=depth) for depth in figures.depths("latent_norm")}
    growth = {depth: norm / root for depth, norm in norms.items() if np.isfinite(norm)}
    most = max(growth, key=growth.__getitem__)
    grows = growth[most] > NORM_GROWTH
    return Check(
        subject,
        "not sound" if grows else "sound",
        f"latents grow with every imagined step, to {growth[most]:.2g} times their norm at the root at depth {most}"
        if grows
        else f"at no depth is the norm of the latents more than {NORM_GROWTH:g} times that at the root",
    )


def _policies(figures: Figures) -> Check:
    subject, entropy, (least, most) = "search policies", figures.value("search_policy_entropy"), ENTROPY
    if not np.isfinite(entropy):
        return Check(subject, "cannot be said", "there is only one action")
    what = (
        "the search decides on one action nearly everywhere"
        if entropy < least
        else "the search hardly prefers one action to another"
        if entropy > most
        else "the search prefers some actions and leaves others open"
    )
    return Check(
        subject,
        "sound" if least <= entropy <= most else "not sound",
        f"{what}: the entropy of its policies is {entropy:.2f} of that of the uniform policy",
    )


def _places(depths: Sequence[int]) -> str:
    numbers = [str(depth) for depth in depths]
    return f"depth{'s' if len(numbers) > 1 else ''} {_and(numbers)}"


def _in_order(values: Sequence[float], written: str) -> str:
    return _and([format(value, written) for value in values])


def _and(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
