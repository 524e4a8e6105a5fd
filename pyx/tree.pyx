# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Search trees for a whole batch of roots: the Python face.

The search itself is in the ``.pxd`` files, all of which become part of this module: ``fields`` (what a tree holds),
``selection``, ``sequential_halving``, ``qtransforms``, ``backup``, ``summary``. The arithmetic is that of DeepMind's
mctx: a node counts its own expansion as a visit, and its value is the mean of its network value and of all returns
backed up to it.
"""

cimport cython
from cpython.buffer cimport PyBUF_RECORDS_RO, PyBuffer_Release, PyObject_CheckBuffer, PyObject_GetBuffer
from cython.parallel cimport prange
from libc.stdint cimport int32_t, int64_t, uint8_t

from backup cimport expand_rows, start_row
from fields cimport BY_PARENT_AND_SIBLINGS, COMPLETED_BY_MIX_VALUE, GUMBEL, NONE, PUCT, TREE_MIN_MAX, Tree, allocate
from selection cimport select_rows
from sequential_halving cimport fill_considered_visits
from summary cimport summarize_row

import numpy as np

cdef enum:
    SMALLEST_PARALLEL_SHARE = 64  # roots per thread below which a second thread costs more than it saves
    SMALLEST_BATCH_WITHOUT_GIL = 32

# Of each policy: with PUCT, completed_by_mix_value would grow with the visits and drown the exploration term; with
# Gumbel, by_parent_and_siblings would give all that was not searched the lowest value, and the policy target punish it.
Q_TRANSFORMS = {
    "puct": {"by_parent_and_siblings": BY_PARENT_AND_SIBLINGS, "tree_min_max": TREE_MIN_MAX},
    "gumbel": {"completed_by_mix_value": COMPLETED_BY_MIX_VALUE, "tree_min_max": TREE_MIN_MAX},
}
PREDICTIONS = ("policy_logits", "value", "reward", "continuation")

# What is done to the rows from ``begin`` to ``end``, one thread's share.
ctypedef void (*Work)(Tree* tree, Py_ssize_t begin, Py_ssize_t end, Py_ssize_t share,
                      const Py_buffer* predictions) noexcept nogil


@cython.final
cdef class SearchTree:
    """Search trees of up to ``batch`` roots: ``reset``, then ``select`` and ``expand_and_backup`` for each simulation.

    batch, actions, simulations: what is allocated. ``reset`` may use fewer roots, never more.
    policy: "puct" (mctx ``muzero_policy``: Schrittwieser et al. 2020, appendix B) or "gumbel" (mctx
        ``gumbel_muzero_policy``: Danihelka et al. 2022). Ties go to the lowest action.
    q_transform: how the Q-values of a node enter the policy. ``range`` below is at least ``max(q_floor, q_floor_share *
        |value of the node|, 1e-8)``, where the value is the mean of the network's and all returns so far.
        "by_parent_and_siblings" (PUCT): (Q - low) / range, with low and high over the node's value and its visited
        children's Q; unvisited actions get 0.
        "completed_by_mix_value" (Gumbel): unvisited actions get the mixed value of Danihelka et al., appendix D; all
        are stretched to [0, 1] within the node and multiplied by (visit_offset + most visits of a child) * value_scale.
        "tree_min_max" (EfficientZero): clip((Q - low) / range, 0, 1), with low and high over r + discount * v of every
        edge of this root's tree at every backup so far. With PUCT an unvisited action has Q = mean Q of the node: at
        the root the mean over its visited children, below it (sum over its visited children + mean Q of its parent) /
        (visited children + 1). With Gumbel an unvisited action has the mixed value instead, and all are multiplied as
        above (EfficientZero V2).
    prior_weight: of the root's log-prior in the policy that a Gumbel search finds, and in nothing else.
    value_prefix_horizon: None if the model predicts rewards. Otherwise it predicts the sum of rewards since the last
        reset, and resets happen at depths divisible by the horizon: reward(child) = prefix(child) - prefix(parent), or
        prefix(child) when the parent's depth is such a depth (the root's is).
    considered_actions: for Gumbel: the most root actions that sequential halving begins with.
    threads: roots are shared between this many threads when the batch is large. No result depends on it.

    Raises ValueError for impossible arguments.
    """

    cdef readonly Py_ssize_t capacity, actions, simulations
    cdef Tree tree
    cdef int threads
    cdef bint ready, selected
    cdef dict arrays  # those that the tree points to
    cdef tuple selection
    cdef readonly object packed_selection  # the arrays that select returns as one int32 [3, b]

    def __init__(self, Py_ssize_t batch, Py_ssize_t actions, Py_ssize_t simulations, *, str policy, str q_transform,
                 double discount, value_prefix_horizon=None, double q_floor=0.0, double q_floor_share=0.0,
                 double value_scale=0.1, double visit_offset=50.0, double prior_weight=1.0,
                 double exploration_init=1.25, double exploration_base=19652.0, Py_ssize_t considered_actions=16,
                 int threads=1):
        cdef Tree* tree = &self.tree
        if policy not in Q_TRANSFORMS:
            raise ValueError(f"policy: expected one of {sorted(Q_TRANSFORMS)}, got {policy!r}")
        if q_transform not in Q_TRANSFORMS[policy]:
            choices = sorted(Q_TRANSFORMS[policy])
            raise ValueError(f"q_transform: {q_transform!r} is not for policy {policy!r}, which takes {choices}")
        positive = {"batch": batch, "actions": actions, "simulations": simulations, "threads": threads,
                    "considered_actions": considered_actions}
        for name, number in positive.items():
            if number < 1:
                raise ValueError(f"{name}: expected at least 1, got {number}")
        if not 0.0 <= discount <= 1.0:
            raise ValueError(f"discount: expected a number in [0, 1], got {discount}")
        if value_prefix_horizon is not None and value_prefix_horizon < 1:
            raise ValueError(f"value_prefix_horizon: expected None or at least 1, got {value_prefix_horizon}")
        self.capacity, self.actions, self.simulations, self.threads = batch, actions, simulations, threads
        tree.policy = PUCT if policy == "puct" else GUMBEL
        tree.q_transform = Q_TRANSFORMS[policy][q_transform]
        tree.discount, tree.horizon, tree.prior_weight = discount, value_prefix_horizon or 0, prior_weight
        tree.floor, tree.floor_share = max(q_floor, 1e-8), q_floor_share
        tree.value_scale, tree.visit_offset = value_scale, visit_offset
        tree.actions, tree.nodes, tree.stride = actions, simulations + 1, (actions + 3) // 4 * 4
        tree.most_considered = min(considered_actions, actions)
        self.arrays = allocate(tree, batch, threads)
        fill_considered_visits(tree.considered_visits, tree.most_considered, simulations)
        count = np.arange(simulations + 2, dtype=np.float64)
        growth = exploration_init + np.log((count + exploration_base + 1.0) / exploration_base)
        self.arrays["exploration"][:] = np.sqrt(count) * growth

    def reset(self, policy_logits, value, *, legal_actions=None, gumbel=None):
        """Start new trees at the given roots.

        policy_logits float32 [b, actions], value float32 [b], with 1 <= b <= the allocated batch.
        legal_actions: bool [b, actions]; None: all are legal. Illegal actions are never visited from a root, and only
            there, as the model knows no rules. They count as actions without visits in the Q-transforms, as in mctx.
        gumbel: float32 [b, actions], noise of the Gumbel policy, Gumbel(0, T) at a temperature T; None: zeros.

        Raises ValueError for wrong shapes or dtypes or a root without a legal action, FloatingPointError for NaN or
        inf.
        """
        cdef Tree* tree = &self.tree
        cdef Py_ssize_t row
        self.ready = False
        if not isinstance(policy_logits, np.ndarray) or policy_logits.ndim != 2:
            raise ValueError("root policy_logits: expected a float32 array [batch, actions]")
        batch = policy_logits.shape[0]
        if not 1 <= batch <= self.capacity:
            raise ValueError(f"root policy_logits: expected 1 to {self.capacity} roots, got {batch}")
        if gumbel is not None and tree.policy != GUMBEL:
            raise ValueError("gumbel: only the Gumbel policy takes it; mix Dirichlet noise into policy_logits")
        shape = (batch, self.actions)
        cdef const float[:, ::1] logits = _checked("root policy_logits", policy_logits, shape, np.float32)
        cdef const float[::1] values = _checked("root value", value, (batch,), np.float32)
        legal_array = np.ones(shape, dtype=bool) if legal_actions is None else legal_actions
        legal_array = _checked("legal_actions", legal_array, shape, np.bool_)
        if not legal_array.any(axis=1).all():
            raise ValueError(f"legal_actions: root {int(np.argmin(legal_array.any(axis=1)))} has no legal action")
        noise_array = np.zeros(shape, dtype=np.float32) if gumbel is None else gumbel
        cdef const uint8_t[:, ::1] legal = legal_array.view(np.uint8)
        cdef const float[:, ::1] noise = _checked("gumbel noise", noise_array, shape, np.float32)
        tree.batch, tree.simulation, self.selected = batch, 0, False
        self.packed_selection = self.arrays["leaf"][: 3 * batch].reshape(3, batch)
        self.selection = tuple(self.packed_selection)
        tree.leaf_action = tree.leaf_parent + tree.batch
        tree.leaf_depth = tree.leaf_action + tree.batch
        for row in range(tree.batch):
            start_row(tree, row, &logits[row, 0], values[row], &legal[row, 0], &noise[row, 0])
        self.ready = True

    def select(self):
        """Descend every tree to an action that has not been tried.

        Returns (parent_index, action, leaf_depth), int32 [b] each, valid until the next call: from which node which
        action is to be evaluated, and the depth of the node to come. Raises RuntimeError if there is no root, if the
        last selection was not expanded, or if all simulations have been made.
        """
        if not self.ready:
            raise RuntimeError("select: call reset first; a search that failed cannot go on")
        if self.selected:
            raise RuntimeError("select: the last selection has not been expanded; call expand_and_backup")
        if self.tree.simulation >= self.simulations:
            raise RuntimeError(f"select: this tree holds {self.simulations} simulations and all have been made")
        self._share_out(select_rows, NULL)
        self.selected = True
        return self.selection

    cdef void _share_out(self, Work work, const Py_buffer* predictions) noexcept:
        cdef Tree* tree = &self.tree
        cdef Py_ssize_t batch = tree.batch, threads = self.threads
        cdef int share
        if batch < SMALLEST_BATCH_WITHOUT_GIL:
            work(tree, 0, batch, 0, predictions)
        elif threads == 1 or batch < threads * SMALLEST_PARALLEL_SHARE:
            with nogil:
                work(tree, 0, batch, 0, predictions)
        else:
            for share in prange(threads, nogil=True, schedule="static", chunksize=1, num_threads=self.threads):
                work(tree, batch * share // threads, batch * (share + 1) // threads, share, predictions)

    def expand_and_backup(self, policy_logits, value, reward, continuation=None):
        """Add the selected nodes with the model's predictions and back their values up to the roots.

        policy_logits float32 [b, actions] (each row contiguous), value float32 [b], reward float32 [b]: the reward of
        the selected edge, or the value prefix of the new node. continuation float32 [b]: the probability that the
        episode goes on after the selected edge, by which everything behind it is discounted too; None: 1. Arrays may be
        views with any row stride.

        Raises ValueError for wrong shapes or dtypes, FloatingPointError for NaN or inf (the search cannot go on after
        that), RuntimeError if nothing is selected.
        """
        cdef Py_buffer predictions[4]
        cdef int32_t* failure = self.tree.failure
        cdef int k, read = 0, share
        if not self.selected:
            raise RuntimeError("expand_and_backup: nothing is selected; call select first")
        for share in range(self.threads):
            failure[2 * share] = NONE
        predictions[3].buf = NULL
        try:
            read += self._read(policy_logits, 0, predictions)
            read += self._read(value, 1, predictions)
            read += self._read(reward, 2, predictions)
            if continuation is not None:
                read += self._read(continuation, 3, predictions)
            self._share_out(expand_rows, predictions)
        finally:
            for k in range(read):
                PyBuffer_Release(&predictions[k])
        for share in range(self.threads):
            if failure[2 * share] != NONE:
                self.ready = self.selected = False
                raise FloatingPointError(
                    f"{PREDICTIONS[failure[2 * share + 1]]}: the model's prediction for root {failure[2 * share]} in "
                    f"simulation {self.tree.simulation} is NaN or infinite")
        self.tree.simulation += 1
        self.selected = False

    cdef int _read(self, array, int k, Py_buffer* predictions) except -1:
        """Fill buffer k, to be released; returns 1. ValueError unless it is float32 [b], or, as k = 0, [b, actions]."""
        cdef Py_buffer* buffer = &predictions[k]
        if PyObject_CheckBuffer(array):
            PyObject_GetBuffer(array, buffer, PyBUF_RECORDS_RO)
            if (buffer.format[0] == b"f" and buffer.format[1] == 0 and buffer.ndim == (1 if k else 2)
                    and buffer.shape[0] == self.tree.batch and (k or buffer.shape[1] == self.actions)):
                if k or self.actions == 1 or buffer.strides[1] == sizeof(float):
                    return 1
                PyBuffer_Release(buffer)
                raise ValueError("policy_logits: the rows must be contiguous in memory")
            PyBuffer_Release(buffer)
        shape = [self.tree.batch, self.actions][: 1 if k else 2]
        raise ValueError(f"{PREDICTIONS[k]}: expected float32 {shape}, got {_kind(array)}")

    def summary(self):
        """What the search found at the roots, as a dict of new arrays.

        action int64 [b]: PUCT: the most visited; Gumbel: the best noise + log-prior + completed Q of the most visited.
        visit_counts int32 [b, actions]; value float32 [b], the mean of the network value and all returns.
        policy float32 [b, actions]: PUCT: share of the visits; Gumbel: softmax(prior_weight * log-prior + completed Q)
        over the legal actions. q_values float32 [b, actions]: r + discount * continuation * v; 0 for an unvisited
        action. policy_value float32 [b]: the mean of the Q-values by that policy, an unvisited action's being the
        mixed value.

        Raises RuntimeError before the first simulation or between ``select`` and ``expand_and_backup``.
        """
        cdef Py_ssize_t row
        if not self.ready or self.selected or self.tree.simulation == 0:
            raise RuntimeError("summary: make at least one whole simulation first")
        batch, shape = self.tree.batch, (self.tree.batch, self.actions)
        found = {
            "action": np.zeros(batch, dtype=np.int64),
            "visit_counts": np.zeros(shape, dtype=np.int32),
            "value": self.arrays["value"][:batch, 0].copy(),
            "policy": np.zeros(shape, dtype=np.float32),
            "q_values": np.zeros(shape, dtype=np.float32),
            "policy_value": np.zeros(batch, dtype=np.float32),
        }
        cdef int64_t[::1] action = found["action"]
        cdef int32_t[:, ::1] visit_counts = found["visit_counts"]
        cdef float[:, ::1] policy = found["policy"]
        cdef float[:, ::1] q_values = found["q_values"]
        cdef float[::1] policy_value = found["policy_value"]
        for row in range(self.tree.batch):
            action[row] = summarize_row(&self.tree, row, &visit_counts[row, 0], &q_values[row, 0], &policy[row, 0],
                                        &policy_value[row])
        return found

    def nodes_so_far(self):
        """Copies of what every node holds, for inspection: a dict of arrays [b, simulations made + 1].

        parent, action, depth, visits int32; value, network_value, reward, q float32; and the bounds of tree_min_max,
        low and high, float32 [b].
        """
        names = ("parent", "action", "depth", "visits", "value", "network_value", "reward", "q")
        nodes = {name: self.arrays[name][: self.tree.batch, : self.tree.simulation + 1].copy() for name in names}
        return nodes | {name: self.arrays[name][: self.tree.batch].copy() for name in ("low", "high")}


def _checked(name, array, shape, dtype):
    """The array itself, contiguous; ValueError or FloatingPointError if it is not what was expected."""
    if not isinstance(array, np.ndarray) or array.dtype != dtype or array.shape != shape:
        raise ValueError(f"{name}: expected {np.dtype(dtype).name} {list(shape)}, got {_kind(array)}")
    if dtype == np.float32 and not np.isfinite(array).all():
        raise FloatingPointError(f"{name}: NaN or infinite")
    return np.ascontiguousarray(array)


def _kind(array):
    return f"{array.dtype} {list(array.shape)}" if isinstance(array, np.ndarray) else type(array).__name__


def considered_visits(Py_ssize_t considered_actions, Py_ssize_t simulations):
    """Which visit count is considered when, int32 [considered_actions + 1, simulations]: see sequential_halving.pxd."""
    cdef int32_t[:, ::1] table = np.empty((considered_actions + 1, simulations), dtype=np.int32)
    fill_considered_visits(&table[0, 0], considered_actions, simulations)
    return table.base
