"""Scores and frames beyond the largest budget, from one agent's own bounded power law; refused where it is a guess.

Each agent is fitted alone, so that no asymptote is borrowed from another one. A prediction interval adds to the
uncertainty of the curve (bootstrap) the noise of a new aggregate and the misfit of the form. One that holds more than
half of all scores there are says nothing and is refused, and so is what a formula says that runs below the end of the
curve: a score lower than one seen with fewer frames is no prediction.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats
from scipy.special import expit, logit

from efficientzero.scaling.curves import Curves
from efficientzero.scaling.power_laws.fit import PowerLawFit, fit_batch, fit_power_law
from efficientzero.scaling.power_laws.power_law import MODELS
from efficientzero.scaling.refused import Refused
from efficientzero.scaling.resampling import Interval, Resamples, exponentiated, interval

FARTHEST = 4.0  # times the largest budget
LEAST_RANGE = 10.0  # largest over smallest budget
LEAST_BUDGETS = 4
LEAST_MISS = 0.01  # of the last level seen: a fit that is below it by less fits
WIDEST = 0.5  # of z, which lies between 0 and 1: the widest prediction interval that still says something
MODEL = MODELS["M0"]  # of a single agent: alpha, mu, E


@dataclass(frozen=True)
class _Law:
    """One agent's fit and refits; `parameters`: float64 [resamples, 3]; `observed`: float64 [budgets]."""

    fit: PowerLawFit
    parameters: np.ndarray
    observed: np.ndarray
    last: np.ndarray  # float64 [resamples], the aggregate at the largest budget
    noise: float  # standard error of the aggregate at the largest budget
    inflation: float
    df: float


def predict_score(
    curves: Curves, resampled: Resamples | Refused, agent: str, frames: float, confidence: float = 0.95
) -> Interval | Refused:
    """The aggregate score of `agent` at a budget above the largest one, with its prediction interval.

    The interval is for the aggregate that as many games and seeds would give at that budget, measured anew; it is
    computed on the logit scale, so it stays in (0, 1), and `standard_error` is on the scale of the score.
    Refused: beyond 4 times the largest budget, at a budget already in range, under four budgets or one decade of them,
    for a flat curve, where the interval is wider than `WIDEST`, and where the formula misses the end of the curve from
    below or predicts less than was seen there.
    """
    largest = float(curves.frames[-1])
    if frames > FARTHEST * largest:
        return Refused(f"{frames:,.0f} frames are beyond {FARTHEST:g} times the largest budget, {largest:,.0f} frames")
    if frames <= largest:
        return Refused(f"{frames:,.0f} frames lie within the observed budgets: read the curve of {agent} there")
    law = _law(curves, resampled, agent)
    if isinstance(law, Refused):
        return law
    missed = _below_the_end(law, largest, confidence)
    if missed is not None:
        return missed
    log_frames = np.log([frames])
    score = float(law.fit.scores(np.array([frames]))[0, 0])
    if score < law.observed[-1]:
        return Refused(
            f"the formula does not fit the end of the curve of {agent}: it gives {score:.3f} at {frames:,.0f} frames, "
            f"less than the {law.observed[-1]:.3f} seen at {largest:,.0f}"
        )
    scores = MODEL.scores(law.parameters, log_frames, 1)[:, 0, 0]
    tiny = np.finfo(float).tiny
    share = score * (1.0 - score)
    curve = law.inflation * float(np.std(logit(np.clip(scores, tiny, 1 - 1e-15)), ddof=1))
    misfit = law.fit.residual_sum_of_squares / (len(curves.frames) - law.parameters.shape[1])
    error = float(np.sqrt(curve**2 + (law.noise**2 + misfit) / share**2))
    half = float(stats.t.ppf((1 + confidence) / 2, law.df)) * error
    low, high = expit(logit(score) - half), expit(logit(score) + half)
    if high - low > WIDEST:
        return Refused(
            f"the score of {agent} at {frames:,.0f} frames could lie anywhere from {low:.2f} to {high:.2f} in z, more "
            "than half of what there is, which predicts nothing; it needs more seeds, games or budgets"
        )
    return Interval(score, float(low), float(high), error * share, law.df)


