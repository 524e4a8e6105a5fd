"""``search``: what it does around the tree."""

import numpy as np
import pytest
import torch
from tabular_model import TabularModel, search_settings

from efficientzero.search import RecurrentOutput, SearchRoot, search
from efficientzero.search.search import mix_dirichlet

GENERATOR_SEED = 11


def setup(policy="puct", batch=5, actions=6, **changes):
    generator = np.random.default_rng(GENERATOR_SEED)
    model = TabularModel.random(generator, actions)
    return model, model.root(generator.integers(4096, size=batch)), search_settings(policy, **changes), generator


def find(model, root, settings, noise=None, **changes):
    return search(model, root, settings, **({"discount": 0.97, "value_prefix_horizon": None, "noise": noise} | changes))


@pytest.mark.parametrize("policy", ["puct", "gumbel"])
def test_shapes_dtypes_and_sums(policy):
    model, root, settings, _ = setup(policy)
    found = find(model, root, settings)
    assert (found.action.dtype, found.action.shape) == (np.int64, (5,))
    assert (found.visit_counts.dtype, found.visit_counts.shape) == (np.int32, (5, 6))
    assert (found.value.dtype, found.value.shape) == (np.float32, (5,))
    assert (found.policy.dtype, found.policy.shape) == (np.float32, (5, 6))
    assert (found.q_values.dtype, found.q_values.shape) == (np.float32, (5, 6))
    assert (found.visit_counts.sum(axis=1) == settings.simulations).all()
    np.testing.assert_allclose(found.policy.sum(axis=1), 1.0, atol=1e-5)
    if policy == "puct":
        np.testing.assert_array_equal(found.action, found.visit_counts.argmax(axis=1))


@pytest.mark.parametrize("policy", ["puct", "gumbel"])
def test_no_roots_give_empty_results(policy):
    model, root, settings, _ = setup(policy, batch=0)
    found = find(model, root, settings)
    assert found.action.shape == found.value.shape == (0,)
    assert found.visit_counts.shape == found.policy.shape == found.q_values.shape == (0, 6)


@pytest.mark.parametrize("policy", ["puct", "gumbel"])
def test_results_outlive_the_next_search_and_repeat(policy):
    model, root, settings, generator = setup(policy)
    noise = generator.dirichlet(np.full(6, 0.1), size=5).astype(np.float32) * (1 if policy == "puct" else 9)
    first = find(model, root, settings, noise)
    kept = first.visit_counts.copy(), first.value.copy(), first.policy.copy()
    other = find(model, root, settings, noise[::-1].copy())
    again = find(model, root, settings, noise)
    for copy, before, after in zip(
        kept,
        (first.visit_counts, first.value, first.policy),
        (again.visit_counts, again.value, again.policy),
        strict=True,
    ):
        assert copy.tobytes() == before.tobytes() == after.tobytes()
    assert first.policy.tobytes() != other.policy.tobytes()


@pytest.mark.parametrize("weight", [0.0, 0.25, 1.0])
def test_the_prior_has_its_weight_in_the_policy_target(weight):
    model, root, settings, _ = setup("gumbel", prior_weight=weight, q_floor=0.5)
    legal = np.array([[True, True, False, True, True, True]] * 5)
    found = find(model, root, settings, legal_actions=legal)
    visited = found.visit_counts > 0
    assert (visited == legal).all()  # so that every completed Q is known
    low = np.where(legal, found.q_values, np.inf).min(axis=1, keepdims=True)
    high = np.where(legal, found.q_values, -np.inf).max(axis=1, keepdims=True)
    scale = (settings.visit_offset + found.visit_counts.max(axis=1, keepdims=True)) * settings.value_scale
    completed = scale * (found.q_values - low) / np.maximum(high - low, settings.q_floor)
    shares = np.where(legal, np.exp(weight * root.policy_logits.numpy() + completed), 0.0)
    np.testing.assert_allclose(found.policy, shares / shares.sum(axis=1, keepdims=True), rtol=1e-3, atol=1e-6)
    usual = find(model, root, search_settings("gumbel", q_floor=0.5), legal_actions=legal)
    np.testing.assert_array_equal(found.action, usual.action)
    np.testing.assert_array_equal(found.value, usual.value)
    by_policy = find(model, root, settings.model_copy(update={"root_value": "policy"}), legal_actions=legal)
    np.testing.assert_allclose(by_policy.value, (found.policy * found.q_values).sum(axis=1), rtol=1e-4)


def test_dirichlet_noise_is_mixed_into_the_probabilities():
    logits = np.log(np.array([[0.7, 0.2, 0.1]], np.float32)) + 3
    mixed = mix_dirichlet(logits, np.array([[0.0, 1.0, 0.0]], np.float32), 0.25)
    np.testing.assert_allclose(np.exp(mixed), [[0.525, 0.4, 0.075]], rtol=1e-5)
    assert mixed.dtype == np.float32


