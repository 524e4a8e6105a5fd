"""The bounded power law of score against frames: nested models of several agents, their residuals and derivatives.

s(n) = (1 - E) * expit(alpha * (ln n - mu)): the odds s / (1 - E - s) grow as the power alpha of the frames n. alpha is
the exponent, mu the log of the frames at half of the asymptote, E the share of the ceiling that is never reached.
Two agents with one alpha and one E differ by a constant multiple of frames, exp(mu_B - mu_A): an offset.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import expit

Loss = Literal["linear", "soft_l1"]

LOG_EXPONENT_BOUNDS = (float(np.log(0.02)), float(np.log(8.0)))
ERROR_LOGIT_BOUNDS = (-9.0, 3.0)
MIDPOINT_REACH = float(np.log(1e6))  # how far outside the observed ln frames mu may lie
RIDGE = 1e-4  # weight of logit E as one more residual: too little to move a fit, enough where E means nothing
ROBUST_SCALE = 0.02  # residual, in units of the score, beyond which soft_l1 counts less than its square


@dataclass(frozen=True)
class Model:
    """Which parameters the agents share. mu is always each agent's own.

    A parameter vector holds ln alpha (one, or one per agent), mu (one per agent), logit E (one, or one per agent).
    """

    name: str
    own_exponents: bool
    own_errors: bool

    def size(self, agents: int) -> int:
        """The number of parameters."""
        return agents + (agents if self.own_exponents else 1) + (agents if self.own_errors else 1)

    def split(self, parameters: np.ndarray, agents: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """ln alpha, mu and logit E, each float64 [..., agents], of float64 [..., parameters]."""
        exponents = agents if self.own_exponents else 1
        shape = (*parameters.shape[:-1], agents)
        log_exponent = np.broadcast_to(parameters[..., :exponents], shape)
        error_logit = np.broadcast_to(parameters[..., exponents + agents :], shape)
        return log_exponent, parameters[..., exponents : exponents + agents], error_logit

    def bounds(self, agents: int, log_frames: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Lower and upper bounds, float64 [parameters] each."""
        midpoint = (log_frames[0] - MIDPOINT_REACH, log_frames[-1] + MIDPOINT_REACH)
        exponents, errors = (agents if own else 1 for own in (self.own_exponents, self.own_errors))
        pairs = [LOG_EXPONENT_BOUNDS] * exponents + [midpoint] * agents + [ERROR_LOGIT_BOUNDS] * errors
        low, high = np.array(pairs, dtype=np.float64).T
        return low, high

    def scores(self, parameters: np.ndarray, log_frames: np.ndarray, agents: int) -> np.ndarray:
        """s, float64 [..., agents, budgets], at ln frames [budgets]."""
        log_exponent, midpoint, error_logit = (part[..., None] for part in self.split(parameters, agents))
        return expit(-error_logit) * expit(np.exp(log_exponent) * (log_frames - midpoint))

    def residuals(self, parameters: np.ndarray, log_frames: np.ndarray, observed: np.ndarray) -> np.ndarray:
        """Fitted minus observed, then the ridge: float64 [..., agents * budgets + errors]."""
        agents = observed.shape[-2]
        difference = self.scores(parameters, log_frames, agents) - observed
        errors = agents if self.own_errors else 1
        flat = difference.reshape(*difference.shape[:-2], -1)
        return np.concatenate([flat, RIDGE * parameters[..., -errors:]], axis=-1)

    def jacobian(self, parameters: np.ndarray, log_frames: np.ndarray, agents: int) -> np.ndarray:
        """Derivatives of `residuals`: float64 [..., agents * budgets + errors, parameters]."""
        log_exponent, midpoint, error_logit = (part[..., None] for part in self.split(parameters, agents))
        exponent, reachable, error = np.exp(log_exponent), expit(-error_logit), expit(error_logit)
        share = expit(exponent * (log_frames - midpoint))
        slope = reachable * share * (1.0 - share) * exponent  # ds / d ln n
        budgets, size = len(log_frames), self.size(agents)
        exponents, errors = (agents if own else 1 for own in (self.own_exponents, self.own_errors))
        full = np.zeros((*parameters.shape[:-1], agents * budgets + errors, size))
        for agent in range(agents):
            rows = slice(agent * budgets, (agent + 1) * budgets)
            full[..., rows, agent if self.own_exponents else 0] = (slope * (log_frames - midpoint))[..., agent, :]
            full[..., rows, exponents + agent] = -slope[..., agent, :]
            column = exponents + agents + (agent if self.own_errors else 0)
            full[..., rows, column] = -(error * reachable * share)[..., agent, :]
        for number in range(errors):
            full[..., agents * budgets + number, exponents + agents + number] = RIDGE
        return full


MODELS = {
    model.name: model
    for model in (
        Model("M0", own_exponents=False, own_errors=False),
        Model("M1", own_exponents=True, own_errors=False),
        Model("M2", own_exponents=False, own_errors=True),
        Model("M3", own_exponents=True, own_errors=True),
    )
}