def frames_to_reach(
    curves: Curves,
    resampled: Resamples | Refused,
    agent: str,
    score: float,
    scores: np.ndarray | None = None,
    confidence: float = 0.95,
) -> Interval | Refused:
    """The ALE frames with which the curve of `agent` reaches a score that it was not seen to reach.

    Args:
        scores: float64 [resamples], what `score` is in each resample where it was measured too, as the final level of
            another agent was: games that are easy for one are for the other, and the two errors partly cancel.

    Refused as `predict_score`, and for a score that is not surely below the asymptote 1 - E, or farther than 4 times
    the largest budget.
    """
    law = _law(curves, resampled, agent)
    if isinstance(law, Refused):
        return law
    if score <= law.observed[-1]:
        return Refused(f"{agent} reaches {score:.3f} within the observed budgets: read its curve there")
    largest = float(curves.frames[-1])
    missed = _below_the_end(law, largest, confidence)
    if missed is not None:
        return missed
    asymptote, asymptotes = -float(law.fit.parameters[-1]), -law.parameters[:, -1]
    if score >= expit(asymptote):
        return Refused(f"{score:.3f} is above {expit(asymptote):.3f}, which the fitted curve of {agent} never exceeds")
    goals = np.full(len(asymptotes), score) if scores is None else scores
    room = interval(
        asymptote - float(logit(score)),
        asymptotes - logit(np.clip(goals, np.finfo(float).tiny, 1 - 1e-15)),
        law.inflation, law.df, confidence,
    )  # fmt: skip
    if isinstance(room, Refused):
        return room
    if room.low <= 0.0:
        return Refused(
            f"{score:.3f} may be above all that {agent} would ever reach: its fitted curve ends at "
            f"{expit(asymptote):.3f}, but that is not sure enough; it needs larger budgets, or more seeds or games"
        )
    estimate = float(_log_frames_at(law.fit.parameters[None], np.array([score]))[0])
    if estimate <= np.log(largest):
        return Refused(
            f"the formula does not fit the end of the curve of {agent}: it reaches {score:.3f} at "
            f"{np.exp(estimate):,.0f} frames, and the curve was still lower at {largest:,.0f}"
        )
    if estimate > np.log(FARTHEST * largest):
        return Refused(
            f"{agent} would reach {score:.3f} beyond {FARTHEST:g} times the largest budget, {largest:,.0f} frames"
        )
    found = interval(estimate, _log_frames_at(law.parameters, goals), law.inflation, law.df, confidence)
    return found if isinstance(found, Refused) else exponentiated(found)


def _law(curves: Curves, resampled: Resamples | Refused, agent: str) -> _Law | Refused:
    if isinstance(resampled, Refused):
        return resampled
    budgets, span = len(curves.frames), float(curves.frames[-1] / curves.frames[0])
    if budgets < LEAST_BUDGETS:
        return Refused(f"extrapolation needs at least {LEAST_BUDGETS} budgets and these curves have {budgets}")
    if span < LEAST_RANGE * (1 - 1e-9):
        return Refused(f"extrapolation needs budgets over a factor of {LEAST_RANGE:g} and these span {span:.3g}")
    observed = curves.select(agents=(agent,)).aggregate[0]
    aggregate = resampled.aggregate[:, curves.agents.index(agent)]
    fit = fit_power_law(curves.frames, observed[None], (agent,), MODEL)
    if isinstance(fit, Refused):
        return fit
    parameters = fit_batch(np.log(curves.frames), aggregate[:, None, :], MODEL, fit.parameters)
    noise = resampled.inflation * float(aggregate[:, -1].std(ddof=1))
    return _Law(fit, parameters, observed, aggregate[:, -1], noise, resampled.inflation, resampled.df)


def _below_the_end(law: _Law, largest: float, confidence: float) -> Refused | None:
    """Whether the fit lies below the last level seen by more than the error of the difference, in which what the games
    and runs drawn have in common cancels."""
    fitted = float(law.fit.fitted[0, -1])
    again = MODEL.scores(law.parameters, np.log([largest]), 1)[:, 0, 0]
    error = law.inflation * float(np.std(law.last - again, ddof=1))
    least = max(LEAST_MISS * law.observed[-1], float(stats.t.ppf((1 + confidence) / 2, law.df)) * error)
    if law.observed[-1] - fitted <= least:
        return None
    return Refused(
        f"the formula does not fit the end of the curve of {law.fit.agents[0]}: it gives {fitted:.3f} at "
        f"{largest:,.0f} frames, where {law.observed[-1]:.3f} was seen"
    )


def _log_frames_at(parameters: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """ln frames at `scores`, float64 [resamples] each; NaN where the asymptote lies below."""
    log_exponent, midpoint, error_logit = parameters.T
    shares = scores / expit(-error_logit)
    reached = shares < 1.0
    return np.where(reached, midpoint + logit(np.where(reached, shares, 0.5)) / np.exp(log_exponent), np.nan)