def test_reward_states_are_reset_root_by_root_at_multiples_of_the_horizon():
    seen = []

    class Recorder(TabularModel):
        def recurrent(self, latent, reward_state, action):
            seen.append(reward_state.clone())
            return super().recurrent(latent, reward_state, action)

    generator = np.random.default_rng(1)
    base = TabularModel.random(generator, 3, logit_scale=8.0, prefixes=True)
    base.reward[:] = 1.0  # so that the reward state is the number of steps since the reset
    model = Recorder(**vars(base))
    root = model.root(generator.integers(4096, size=6))
    find(model, root, search_settings("puct", simulations=40), value_prefix_horizon=3)
    states = torch.stack(seen)
    assert set(states.unique().tolist()) == {0.0, 1.0, 2.0}
    assert any(len(state.unique()) > 1 for state in states)  # different depths at one time


def test_gradients_are_not_recorded_and_inputs_not_changed():
    model, root, settings, _ = setup()
    root.value.requires_grad_()
    before = root.latent.clone()
    find(model, root, settings)
    assert torch.equal(root.latent, before)
    assert root.value.grad is None


class Broken:
    """A model whose output is changed in one field."""

    def __init__(self, model, field, change):
        self.model, self.field, self.change = model, field, change

    def recurrent(self, latent, reward_state, action):
        output = self.model.recurrent(latent, reward_state, action)
        return RecurrentOutput(**(vars(output) | {self.field: self.change(getattr(output, self.field))}))


@pytest.mark.parametrize("field", ["policy_logits", "value", "reward", "continuation"])
def test_predictions_of_a_wrong_dtype_or_shape_or_not_finite_are_named(field):
    model, root, settings, _ = setup()
    model.continuation = np.ones_like(model.reward)
    with pytest.raises(ValueError, match=rf"{field}: expected float32 .* got float64"):
        find(Broken(model, field, lambda tensor: tensor.double()), root, settings)
    with pytest.raises(ValueError, match=rf"{field}: expected float32 .* got float32 \[4"):
        find(Broken(model, field, lambda tensor: tensor[:-1]), root, settings)
    with pytest.raises(FloatingPointError, match=field):
        find(Broken(model, field, lambda tensor: tensor * float("nan")), root, settings)
    assert (find(model, root, settings).visit_counts.sum(axis=1) == settings.simulations).all()


@pytest.mark.parametrize("field", ["latent", "reward_state"])
def test_states_of_a_wrong_shape_are_named(field):
    model, root, settings, _ = setup()
    with pytest.raises(ValueError, match=f"{field}: expected shape"):
        find(Broken(model, field, lambda tensor: torch.cat((tensor, tensor), dim=0)), root, settings)
    with pytest.raises(ValueError, match=f"{field}: expected"):
        find(model, SearchRoot(**(vars(root) | {field: getattr(root, field)[:-1]})), settings)


def test_wrong_roots_noise_and_combinations_are_named():
    model, root, settings, _ = setup()
    with pytest.raises(ValueError, match="value: expected float32"):
        find(model, SearchRoot(**(vars(root) | {"value": root.value.double()})), settings)
    with pytest.raises(ValueError, match=r"policy_logits: expected \[batch, actions\]"):
        find(model, SearchRoot(**(vars(root) | {"policy_logits": root.value})), settings)
    with pytest.raises(ValueError, match="noise: expected finite float32"):
        find(model, root, settings, np.zeros((5, 6)))
    with pytest.raises(ValueError, match="noise: expected finite float32"):
        find(model, root, search_settings("gumbel"), np.zeros((5, 5), np.float32))
    with pytest.raises(ValueError, match="completed_by_mix_value"):
        find(model, root, search_settings("puct", q_transform="completed_by_mix_value"))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("policy", ["puct", "gumbel"])
def test_a_model_on_a_gpu_gives_the_same_search(policy):
    class OnDevice:
        def __init__(self, model):
            self.model = model

        def recurrent(self, *arguments):
            output = self.model.recurrent(*(argument.cpu() for argument in arguments))
            return RecurrentOutput(
                **{name: tensor.cuda() for name, tensor in vars(output).items() if tensor is not None}
            )

    model, root, settings, _ = setup(policy)
    on_device = SearchRoot(**{name: tensor.cuda() for name, tensor in vars(root).items()})
    expected, found = find(model, root, settings), find(OnDevice(model), on_device, settings)
    for name, array in vars(expected).items():
        np.testing.assert_array_equal(array, getattr(found, name))
