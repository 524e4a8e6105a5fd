"""Scores and frames beyond the largest budget, from one agent's own bounded power law; refused where it is a guess.

Each agent is fitted alone, so that no asymptote is borrowed from another one. A prediction interval adds to the
uncertainty of the curve (bootstrap) the noise of a new aggregate and the misfit of the form. One that holds more than
half of all scores there are says nothing and is refused, and so is what a formula says that runs below the end of the
curve: a score lower than one seen with fewer frames is no prediction.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit

from efficientzero.scaling.curves import Curves
from efficientzero.scaling.power_laws.fit import PowerLawFit, fit_batch, fit_power_law
from efficientzero.scaling.power_laws.power_law import MODELS
from efficientzero.scaling.refused import Refused
from efficientzero.scaling.resampling import Interval, Resamples, exponentiated

FARTHEST = 4.0  # times the largest budget
LEAST_RANGE = 10.0  # largest over smallest budget
LEAST_BUDGETS = 4
LEAST_MISS = 0.01  # of the last level seen: a fit that is below it by less fits
WIDEST = 0.5  # of z, which lies between 0 and 1: the widest prediction interval that still says something
MODEL = MODELS["M0"]  # of a single agent: alpha, mu, E


@dataclass(frozen=True)
class _Law:
    """One agent's fit and refits; `parameters`: float64 [resamples, 3]; `observed`: float64 [budgets]; `last`: float64
    [resamples], the aggregate at the largest budget; `noise`: its standard error."""

    fit: PowerLawFit
    parameters: np.ndarray
    observed: np.ndarray
    last: np.ndarray
    noise: float
    resampled: Resamples


def predict_score(curves: Curves, resampled: Resamples, agent: str, frames: float) -> Interval | Refused:
    """The aggregate score of `agent` at a budget above the largest one, with its prediction interval.

    The interval is for the aggregate that as many games and seeds would give at that budget, measured anew; it is
    computed on the logit scale, so it stays in (0, 1), and `standard_error` is on the scale of the score.
    Refused: beyond 4 times the largest budget, at a budget already in range, under four budgets or one decade of them,
    for a flat curve, where the interval is wider than `WIDEST`, and where the formula misses the end of the curve from
    below or predicts less than was seen there.
    """
    largest = float(curves.frames[-1])
    if frames > FARTHEST * largest:
        return Refused.because("too far", frames=frames, farthest=FARTHEST, largest=largest)
    if frames <= largest:
        return Refused.because("not beyond", frames=frames, agent=agent)
    law = _law(curves, resampled, agent)
    if isinstance(law, Refused):
        return law
    score, seen = float(law.fit.scores(np.array([frames]))[0, 0]), law.observed[-1]
    if score < seen:
        facts = {"frames": frames, "largest": largest, "score": score, "seen": seen}
        return Refused.because("prediction below the end", agent=agent, **facts)
    scores = MODEL.scores(law.parameters, np.log([frames]), 1)[:, 0, 0]
    tiny = np.finfo(float).tiny
    share = score * (1.0 - score)
    curve = resampled.inflation * float(np.std(logit(np.clip(scores, tiny, 1 - 1e-15)), ddof=1))
    misfit = law.fit.residual_sum_of_squares / (len(curves.frames) - law.parameters.shape[1])
    error = float(np.sqrt(curve**2 + (law.noise**2 + misfit) / share**2))
    half = resampled.quantile() * error
    low, high = expit(logit(score) - half), expit(logit(score) + half)
    if high - low > WIDEST:
        return Refused.because("wide prediction", agent=agent, frames=frames, low=low, high=high)
    return Interval(score, float(low), float(high), error * share, resampled.df)


def frames_to_reach(
    curves: Curves, resampled: Resamples, agent: str, score: float, scores: np.ndarray | None = None
) -> Interval | Refused:
    """The ALE frames with which the curve of `agent` reaches a score that it was not seen to reach.

    Args:
        scores: float64 [resamples], what `score` is in each resample where it was measured too, as the final level of
            another agent was: games that are easy for one are for the other, and the two errors partly cancel.

    Refused as `predict_score`, and for a score that is not surely below the asymptote 1 - E, or farther than 4 times
    the largest budget.
    """
    largest = float(curves.frames[-1])
    law = _law(curves, resampled, agent, score)
    if isinstance(law, Refused):
        return law
    asymptote, asymptotes = -float(law.fit.parameters[-1]), -law.parameters[:, -1]
    facts = {"agent": agent, "score": score, "asymptote": expit(asymptote)}
    if score >= expit(asymptote):
        return Refused.because("above the asymptote", **facts)
    goals = np.full(len(asymptotes), score) if scores is None else scores
    many = asymptotes - logit(np.clip(goals, np.finfo(float).tiny, 1 - 1e-15))
    room = resampled.interval(asymptote - float(logit(score)), many)
    if isinstance(room, Refused):
        return room
    if room.low <= 0.0:
        return Refused.because("unsure asymptote", **facts)
    estimate = float(_log_frames_at(law.fit.parameters[None], np.array([score]))[0])
    if estimate <= np.log(largest):
        facts = {"agent": agent, "score": score, "frames": np.exp(estimate), "largest": largest}
        return Refused.because("frames before the end", **facts)
    if estimate > np.log(FARTHEST * largest):
        return Refused.because("score too far", agent=agent, score=score, farthest=FARTHEST, largest=largest)
    found = resampled.interval(estimate, _log_frames_at(law.parameters, goals))
    return found if isinstance(found, Refused) else exponentiated(found)


def _law(curves: Curves, resampled: Resamples, agent: str, score: float = np.inf) -> _Law | Refused:
    """Refused where it cannot be fitted or misses the end of the curve; and if `score` is seen there."""
    budgets, span = len(curves.frames), float(curves.frames[-1] / curves.frames[0])
    if budgets < LEAST_BUDGETS:
        return Refused.because("budgets of an extrapolation", least=LEAST_BUDGETS, budgets=budgets)
    if span < LEAST_RANGE * (1 - 1e-9):
        return Refused.because("span of an extrapolation", least=LEAST_RANGE, span=span)
    observed = curves.select(agents=(agent,)).aggregate[0]
    aggregate = resampled.aggregate[:, curves.agents.index(agent)]
    fit = fit_power_law(curves.frames, observed[None], (agent,), MODEL)
    if isinstance(fit, Refused):
        return fit
    if score <= observed[-1]:
        return Refused.because("score seen", agent=agent, score=score)
    parameters = fit_batch(np.log(curves.frames), aggregate[:, None, :], MODEL, fit.parameters)
    noise = resampled.inflation * float(aggregate[:, -1].std(ddof=1))
    law = _Law(fit, parameters, observed, aggregate[:, -1], noise, resampled)
    return _misses_the_end(law) or law


def _misses_the_end(law: _Law) -> Refused | None:
    """Whether the fit lies below the last level seen by more than the error of the difference, in which what the games
    and runs drawn have in common cancels."""
    largest, seen, fitted = float(law.fit.frames[-1]), law.observed[-1], float(law.fit.fitted[0, -1])
    again = MODEL.scores(law.parameters, np.log([largest]), 1)[:, 0, 0]
    error = law.resampled.inflation * float(np.std(law.last - again, ddof=1))
    if seen - fitted <= max(LEAST_MISS * seen, law.resampled.quantile() * error):
        return None
    return Refused.because("end missed", agent=law.fit.agents[0], fitted=fitted, largest=largest, seen=seen)


def _log_frames_at(parameters: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """ln frames at `scores`, float64 [resamples] each; NaN where the asymptote lies below."""
    log_exponent, midpoint, error_logit = parameters.T
    shares = scores / expit(-error_logit)
    reached = shares < 1.0
    return np.where(reached, midpoint + logit(np.where(reached, shares, 0.5)) / np.exp(log_exponent), np.nan)
