"""Speed of the tree without a network, against mctx: ``python benchmarks/search_speed.py``.

Prints thousands of simulations per CPU-second of one core and writes ``benchmarks/results/search_speed.md``. Both sides
get predictions that cost nothing: this tree reads arrays made beforehand, mctx indexes tables. CPU time, not wall time,
so that a busy machine disturbs little; the best of several repetitions.
"""

from __future__ import annotations

import os

os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
os.environ["JAX_PLATFORMS"] = "cpu"

import argparse
import platform
import time
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from pathlib import Path

import jax
import jax.numpy as jnp
import mctx
import numpy as np

from efficientzero.compiled.tree import SearchTree

ACTIONS = 18
DISCOUNT = 0.997
BATCHES = (4, 8, 32, 256)
STATES = 4096  # of the tables that mctx indexes
RESULT = Path(__file__).parent / "results" / "search_speed.md"


def scales(deep: bool) -> tuple[float, float]:
    """Of the policy logits and of the values. A sharp prior and equal values make narrow, deep trees."""
    return (5.0, 0.0) if deep else (1.0, 1.0)


def considered_actions(deep: bool) -> int:
    """By Gumbel at the root: many make it search broadly whatever the prior."""
    return 2 if deep else 16


def tree_search(
    policy: str, batch: int, simulations: int, deep: bool
) -> tuple[Callable[[], object], Callable[[], float]]:
    """A function that searches once, and one that gives the mean depth of the nodes."""
    generator = np.random.default_rng(0)
    logit_scale, value_scale = scales(deep)
    logits = (logit_scale * generator.standard_normal((simulations + 1, batch, ACTIONS))).astype(np.float32)
    value, reward = (value_scale * generator.standard_normal((2, simulations + 1, batch))).astype(np.float32)
    tree = SearchTree(
        batch,
        ACTIONS,
        simulations,
        policy=policy,
        q_transform={"gumbel": "completed_by_mix_value", "puct": "by_parent_and_siblings"}[policy],
        discount=DISCOUNT,
        considered_actions=considered_actions(deep),
    )
    noise = generator.gumbel(size=(batch, ACTIONS)).astype(np.float32) if policy == "gumbel" else None
    steps = [(logits[i], value[i], reward[i]) for i in range(1, simulations + 1)]

    def search() -> object:
        tree.reset(logits[0], value[0], gumbel=noise)
        for step in steps:
            tree.select()
            tree.expand_and_backup(*step)
        return tree.summary()

    return search, lambda: float(tree.nodes_so_far()["depth"][:, 1:].mean())


def mctx_search(policy: str, batch: int, simulations: int, deep: bool) -> Callable[[], object]:
    """The same with mctx, jitted, in a model of random tables."""
    generator = np.random.default_rng(0)
    logit_scale, value_scale = scales(deep)
    logits = jnp.asarray(logit_scale * generator.standard_normal((STATES, ACTIONS)), jnp.float32)
    value = jnp.asarray(value_scale * generator.standard_normal(STATES), jnp.float32)
    reward = jnp.asarray(value_scale * generator.standard_normal(STATES), jnp.float32)

    def recurrent(params: object, key: jax.Array, action: jax.Array, state: jax.Array) -> tuple:
        following = (state * 37 + action * 101 + 1) % STATES
        output = mctx.RecurrentFnOutput(
            reward=reward[following],
            discount=jnp.full(batch, DISCOUNT, jnp.float32),
            prior_logits=logits[following],
            value=value[following],
        )
        return output, following

    states = jnp.asarray(generator.integers(STATES, size=batch), jnp.int32)
    root = mctx.RootFnOutput(prior_logits=logits[states], value=value[states], embedding=states)
    if policy == "gumbel":
        run = partial(mctx.gumbel_muzero_policy, max_num_considered_actions=considered_actions(deep))
    else:
        run = partial(mctx.muzero_policy, dirichlet_fraction=0.0)
    jitted = jax.jit(lambda key: run((), key, root, recurrent, simulations).action_weights)
    key = jax.random.PRNGKey(0)
    return lambda: jitted(key).block_until_ready()


def thousands_per_second(search: Callable[[], object], simulations: int, seconds: float) -> float:
    """Of CPU time; the best of five."""
    search()
    start = time.process_time()
    search()
    repetitions = max(1, int(seconds / 5 / max(time.process_time() - start, 1e-6)))
    best = 0.0
    for _ in range(5):
        start = time.process_time()
        for _ in range(repetitions):
            search()
        best = max(best, repetitions * simulations / (time.process_time() - start) / 1000)
    return best


def measure(seconds: float) -> list[str]:
    """The rows of the table."""
    rows = ["| policy | values | simulations | | " + " | ".join(f"{batch} roots" for batch in BATCHES) + " |"]
    rows.append("|---|---|---|---|" + "---|" * len(BATCHES))
    for policy in ("gumbel", "puct"):
        for deep in (False, True):
            for simulations in (50, 16):
                ours, theirs, depths = [], [], []
                for batch in BATCHES:
                    search, depth = tree_search(policy, batch, simulations, deep)
                    ours.append(thousands_per_second(search, batch * simulations, seconds))
                    depths.append(depth())
                    other = mctx_search(policy, batch, simulations, deep)
                    theirs.append(thousands_per_second(other, batch * simulations, seconds))
                kind = "sharp prior, equal values" if deep else "random"
                title = f"| {policy} | {kind}: mean depth {np.mean(depths):.1f} | {simulations} |"
                for name, speeds in (("this tree", ours), ("mctx", theirs)):
                    rows.append(f"{title} {name} | " + " | ".join(f"{speed:,.0f}" for speed in speeds) + " |")
                    print(rows[-1], flush=True)
    return rows


def processor() -> str:
    """The CPU's model name."""
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=1.0, help="CPU-seconds per number")
    rows = measure(parser.parse_args().seconds)
    versions = ", ".join(f"{name} {version(name)}" for name in ("Cython", "numpy", "jax", "mctx"))
    text = (
        "# Speed of the search tree\n\n"
        f"Thousand simulations per CPU-second, {ACTIONS} actions, no network, one thread; best of five. Written by "
        "`python benchmarks/search_speed.py`.\n\n"
        f"{processor()}; Python {platform.python_version()}, {versions}.\n\n" + "\n".join(rows) + "\n"
    )
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(text)


if __name__ == "__main__":
    main()
