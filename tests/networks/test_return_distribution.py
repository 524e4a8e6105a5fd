import math

import pytest
import torch
from torch import nn

from efficientzero.networks import ReturnDistribution


def projected_by_loops(maximum, probabilities, reward, factor):
    """Algorithm 1 of Bellemare et al. 2017 in plain Python, one atom at a time."""
    atoms = len(probabilities[0])
    spacing = 2.0 * maximum / (atoms - 1)
    rows = []
    for row, r, f in zip(probabilities, reward, factor, strict=True):
        mass = [0.0] * atoms
        for j, p in enumerate(row):
            returned = min(max(r + f * (-maximum + j * spacing), -maximum), maximum)
            b = (returned + maximum) / spacing
            below, above = math.floor(b), math.ceil(b)
            if below == above:
                mass[below] += p
            else:
                mass[below] += p * (above - b)
                mass[above] += p * (b - below)
        rows.append(mass)
    return torch.tensor(rows)


def random_batch(atoms, batch=64):
    """Rewards within and beyond the atoms, and some terminations."""
    torch.manual_seed(0)
    probabilities = torch.softmax(3.0 * torch.randn(batch, atoms), dim=1)
    reward = 6.0 * torch.randn(batch)
    factor = torch.rand(batch)
    factor[::5] = 0.0
    return probabilities, reward, factor


