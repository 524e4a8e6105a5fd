"""The search written as plainly as possible: one recursive tree of Python objects and float64, nothing cached.

It shares no code and no data layout with ``pyx/tree.pyx``: Q-values are recomputed from rewards and values, rewards
from the predictions on the path, the bounds of tree_min_max from a list of everything ever backed up.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from tabular_model import TabularModel

from efficientzero.parameters import Search


@dataclass
class Node:
    state: int
    depth: int
    network_value: float
    logits: np.ndarray
    reward: float = 0.0  # of the edge that led here
    continuation: float = 1.0  # that the episode went on after it
    returns: list[float] = field(default_factory=list)  # its network value first
    children: dict[int, Node] = field(default_factory=dict)

    @property
    def visits(self) -> int:
        return len(self.returns)

    @property
    def value(self) -> float:
        return sum(self.returns) / len(self.returns)

    def priors(self) -> np.ndarray:
        return softmax(self.logits)


def softmax(logits: np.ndarray) -> np.ndarray:
    weights = np.exp(logits - logits.max())
    return weights / weights.sum()


class PlainSearch:
    """One root. ``legal`` bool [actions]; ``noise`` [actions] is Gumbel noise, or for PUCT already in the logits."""

    def __init__(
        self,
        model: TabularModel,
        state: int,
        settings: Search,
        *,
        discount: float,
        legal: np.ndarray,
        noise: np.ndarray,
        horizon: int | None = None,
        prefix_model: bool = False,
    ) -> None:
        self.model, self.settings, self.discount = model, settings, discount
        self.legal, self.noise, self.horizon, self.prefix_model = legal, noise, horizon, prefix_model
        logits = np.where(legal, model.policy_logits[state].astype(float), -np.inf)
        self.root = Node(state, 0, float(model.value[state]), logits, returns=[float(model.value[state])])
        self.backed_up: list[float] = []
        for simulation in range(settings.simulations):
            self._simulate(self.root, simulation, 0.0)

    # Q-values

    def q(self, child: Node) -> float:
        return child.reward + self.discount * child.continuation * child.value

    def mixed_value(self, node: Node) -> float:
        total = sum(child.visits for child in node.children.values())
        if total == 0:
            return node.network_value
        priors = node.priors()
        mass = sum(priors[action] for action in node.children)
        mean = sum(priors[action] * self.q(child) for action, child in node.children.items()) / mass
        return (node.network_value + total * mean) / (total + 1)

    def mean_q(self, node: Node, parent_mean_q: float) -> float:
        values = [self.q(child) for child in node.children.values()]
        if node is self.root:
            return sum(values) / len(values) if values else 0.0
        return (sum(values) + parent_mean_q) / (len(values) + 1)

    def transformed(self, node: Node, mean_q: float) -> np.ndarray:
        """[actions], unvisited actions included."""
        settings = self.settings
        floor = max(settings.q_floor, settings.q_floor_share * abs(node.value), 1e-8)
        values = {action: self.q(child) for action, child in node.children.items()}
        actions = len(self.legal)
        most = max((child.visits for child in node.children.values()), default=0)
        scale = (settings.visit_offset + most) * settings.value_scale
        if settings.q_transform == "by_parent_and_siblings":
            low, high = min([node.value, *values.values()]), max([node.value, *values.values()])
            return np.array([(values.get(action, low) - low) / max(high - low, floor) for action in range(actions)])
        if settings.q_transform == "completed_by_mix_value":
            mixed = self.mixed_value(node)
            completed = np.array([values.get(action, mixed) for action in range(actions)])
            return scale * (completed - completed.min()) / max(completed.max() - completed.min(), floor)
        unvisited = self.mixed_value(node) if settings.policy == "gumbel" else mean_q
        completed = np.array([values.get(action, unvisited) for action in range(actions)])
        low, high = min(self.backed_up, default=0.0), max(self.backed_up, default=0.0)
        normalized = np.clip((completed - low) / max(high - low, floor), 0.0, 1.0)
        return normalized * (scale if settings.policy == "gumbel" else 1.0)

    # Policies

    def choose(self, node: Node, simulation: int, mean_q: float) -> int:
        transformed = self.transformed(node, mean_q)
        counts = np.array([node.children[a].visits if a in node.children else 0 for a in range(len(self.legal))])
        if self.settings.policy == "puct":
            c1, c2 = self.settings.exploration_init, self.settings.exploration_base
            exploration = math.sqrt(node.visits) * (c1 + math.log((node.visits + c2 + 1) / c2))
            scores = transformed + exploration * node.priors() / (counts + 1)
        elif node is self.root:
            scores = np.where(counts == self._considered(simulation), self.noise + node.logits + transformed, -np.inf)
        else:
            scores = softmax(node.logits + transformed) - counts / (1 + counts.sum())
        if node is self.root:
            scores = np.where(self.legal, scores, -np.inf)
        return int(np.argmax(scores))

    def _considered(self, simulation: int) -> int:
        """Sequential halving as in the paper: rounds over the actions still in the race."""
        count = min(self.settings.considered_actions, int(self.legal.sum()))
        if count == 1:
            return simulation
        budget, rounds = self.settings.simulations, math.ceil(math.log2(count))
        visited, made = 0, 0
        racing = count
        while True:
            for _ in range(max(1, budget // (rounds * racing))):
                if simulation < made + racing:
                    return visited
                made += racing
                visited += 1
            racing = max(2, racing // 2)

    # One simulation

    def _simulate(self, node: Node, simulation: int, parent_mean_q: float, prefix: float = 0.0) -> float:
        """The return from ``node``; ``prefix`` is the model's last prediction on the path if it predicts prefixes."""
        mean_q = self.mean_q(node, parent_mean_q)
        action = self.choose(node, simulation, mean_q)
        state = int(self.model.next_state[node.state, action])
        reward = prediction = float(self.model.reward[node.state, action])
        if self.prefix_model:
            before = 0.0 if node.depth % self.horizon == 0 else prefix
            prediction = before + reward
            reward = prediction - before
        child = node.children.get(action)
        if child is None:
            value = float(self.model.value[state])
            child = Node(state, node.depth + 1, value, self.model.policy_logits[state].astype(float), reward)
            child.returns.append(value)
            if self.model.continuation is not None:
                child.continuation = float(self.model.continuation[node.state, action])
            node.children[action] = child
            following = value
        else:
            following = self._simulate(child, simulation, mean_q, prediction)
        total = reward + self.discount * child.continuation * following
        node.returns.append(total)
        self.backed_up.append(self.q(child))
        return total

    def visit_counts(self) -> np.ndarray:
        return np.array(
            [self.root.children[a].visits if a in self.root.children else 0 for a in range(len(self.legal))]
        )

    def deepest(self) -> int:
        return max_depth(self.root)


def max_depth(node: Node) -> int:
    return max([node.depth, *(max_depth(child) for child in node.children.values())])