@pytest.mark.parametrize(("maximum", "atoms"), [(10.0, 51), (7.5, 12), (1.0, 2)])
def test_projection_agrees_with_the_loops(maximum, atoms):
    probabilities, reward, factor = random_batch(atoms)
    projected = ReturnDistribution(maximum, atoms).project(probabilities, reward, factor)
    assert projected.dtype == torch.float32
    expected = projected_by_loops(maximum, probabilities.tolist(), reward.tolist(), factor.tolist())
    torch.testing.assert_close(projected, expected, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(projected.sum(dim=1), torch.ones(len(reward)))


class LogProbabilities(nn.Module):
    """A network that is nothing but a table: the number of a state -> ``[batch, atoms, actions]``."""

    def __init__(self, table):
        super().__init__()
        self.table = nn.Parameter(table)

    def forward(self, state):
        return self.table[state]


@pytest.mark.filterwarnings("ignore:No target network updater")
def test_projection_agrees_with_torchrl():
    objectives = pytest.importorskip("torchrl.objectives")
    from tensordict import TensorDict
    from torchrl.modules import DistributionalQValueActor

    discount, batch, atoms = 0.9, 64, 51
    probabilities, reward, _ = random_batch(atoms, batch)
    steps = torch.randint(1, 6, (batch,))
    terminated = torch.rand(batch) < 0.3
    distribution = ReturnDistribution(10.0, atoms)
    # The first half of the table are the states of the batch, the second half the states that are bootstrapped from.
    table = torch.zeros(2 * batch, atoms, 1)
    table[batch:, :, 0] = probabilities.log()
    actor = DistributionalQValueActor(
        LogProbabilities(table),
        support=distribution.support("cpu"),
        in_keys=["observation"],
        action_space="one-hot",
        make_log_softmax=False,
    )
    loss = objectives.DistributionalDQNLoss(actor, gamma=discount, delay_value=True, reduction="sum")
    following = {
        "observation": torch.arange(batch, 2 * batch),
        "reward": reward.unsqueeze(1),
        "done": terminated.unsqueeze(1),
        "terminated": terminated.unsqueeze(1),
    }
    sample = {
        "observation": torch.arange(batch),
        "action": torch.ones(batch, 1, dtype=torch.bool),
        "steps_to_next_obs": steps.unsqueeze(1),
        "next": TensorDict(following, [batch]),
    }
    loss(TensorDict(sample, [batch]))["loss"].backward()
    # The loss is a cross entropy, whose gradient by the log-probabilities is minus the projected target.
    (parameter,) = loss.value_network_params.parameters()
    expected = -parameter.grad[:batch, :, 0]
    assert expected.sum(dim=1).min() > 0.99

    factor = torch.where(terminated, 0.0, discount**steps)
    torch.testing.assert_close(distribution.project(probabilities, reward, factor), expected, rtol=1e-4, atol=1e-5)


def test_shifting_by_whole_atoms_only_shifts():
    distribution = ReturnDistribution(10.0, 51)
    probabilities, _, _ = random_batch(51, 1)
    for shift in range(-50, 51):
        reward = torch.tensor([shift * distribution.spacing])
        projected = distribution.project(probabilities, reward, torch.ones(1))[0]
        expected = torch.zeros(51)
        for atom, mass in enumerate(probabilities[0]):
            expected[min(max(atom + shift, 0), 50)] += mass
        torch.testing.assert_close(projected, expected, rtol=0.0, atol=1e-5)
    unchanged = distribution.project(probabilities, torch.zeros(1), torch.ones(1))
    assert torch.equal(unchanged, probabilities)


@pytest.mark.parametrize("atoms", [2, 5, 51])
def test_past_a_termination_all_mass_lies_on_the_reward(atoms):
    distribution = ReturnDistribution(10.0, atoms)
    probabilities, _, _ = random_batch(atoms, atoms)
    on_atoms = distribution.project(probabilities, distribution.support("cpu"), torch.zeros(atoms))
    torch.testing.assert_close(on_atoms, torch.eye(atoms), rtol=0.0, atol=1e-5)
    between = distribution.support("cpu")[:-1] + 0.25 * distribution.spacing
    shared = distribution.project(probabilities[:-1], between, torch.zeros(atoms - 1))
    expected = 0.75 * torch.eye(atoms)[:-1] + 0.25 * torch.eye(atoms)[1:]
    torch.testing.assert_close(shared, expected, rtol=0.0, atol=1e-5)


def test_what_lies_beyond_the_ends_goes_to_the_ends():
    distribution = ReturnDistribution(10.0, 51)
    probabilities, _, _ = random_batch(51, 4)
    reward = torch.tensor([10.0, 1000.0, -10.0, -1000.0])
    projected = distribution.project(probabilities, reward, torch.tensor([0.0, 0.99, 0.0, 0.99]))
    ends = torch.zeros(4, 51)
    ends[:2, -1] = ends[2:, 0] = 1.0
    torch.testing.assert_close(projected, ends)


def test_within_the_ends_the_projection_keeps_the_mean():
    distribution = ReturnDistribution(10.0, 51)
    probabilities = torch.softmax(torch.randn(16, 51), dim=1)
    reward, factor = 4.0 * torch.rand(16) - 2.0, 0.7 * torch.rand(16)
    support = distribution.support("cpu")
    projected = distribution.project(probabilities, reward, factor)
    torch.testing.assert_close(projected @ support, reward + factor * (probabilities @ support), rtol=1e-4, atol=1e-4)


def test_the_support_is_equally_spaced_from_end_to_end():
    distribution = ReturnDistribution(3.0, 7)
    assert distribution.support("cpu").tolist() == pytest.approx([-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0])
    assert distribution.spacing == 1.0 and distribution.atoms == 7


def test_the_mean_is_the_expected_return_in_any_shape():
    distribution = ReturnDistribution(10.0, 51)
    logits = torch.randn(3, 4, 51)
    mean = distribution.mean(logits)
    assert mean.shape == (3, 4) and mean.dtype == torch.float32
    for row in range(3):
        for action in range(4):
            weights = [math.exp(logit) for logit in logits[row, action].tolist()]
            expected = sum(w * (-10.0 + 0.4 * j) for j, w in enumerate(weights)) / sum(weights)
            assert mean[row, action].item() == pytest.approx(expected, abs=1e-5)


def test_the_mean_is_computed_in_full_precision():
    distribution = ReturnDistribution(10.0, 51)
    logits = torch.randn(8, 51)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        mean = distribution.mean(logits)
    assert torch.equal(mean, distribution.mean(logits))
    halves = logits.bfloat16()
    assert torch.equal(distribution.mean(halves), distribution.mean(halves.float()))


@pytest.mark.parametrize(("maximum", "atoms"), [(10.0, 1), (0.0, 51), (-1.0, 51)])
def test_too_few_atoms_or_no_room_is_refused(maximum, atoms):
    with pytest.raises(ValueError, match=f"not {atoms} and {maximum}"):
        ReturnDistribution(maximum, atoms)
