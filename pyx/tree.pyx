# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""One search tree for a whole batch of roots, as a structure of arrays.

Node 0 is a root; the node made by simulation ``i`` (counted from 0) has the index ``i + 1``. Every array is
``[batch, nodes]`` or ``[batch, nodes, actions]``, float32 or int32, allocated once. What belongs to an edge (its
Q-value, its prior, its visits) is kept at the child, and the children of a node are a list linked through
``next_sibling``. So a descent reads only the children that exist: the unvisited actions of a node all share one
completed value, and only the one with the highest prior can win, which is found when it is first needed.

The arithmetic is that of DeepMind's mctx (``search.py``, ``action_selection.py``, ``qtransforms.py``,
``seq_halving.py``): a node counts its own expansion as a visit, and its value is the mean of its network value and of
all returns backed up to it.
"""

cimport cython
from cpython.buffer cimport PyBUF_RECORDS_RO, PyBuffer_Release, PyObject_CheckBuffer, PyObject_GetBuffer
from cython.parallel cimport prange
from libc.math cimport fabsf
from libc.stdint cimport int32_t, int64_t, uint8_t

import numpy as np

cdef extern from *:
    """
    #include <stdint.h>
    #include <string.h>
    /* exp(x) for x <= 0, within 2 units in the last place, 0 below -86. Written out so that it vectorises and so that
       it gives the same bits everywhere, which the C library's expf does not. */
    static inline float exp_of_nonpositive(float x) {
        float shifted = x * 1.44269504f + 12582912.0f;  /* 1.5 * 2**23: the low bits hold round(x / ln 2) */
        float n = shifted - 12582912.0f;
        float r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
        float y = 1.9875691500e-4f;
        uint32_t exponent, bits;
        int32_t argument;
        y = y * r + 1.3981999507e-3f;
        y = y * r + 8.3334519073e-3f;
        y = y * r + 4.1665795894e-2f;
        y = y * r + 1.6666665459e-1f;
        y = y * r + 5.0000001201e-1f;
        y = y * (r * r) + r + 1.0f;
        memcpy(&exponent, &shifted, 4);
        memcpy(&bits, &y, 4);
        memcpy(&argument, &x, 4);
        bits += exponent << 23;
        /* x < -86 as integers, because compilers do not vectorise comparisons of floats that may trap */
        bits &= (argument & 0x7fffffff) > 0x42ac0000 ? 0u : 0xffffffffu;
        memcpy(&y, &bits, 4);
        return y;
    }
    /* 1 where x is NaN or infinite, else 0 */
    static inline int32_t is_not_finite(float x) {
        uint32_t bits;
        memcpy(&bits, &x, 4);
        return (bits & 0x7f800000u) == 0x7f800000u;
    }
    """
    float exp_of_nonpositive(float x) noexcept nogil
    int32_t is_not_finite(float x) noexcept nogil

cdef enum:
    PUCT = 0
    GUMBEL = 1
    BY_PARENT_AND_SIBLINGS = 0
    COMPLETED_BY_MIX_VALUE = 1
    TREE_MIN_MAX = 2
    NONE = -1
    UNKNOWN = -2  # the best unvisited action has not been looked for since the last child came

cdef float SMALLEST_NORMAL = 1.17549435e-38  # no available action has a lower prior, so that sums never vanish
cdef float LARGEST = 3.40282347e+38
cdef float LOWEST_SCORE = -1e9  # mctx: a considered action never scores less, so that it stays selectable
cdef Py_ssize_t SMALLEST_PARALLEL_SHARE = 64  # roots per thread below which a second thread costs more than it saves
cdef Py_ssize_t SMALLEST_BATCH_WITHOUT_GIL = 32

POLICIES = {"puct": PUCT, "gumbel": GUMBEL}
Q_TRANSFORMS = {
    "by_parent_and_siblings": BY_PARENT_AND_SIBLINGS,
    "completed_by_mix_value": COMPLETED_BY_MIX_VALUE,
    "tree_min_max": TREE_MIN_MAX,
}
MEANINGLESS = {
    ("puct", "completed_by_mix_value"): "its values grow with the visits and would drown the exploration term; "
    "use by_parent_and_siblings or tree_min_max",
    ("gumbel", "by_parent_and_siblings"): "it gives unvisited actions the lowest value, so the policy target would "
    "punish every action that was not searched; use completed_by_mix_value or tree_min_max",
}


def check_combination(str policy, str q_transform):
    """Raise ValueError for an unknown policy or Q-transform, or for two that are meaningless together."""
    if policy not in POLICIES:
        raise ValueError(f"search policy: expected one of {sorted(POLICIES)}, got {policy!r}")
    if q_transform not in Q_TRANSFORMS:
        raise ValueError(f"q_transform: expected one of {sorted(Q_TRANSFORMS)}, got {q_transform!r}")
    if (policy, q_transform) in MEANINGLESS:
        raise ValueError(f"q_transform {q_transform!r} with policy {policy!r}: {MEANINGLESS[policy, q_transform]}")


cdef inline float larger(float a, float b) noexcept nogil:
    return a if a > b else b


cdef inline float smaller(float a, float b) noexcept nogil:
    return a if a < b else b


cdef float* floats(array):
    cdef float[::1] flat = array.reshape(-1)
    return &flat[0]


cdef int32_t* integers(array):
    cdef int32_t[::1] flat = array.reshape(-1)
    return &flat[0]


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
    considered_visits: int32 [m + 1, simulations], for Gumbel: row k is the sequence of visit counts of sequential
        halving with k considered actions.
    threads: roots are shared between this many threads when the batch is large. No result depends on it.

    Raises ValueError for impossible arguments.
    """

    cdef readonly Py_ssize_t capacity, batch, actions, simulations, simulation
    cdef readonly int threads
    cdef readonly float discount
    cdef Py_ssize_t nodes, stride, considered_rows
    cdef int policy, q_transform, horizon
    cdef float floor, floor_share, value_scale, visit_offset, prior_weight
    cdef bint ready, selected
    # [batch, nodes]
    cdef int32_t *parent
    cdef int32_t *action
    cdef int32_t *depth
    cdef int32_t *visits
    cdef int32_t *first_child
    cdef int32_t *next_sibling
    cdef int32_t *best_unvisited
    cdef float *value            # mean of the network value and all returns
    cdef float *network_value
    cdef float *reward           # of the edge from the parent
    cdef float *prefix           # value prefix that a child's prediction includes: 0 at a reset, or without prefixes
    cdef float *edge_discount    # of the value behind the edge from the parent: discount * continuation
    cdef float *q                # reward + edge_discount * value: the Q-value of the edge from the parent
    cdef float *edge_prior       # probability of the edge from the parent
    cdef float *unvisited_mass   # sum of the priors of the unvisited actions
    # [batch, nodes, stride], stride = actions rounded up to whole vectors
    cdef float *prior            # probability of an unvisited action; -1: visited, illegal or padding
    # [batch, ...]
    cdef float *root_log_prior   # [batch, stride]
    cdef float *root_score       # [batch, stride]: Gumbel noise + log-prior
    cdef int32_t *legal          # [batch, stride]
    cdef int32_t *considered     # [batch]: row of considered_visits
    cdef float *low              # [batch]: bounds of tree_min_max
    cdef float *high
    cdef int32_t *leaf_parent
    cdef int32_t *leaf_action
    cdef int32_t *leaf_depth
    # shared
    cdef int32_t *considered_visits
    cdef float *exploration      # [simulations + 2]: sqrt(n) * (c1 + log((n + c2 + 1) / c2))
    cdef float *scratch          # [threads, 5, stride]
    cdef int32_t *failure        # [threads, 2]: root and what was not finite there
    cdef dict arrays
    cdef tuple selection
    cdef readonly object packed_selection  # the arrays that select returns as one int32 [3, b]

    def __init__(self, Py_ssize_t batch, Py_ssize_t actions, Py_ssize_t simulations, *, str policy, str q_transform,
                 double discount, value_prefix_horizon=None, double q_floor=0.0, double q_floor_share=0.0,
                 double value_scale=0.1, double visit_offset=50.0, double prior_weight=1.0,
                 double exploration_init=1.25, double exploration_base=19652.0, considered_visits=None, int threads=1):
        check_combination(policy, q_transform)
        positive = {"batch": batch, "actions": actions, "simulations": simulations, "threads": threads}
        for name, number in positive.items():
            if number < 1:
                raise ValueError(f"{name}: expected at least 1, got {number}")
        if not 0.0 <= discount <= 1.0:
            raise ValueError(f"discount: expected a number in [0, 1], got {discount}")
        if value_prefix_horizon is not None and value_prefix_horizon < 1:
            raise ValueError(f"value_prefix_horizon: expected None or at least 1, got {value_prefix_horizon}")
        self.policy, self.q_transform = POLICIES[policy], Q_TRANSFORMS[q_transform]
        self.capacity, self.batch, self.actions, self.simulations = batch, batch, actions, simulations
        self.nodes, self.stride, self.threads = simulations + 1, (actions + 3) // 4 * 4, threads
        self.discount, self.horizon = discount, value_prefix_horizon or 0
        self.floor, self.floor_share = max(q_floor, 1e-8), q_floor_share
        self.value_scale, self.visit_offset, self.prior_weight = value_scale, visit_offset, prior_weight
        self.arrays = {}
        self._allocate()
        count = np.arange(simulations + 2, dtype=np.float64)
        self.exploration = floats(self._keep("exploration", (
            np.sqrt(count) * (exploration_init + np.log((count + exploration_base + 1.0) / exploration_base))
        ).astype(np.float32)))
        self.considered_rows = 0
        if self.policy == GUMBEL:
            table = np.array(considered_visits, dtype=np.int32, order="C")
            if table.ndim != 2 or table.shape[0] < 2 or table.shape[1] != simulations:
                raise ValueError(f"considered_visits: expected shape [at least 2, {simulations}], got {table.shape}")
            _check_considered_visits(table)
            self.considered_rows = table.shape[0]
            self.considered_visits = integers(self._keep("considered_visits", table))
        self.ready = False

    cdef _keep(self, str name, array):
        self.arrays[name] = array
        return array

    cdef int32_t* _integers(self, str name, tuple shape):
        return integers(self._keep(name, np.empty(shape, dtype=np.int32)))

    cdef float* _floats(self, str name, tuple shape):
        return floats(self._keep(name, np.empty(shape, dtype=np.float32)))

    cdef _allocate(self):
        per_node = (self.capacity, self.nodes)
        per_root = (self.capacity, self.stride)
        self.parent = self._integers("parent", per_node)
        self.action = self._integers("action", per_node)
        self.depth = self._integers("depth", per_node)
        self.visits = self._integers("visits", per_node)
        self.first_child = self._integers("first_child", per_node)
        self.next_sibling = self._integers("next_sibling", per_node)
        self.best_unvisited = self._integers("best_unvisited", per_node)
        self.value = self._floats("value", per_node)
        self.network_value = self._floats("network_value", per_node)
        self.reward = self._floats("reward", per_node)
        self.prefix = self._floats("prefix", per_node)
        self.edge_discount = self._floats("edge_discount", per_node)
        self.q = self._floats("q", per_node)
        self.edge_prior = self._floats("edge_prior", per_node)
        self.unvisited_mass = self._floats("unvisited_mass", per_node)
        self.prior = self._floats("prior", per_node + (self.stride,))
        self.root_log_prior = self._floats("root_log_prior", per_root)
        self.root_score = self._floats("root_score", per_root)
        self.legal = self._integers("legal", per_root)
        self.considered = self._integers("considered", (self.capacity,))
        self.low = self._floats("low", (self.capacity,))
        self.high = self._floats("high", (self.capacity,))
        self.leaf_parent = self._integers("leaf", (3 * self.capacity,))
        self.scratch = self._floats("scratch", (self.threads, 5, self.stride))
        self.failure = self._integers("failure", (self.threads, 2))

    # ---------------------------------------------------------------------------------------------- start of a search

    def reset(self, policy_logits, value, *, legal_actions=None, gumbel=None):
        """Start new trees at the given roots.

        policy_logits float32 [b, actions], value float32 [b], with 1 <= b <= the allocated batch.
        legal_actions: bool [b, actions]; None: all are legal. Illegal actions are never visited from a root, and only
            there, as the model knows no rules. They count as actions without visits in the Q-transforms, as in mctx.
        gumbel: float32 [b, actions], noise of the Gumbel policy, Gumbel(0, T) at a temperature T; None: zeros.

        Raises ValueError for wrong shapes or dtypes or a root without a legal action, FloatingPointError for NaN or
        inf.
        """
        cdef Py_ssize_t row, index, a
        cdef float total, best, log_prior
        cdef int count
        self.ready = False
        if not isinstance(policy_logits, np.ndarray) or policy_logits.ndim != 2:
            raise ValueError("root policy_logits: expected a float32 array [batch, actions]")
        batch = policy_logits.shape[0]
        if not 1 <= batch <= self.capacity:
            raise ValueError(f"root policy_logits: expected 1 to {self.capacity} roots, got {batch}")
        shape = (batch, self.actions)
        logits_array = _checked("root policy_logits", policy_logits, shape, np.float32)
        value_array = _checked("root value", value, (batch,), np.float32)
        legal_array = np.ones(shape, dtype=bool) if legal_actions is None else legal_actions
        legal_array = _checked("legal_actions", legal_array, shape, np.bool_)
        if not legal_array.any(axis=1).all():
            raise ValueError(f"legal_actions: root {int(np.argmin(legal_array.any(axis=1)))} has no legal action")
        if gumbel is not None and self.policy != GUMBEL:
            raise ValueError("gumbel: only the Gumbel policy takes it; mix Dirichlet noise into policy_logits")
        noise_array = np.zeros(shape, dtype=np.float32) if gumbel is None else gumbel
        noise_array = _checked("gumbel noise", noise_array, shape, np.float32)
        cdef const float[:, ::1] logits = logits_array
        cdef const float[::1] values = value_array
        cdef const uint8_t[:, ::1] allowed = legal_array.view(np.uint8)
        cdef const float[:, ::1] noise = noise_array
        self.batch, self.simulation, self.selected = batch, 0, False
        self.packed_selection = self.arrays["leaf"][: 3 * batch].reshape(3, batch)
        self.selection = tuple(self.packed_selection)
        self.leaf_action = self.leaf_parent + self.batch
        self.leaf_depth = self.leaf_action + self.batch
        for row in range(self.batch):
            index = row * self.stride
            best, count, total = -LARGEST, 0, 0.0
            for a in range(self.actions):
                if allowed[row, a]:
                    best = larger(best, logits[row, a])
                    count += 1
            for a in range(self.stride):
                self.prior[row * self.nodes * self.stride + a] = -1.0
                self.legal[index + a] = a < self.actions and allowed[row, a]
                if self.legal[index + a]:
                    log_prior = logits[row, a] - best
                    self.root_log_prior[index + a] = log_prior
                    self.root_score[index + a] = noise[row, a] + log_prior
                    self.prior[row * self.nodes * self.stride + a] = exp_of_nonpositive(log_prior)
                    total += self.prior[row * self.nodes * self.stride + a]
            for a in range(self.actions):
                if self.legal[index + a]:
                    self.prior[row * self.nodes * self.stride + a] = larger(
                        self.prior[row * self.nodes * self.stride + a] / total, SMALLEST_NORMAL)
            if self.policy == GUMBEL:
                self.considered[row] = min(count, self.considered_rows - 1)
            self.low[row], self.high[row] = LARGEST, -LARGEST
            self._clear(row * self.nodes)
            index = row * self.nodes
            self.parent[index], self.action[index], self.depth[index] = NONE, NONE, 0
            self.reward[index] = self.prefix[index] = self.q[index] = 0.0
            self.value[index] = self.network_value[index] = values[row]
        self.ready = True

    cdef inline void _clear(self, Py_ssize_t index) noexcept nogil:
        """A node without children that has been visited once, by its expansion."""
        self.visits[index] = 1
        self.first_child[index] = NONE
        self.next_sibling[index] = NONE
        self.best_unvisited[index] = UNKNOWN

    # ------------------------------------------------------------------------------------------------------ descending

    def select(self):
        """Descend every tree to an action that has not been tried.

        Returns (parent_index, action, leaf_depth), int32 [b] each, valid until the next call: from which node which
        action is to be evaluated, and the depth of the node to come. Raises RuntimeError if there is no root, if the
        last selection was not expanded, or if all simulations have been made.
        """
        cdef int share
        if not self.ready:
            raise RuntimeError("select: call reset first; a search that failed cannot go on")
        if self.selected:
            raise RuntimeError("select: the last selection has not been expanded; call expand_and_backup")
        if self.simulation >= self.simulations:
            raise RuntimeError(f"select: this tree holds {self.simulations} simulations and all have been made")
        if self.batch < SMALLEST_BATCH_WITHOUT_GIL:
            self._select_share(0, 1)
        elif self.threads == 1 or self.batch < self.threads * SMALLEST_PARALLEL_SHARE:
            with nogil:
                self._select_share(0, 1)
        else:
            for share in prange(self.threads, nogil=True, schedule="static", chunksize=1, num_threads=self.threads):
                self._select_share(share, self.threads)
        self.selected = True
        return self.selection

    cdef void _select_share(self, Py_ssize_t share, Py_ssize_t shares) noexcept nogil:
        cdef Py_ssize_t row
        for row in range(self.batch * share // shares, self.batch * (share + 1) // shares):
            self._select_row(row, self.scratch + share * 5 * self.stride)

    cdef void _select_row(self, Py_ssize_t row, float* scratch) noexcept nogil:
        cdef Py_ssize_t first = row * self.nodes
        cdef Py_ssize_t node = 0
        cdef Py_ssize_t child
        cdef float mean_q = 0.0
        while self.first_child[first + node] != NONE:
            child = self._choose_child(row, node, &mean_q, scratch)
            if child == NONE:
                break
            node = child
        # The first descent below a node comes here: it follows the prior.
        if self.best_unvisited[first + node] == UNKNOWN:
            self._find_best_unvisited(row, node)
        self.leaf_parent[row] = <int32_t> node
        self.leaf_action[row] = self.best_unvisited[first + node]
        self.leaf_depth[row] = self.depth[first + node] + 1

    cdef void _find_best_unvisited(self, Py_ssize_t row, Py_ssize_t node) noexcept nogil:
        """The unvisited action with the highest prior (Gumbel at the root: noise + log-prior), and the mass of all."""
        cdef Py_ssize_t index = row * self.nodes + node
        cdef float* prior = self.prior + index * self.stride
        cdef float* score = prior
        cdef Py_ssize_t a
        cdef int32_t best = NONE
        cdef float best_score = -LARGEST
        cdef float mass0 = 0.0, mass1 = 0.0, mass2 = 0.0, mass3 = 0.0
        if node == 0 and self.policy == GUMBEL:
            score = self.root_score + row * self.stride
        for a in range(self.actions):
            if prior[a] >= 0.0 and (score[a] > best_score or best == NONE):
                best_score = score[a]
                best = <int32_t> a
        for a in range(0, self.stride, 4):
            mass0 += larger(prior[a], 0.0)
            mass1 += larger(prior[a + 1], 0.0)
            mass2 += larger(prior[a + 2], 0.0)
            mass3 += larger(prior[a + 3], 0.0)
        self.best_unvisited[index] = best
        self.unvisited_mass[index] = (mass0 + mass1) + (mass2 + mass3)

    cdef inline Py_ssize_t _choose_child(self, Py_ssize_t row, Py_ssize_t node, float* mean_q,
                                         float* scratch) noexcept nogil:
        """The child to descend to from a node that has children, or NONE for its best unvisited action."""
        cdef Py_ssize_t first = row * self.nodes
        cdef Py_ssize_t index = first + node
        cdef Py_ssize_t count = 0
        cdef float* q = scratch
        cdef float* prior = scratch + self.stride
        cdef float* visits = scratch + 2 * self.stride
        cdef int32_t* children = <int32_t*> (scratch + 3 * self.stride)
        cdef float* weight = scratch + 4 * self.stride
        cdef int32_t child = self.first_child[index]
        cdef float unvisited
        cdef int32_t wanted = 0
        if node == 0 and self.policy == GUMBEL:
            wanted = self.considered_visits[self.considered[row] * self.simulations + self.simulation]
            if wanted == 0:
                return NONE
        while child != NONE:
            q[count] = self.q[first + child]
            prior[count] = self.edge_prior[first + child]
            visits[count] = <float> self.visits[first + child]
            children[count] = child
            count += 1
            child = self.next_sibling[first + child]
        unvisited = self._transform(row, index, count, q, prior, visits, node == 0, mean_q)
        if node == 0 and self.policy == GUMBEL:
            return self._considered_child(row, count, q, visits, children, <float> wanted)
        if self.best_unvisited[index] == UNKNOWN:
            self._find_best_unvisited(row, node)
        if self.policy == GUMBEL:
            return self._gumbel_child(first, index, count, q, prior, visits, children, weight, unvisited)
        return self._puct_child(first, index, count, q, prior, visits, children, unvisited)

    cdef inline Py_ssize_t _puct_child(self, Py_ssize_t first, Py_ssize_t index, Py_ssize_t count, float* q,
                                       float* prior, float* visits, int32_t* children, float unvisited) noexcept nogil:
        """argmax of Q + P * sqrt(N) * (c1 + log((N + c2 + 1) / c2)) / (n + 1), N counting the node's own expansion."""
        cdef float factor = self.exploration[self.visits[index]]
        cdef int32_t action = self.best_unvisited[index]
        cdef int32_t candidate
        cdef Py_ssize_t best = NONE
        cdef float best_score = -LARGEST
        cdef float score
        cdef Py_ssize_t k
        if action != NONE:
            best_score = unvisited + factor * self.prior[index * self.stride + action]
        for k in range(count):
            score = q[k] + factor * prior[k] / (visits[k] + 1.0)
            if score >= best_score:
                candidate = self.action[first + children[k]]
                if score > best_score or candidate < action:
                    best, best_score, action = children[k], score, candidate
        return best

    cdef inline Py_ssize_t _gumbel_child(self, Py_ssize_t first, Py_ssize_t index, Py_ssize_t count, float* q,
                                         float* prior, float* visits, int32_t* children, float* weight,
                                         float unvisited) noexcept nogil:
        """argmax of softmax(log-prior + completed Q) - n / N (Danihelka et al. 2022, section 5)."""
        cdef int32_t action = self.best_unvisited[index]
        cdef int32_t candidate
        cdef Py_ssize_t best = NONE
        cdef float best_score = -LARGEST
        cdef float per_visit = <float> 1.0 / <float> self.visits[index]
        cdef float top = q[0]
        cdef float total = 0.0
        cdef float unvisited_weight = 0.0
        cdef float normalizer, score
        cdef Py_ssize_t k
        for k in range(1, count):
            top = larger(top, q[k])
        if count < self.actions:
            top = larger(top, unvisited)
        # softmax(log-prior + Q) = prior * exp(Q) / sum: one exponential for all unvisited actions together.
        for k in range(count):
            weight[k] = prior[k] * exp_of_nonpositive(q[k] - top)
        if action != NONE:
            unvisited_weight = exp_of_nonpositive(unvisited - top)
            total = self.unvisited_mass[index] * unvisited_weight
            unvisited_weight = self.prior[index * self.stride + action] * unvisited_weight
        for k in range(count):
            total += weight[k]
        normalizer = <float> 1.0 / total
        if action != NONE:
            best_score = unvisited_weight * normalizer
        for k in range(count):
            score = weight[k] * normalizer - visits[k] * per_visit
            if score >= best_score:
                candidate = self.action[first + children[k]]
                if score > best_score or candidate < action:
                    best, best_score, action = children[k], score, candidate
        return best

    cdef inline Py_ssize_t _considered_child(self, Py_ssize_t row, Py_ssize_t count, float* q, float* visits,
                                             int32_t* children, float wanted) noexcept nogil:
        """Sequential halving: the best noise + log-prior + completed Q among the children visited ``wanted`` times."""
        cdef float* root_score = self.root_score + row * self.stride
        cdef int32_t action = NONE
        cdef int32_t candidate
        cdef Py_ssize_t best = NONE
        cdef float best_score = -LARGEST
        cdef float score
        cdef Py_ssize_t k
        for k in range(count):
            if visits[k] == wanted:
                candidate = self.action[row * self.nodes + children[k]]
                score = larger(LOWEST_SCORE, root_score[candidate] + q[k])
                if score > best_score or (score == best_score and candidate < action):
                    best, best_score, action = children[k], score, candidate
        return best

    # ---------------------------------------------------------------------------------------------------- Q-transforms

    cdef inline float _transform(self, Py_ssize_t row, Py_ssize_t index, Py_ssize_t count, float* q, float* prior,
                                 float* visits, bint is_root, float* mean_q) noexcept nogil:
        """Transform the Q-values of the ``count`` children in place; returns the value of an unvisited action."""
        if self.q_transform == COMPLETED_BY_MIX_VALUE:
            return self._completed_by_mix_value(index, count, q, prior, visits)
        if self.q_transform == BY_PARENT_AND_SIBLINGS:
            return self._by_parent_and_siblings(index, count, q)
        return self._tree_min_max(row, index, count, q, prior, visits, is_root, mean_q)

    cdef inline float _by_parent_and_siblings(self, Py_ssize_t index, Py_ssize_t count, float* q) noexcept nogil:
        cdef float low = self.value[index]
        cdef float high = low
        cdef float per_range
        cdef Py_ssize_t k
        for k in range(count):
            low = smaller(low, q[k])
            high = larger(high, q[k])
        per_range = <float> 1.0 / larger(high - low, self._floor(index))
        for k in range(count):
            q[k] = (q[k] - low) * per_range
        return 0.0

    cdef inline float _floor(self, Py_ssize_t index) noexcept nogil:
        return larger(self.floor_share * fabsf(self.value[index]), self.floor)

    cdef inline float _completed_by_mix_value(self, Py_ssize_t index, Py_ssize_t count, float* q, float* prior,
                                              float* visits) noexcept nogil:
        cdef float mix = self._mixed_value(index, count, q, prior)
        cdef float low = q[0]
        cdef float high = q[0]
        cdef float scale
        cdef Py_ssize_t k
        for k in range(1, count):
            low = smaller(low, q[k])
            high = larger(high, q[k])
        if count < self.actions:
            low = smaller(low, mix)
            high = larger(high, mix)
        scale = self._visit_scale(count, visits) / larger(high - low, self._floor(index))
        for k in range(count):
            q[k] = (q[k] - low) * scale
        return (mix - low) * scale

    cdef inline float _mixed_value(self, Py_ssize_t index, Py_ssize_t count, float* q, float* prior) noexcept nogil:
        """(network value + N * mean of Q over the visited actions, weighted by the prior) / (N + 1)."""
        cdef float mass = 0.0
        cdef float weighted = 0.0
        cdef float total_visits = <float> (self.visits[index] - 1)
        cdef Py_ssize_t k
        for k in range(count):
            mass += prior[k]
            weighted += prior[k] * q[k]
        return (self.network_value[index] + total_visits * (weighted / mass)) / (total_visits + <float> 1.0)

    cdef inline float _visit_scale(self, Py_ssize_t count, float* visits) noexcept nogil:
        cdef float most = 0.0
        cdef Py_ssize_t k
        for k in range(count):
            most = larger(most, visits[k])
        return (self.visit_offset + most) * self.value_scale

    cdef inline float _tree_min_max(self, Py_ssize_t row, Py_ssize_t index, Py_ssize_t count, float* q, float* prior,
                                    float* visits, bint is_root, float* mean_q) noexcept nogil:
        cdef float low = self.low[row]
        cdef float per_range = <float> 1.0 / larger(self.high[row] - low, self._floor(index))
        cdef float scale = 1.0
        cdef float unvisited = 0.0
        cdef Py_ssize_t k
        if self.policy == GUMBEL:
            unvisited = self._mixed_value(index, count, q, prior)
            scale = self._visit_scale(count, visits)
        else:
            for k in range(count):
                unvisited += q[k]
            if is_root:
                unvisited /= <float> count
            else:
                unvisited = (unvisited + mean_q[0]) / <float> (count + 1)
            mean_q[0] = unvisited
        for k in range(count):
            q[k] = smaller(larger((q[k] - low) * per_range, 0.0), 1.0) * scale
        return smaller(larger((unvisited - low) * per_range, 0.0), 1.0) * scale

    # ------------------------------------------------------------------------------------------- expansion and backup

    def expand_and_backup(self, policy_logits, value, reward, continuation=None):
        """Add the selected nodes with the model's predictions and back their values up to the roots.

        policy_logits float32 [b, actions] (each row contiguous), value float32 [b], reward float32 [b]: the reward of
        the selected edge, or the value prefix of the new node. continuation float32 [b]: the probability that the
        episode goes on after the selected edge, by which everything behind it is discounted too; None: 1. Arrays may be
        views with any row stride.

        Raises ValueError for wrong shapes or dtypes, FloatingPointError for NaN or inf (the search cannot go on after
        that), RuntimeError if nothing is selected.
        """
        cdef Py_buffer logits, values, rewards, continuations
        if not self.selected:
            raise RuntimeError("expand_and_backup: nothing is selected; call select first")
        _read("policy_logits", policy_logits, 2, &logits)
        try:
            _read("value", value, 1, &values)
            try:
                _read("reward", reward, 1, &rewards)
                try:
                    if continuation is None:
                        self._expand(&logits, &values, &rewards, NULL)
                    else:
                        _read("continuation", continuation, 1, &continuations)
                        try:
                            self._expand(&logits, &values, &rewards, &continuations)
                        finally:
                            PyBuffer_Release(&continuations)
                finally:
                    PyBuffer_Release(&rewards)
            finally:
                PyBuffer_Release(&values)
        finally:
            PyBuffer_Release(&logits)

    cdef int _expand(self, Py_buffer* logits, Py_buffer* values, Py_buffer* rewards, Py_buffer* continuations) except -1:
        cdef int share
        if (logits.shape[0] != self.batch or logits.shape[1] != self.actions or values.shape[0] != self.batch
                or rewards.shape[0] != self.batch):
            raise ValueError(
                f"predictions: expected policy_logits [{self.batch}, {self.actions}], value [{self.batch}] and reward "
                f"[{self.batch}], got [{logits.shape[0]}, {logits.shape[1]}], [{values.shape[0]}] and "
                f"[{rewards.shape[0]}]")
        if continuations != NULL and continuations.shape[0] != self.batch:
            raise ValueError(f"continuation: expected [{self.batch}], got [{continuations.shape[0]}]")
        if self.actions > 1 and logits.strides[1] != sizeof(float):
            raise ValueError("policy_logits: the rows must be contiguous in memory")
        for share in range(self.threads):
            self.failure[2 * share] = NONE
        if self.batch < SMALLEST_BATCH_WITHOUT_GIL:
            self._expand_share(0, 1, logits, values, rewards, continuations)
        elif self.threads == 1 or self.batch < self.threads * SMALLEST_PARALLEL_SHARE:
            with nogil:
                self._expand_share(0, 1, logits, values, rewards, continuations)
        else:
            for share in prange(self.threads, nogil=True, schedule="static", chunksize=1, num_threads=self.threads):
                self._expand_share(share, self.threads, logits, values, rewards, continuations)
        for share in range(self.threads):
            if self.failure[2 * share] != NONE:
                self.ready = self.selected = False
                name = ("policy_logits", "value", "reward", "continuation")[self.failure[2 * share + 1]]
                raise FloatingPointError(
                    f"{name}: the model's prediction for root {self.failure[2 * share]} in simulation "
                    f"{self.simulation} is NaN or infinite")
        self.simulation += 1
        self.selected = False
        return 0

    cdef void _expand_share(self, Py_ssize_t share, Py_ssize_t shares, Py_buffer* logits, Py_buffer* values,
                            Py_buffer* rewards, Py_buffer* continuations) noexcept nogil:
        cdef char* logit = <char*> logits.buf
        cdef char* value = <char*> values.buf
        cdef char* reward = <char*> rewards.buf
        cdef float continuation = 1.0
        cdef Py_ssize_t row
        cdef int32_t wrong
        for row in range(self.batch * share // shares, self.batch * (share + 1) // shares):
            if continuations != NULL:
                continuation = (<float*> (<char*> continuations.buf + row * continuations.strides[0]))[0]
            wrong = self._expand_row(row, <float*> (logit + row * logits.strides[0]),
                                     (<float*> (value + row * values.strides[0]))[0],
                                     (<float*> (reward + row * rewards.strides[0]))[0], continuation)
            if wrong != NONE:
                self.failure[2 * share] = <int32_t> row
                self.failure[2 * share + 1] = wrong
                return

    cdef inline int32_t _expand_row(self, Py_ssize_t row, float* logits, float value, float prediction,
                                    float continuation) noexcept nogil:
        """Returns NONE, or what is not finite: 0 the logits, 1 the value, 2 the reward, 3 the continuation."""
        cdef Py_ssize_t first = row * self.nodes
        cdef Py_ssize_t node = self.simulation + 1
        cdef Py_ssize_t index = first + node
        cdef Py_ssize_t parent = first + self.leaf_parent[row]
        cdef int32_t action = self.leaf_action[row]
        cdef int32_t depth = self.leaf_depth[row]
        cdef float* parent_prior = self.prior + parent * self.stride
        if is_not_finite(value):
            return 1
        if is_not_finite(prediction):
            return 2
        if is_not_finite(continuation):
            return 3
        self._clear(index)
        if not self._set_prior(index, logits):
            return 0
        self.parent[index] = self.leaf_parent[row]
        self.action[index] = action
        self.depth[index] = depth
        self.value[index] = self.network_value[index] = value
        self.reward[index] = prediction - self.prefix[parent]
        self.edge_discount[index] = self.discount * continuation
        self.prefix[index] = prediction if self.horizon != 0 and depth % self.horizon != 0 else 0.0
        self.edge_prior[index] = parent_prior[action]
        parent_prior[action] = -1.0
        self.best_unvisited[parent] = UNKNOWN
        self.next_sibling[index] = self.first_child[parent]
        self.first_child[parent] = <int32_t> node
        self._backup_row(row, node)
        return NONE

    cdef inline bint _set_prior(self, Py_ssize_t index, float* logits) noexcept nogil:
        """softmax of the logits, once; False if one of them is not finite."""
        cdef float* prior = self.prior + index * self.stride
        cdef float high = logits[0]
        cdef float total0 = 0.0, total1 = 0.0, total2 = 0.0, total3 = 0.0
        cdef float per_total
        cdef int32_t wrong = 0
        cdef Py_ssize_t a
        for a in range(self.actions):
            wrong |= is_not_finite(logits[a])
        if wrong:
            return False
        for a in range(self.actions):
            high = larger(high, logits[a])
        for a in range(self.actions):
            prior[a] = exp_of_nonpositive(logits[a] - high)
        for a in range(self.actions, self.stride):
            prior[a] = 0.0
        for a in range(0, self.stride, 4):
            total0 += prior[a]
            total1 += prior[a + 1]
            total2 += prior[a + 2]
            total3 += prior[a + 3]
        per_total = <float> 1.0 / ((total0 + total1) + (total2 + total3))
        for a in range(self.stride):
            prior[a] = larger(prior[a] * per_total, SMALLEST_NORMAL)
        for a in range(self.actions, self.stride):
            prior[a] = -1.0
        return True

    cdef inline void _backup_row(self, Py_ssize_t row, Py_ssize_t node) noexcept nogil:
        """Move the value of a new node to the root; bounds of tree_min_max follow every edge that changes."""
        cdef Py_ssize_t first = row * self.nodes
        cdef Py_ssize_t index = first + node
        cdef float discounted = self.value[index]
        cdef float discount
        cdef float low = self.low[row]
        cdef float high = self.high[row]
        cdef float q, count
        while index != first:
            discount = self.edge_discount[index]
            q = self.reward[index] + discount * self.value[index]
            self.q[index] = q
            low = smaller(low, q)
            high = larger(high, q)
            discounted = self.reward[index] + discount * discounted
            index = first + self.parent[index]
            count = <float> self.visits[index]
            self.value[index] = (self.value[index] * count + discounted) / (count + <float> 1.0)
            self.visits[index] += 1
        self.low[row] = low
        self.high[row] = high

    # ------------------------------------------------------------------------------------------------------- results

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
        cdef Py_ssize_t row, first, k, a, count
        cdef int32_t child, best_action
        cdef float unvisited, best, total, log_weight, mixed
        cdef float mean_q = 0.0
        cdef float* q = self.scratch
        cdef float* prior = self.scratch + self.stride
        cdef float* visits = self.scratch + 2 * self.stride
        cdef int32_t* children = <int32_t*> (self.scratch + 3 * self.stride)
        if not self.ready or self.selected or self.simulation == 0:
            raise RuntimeError("summary: make at least one whole simulation first")
        shape = (self.batch, self.actions)
        result = {
            "action": np.zeros(self.batch, dtype=np.int64),
            "visit_counts": np.zeros(shape, dtype=np.int32),
            "value": self.arrays["value"][: self.batch, 0].copy(),
            "policy": np.zeros(shape, dtype=np.float32),
            "q_values": np.zeros(shape, dtype=np.float32),
            "policy_value": np.zeros(self.batch, dtype=np.float32),
        }
        cdef int64_t[::1] action = result["action"]
        cdef int32_t[:, ::1] visit_counts = result["visit_counts"]
        cdef float[:, ::1] policy = result["policy"]
        cdef float[:, ::1] q_values = result["q_values"]
        cdef float[::1] policy_value = result["policy_value"]
        for row in range(self.batch):
            first = row * self.nodes
            count, best = 0, 0.0
            child = self.first_child[first]
            while child != NONE:
                q[count] = self.q[first + child]
                prior[count] = self.edge_prior[first + child]
                visits[count] = <float> self.visits[first + child]
                children[count] = child
                visit_counts[row, self.action[first + child]] = self.visits[first + child]
                q_values[row, self.action[first + child]] = q[count]
                best = larger(best, visits[count])
                count += 1
                child = self.next_sibling[first + child]
            if self.policy == PUCT:
                best_action = 0
                for a in range(self.actions):
                    policy[row, a] = <float> visit_counts[row, a] / <float> self.simulation
                    policy_value[row] += policy[row, a] * q_values[row, a]
                    if visit_counts[row, a] > visit_counts[row, best_action]:
                        best_action = <int32_t> a
                action[row] = best_action
                continue
            mixed = self._mixed_value(first, count, q, prior)
            unvisited = self._transform(row, first, count, q, prior, visits, True, &mean_q)
            action[row] = self.action[first + self._considered_child(row, count, q, visits, children, best)]
            for a in range(self.actions):
                policy[row, a] = self.prior_weight * self.root_log_prior[row * self.stride + a] + unvisited
            for k in range(count):
                a = self.action[first + children[k]]
                policy[row, a] = self.prior_weight * self.root_log_prior[row * self.stride + a] + q[k]
            best, total = -LARGEST, 0.0
            for a in range(self.actions):
                if self.legal[row * self.stride + a]:
                    best = larger(best, policy[row, a])
            for a in range(self.actions):
                log_weight = policy[row, a] - best
                policy[row, a] = exp_of_nonpositive(log_weight) if self.legal[row * self.stride + a] else 0.0
                total += policy[row, a]
            for a in range(self.actions):
                policy[row, a] /= total
                policy_value[row] += policy[row, a] * (q_values[row, a] if visit_counts[row, a] > 0 else mixed)
        return result

    def nodes_so_far(self):
        """Copies of what every node holds, for inspection: a dict of arrays [b, simulations made + 1].

        parent, action, depth, visits int32; value, network_value, reward, q float32; and the bounds of tree_min_max,
        low and high, float32 [b].
        """
        names = ("parent", "action", "depth", "visits", "value", "network_value", "reward", "q")
        nodes = {name: self.arrays[name][: self.batch, : self.simulation + 1].copy() for name in names}
        return nodes | {name: self.arrays[name][: self.batch].copy() for name in ("low", "high")}


cdef int _read(str name, array, int dimensions, Py_buffer* buffer) except -1:
    """Fill ``buffer`` from an array; the buffer must be released. ValueError unless float32 of that many dimensions."""
    if PyObject_CheckBuffer(array):
        PyObject_GetBuffer(array, buffer, PyBUF_RECORDS_RO)
        if buffer.ndim == dimensions and buffer.format[0] == b"f" and buffer.format[1] == 0:
            return 0
        PyBuffer_Release(buffer)
    found = f"{array.dtype} {list(array.shape)}" if isinstance(array, np.ndarray) else type(array).__name__
    raise ValueError(f"{name}: expected a float32 array of {dimensions} dimensions, got {found}")


def _check_considered_visits(table):
    """ValueError if a row asks for a visit count that no considered action can have by then."""
    for considered, row in enumerate(table[1:].tolist(), start=1):
        actions_with = {0: considered}
        for simulation, visits in enumerate(row):
            if actions_with.get(visits, 0) == 0:
                raise ValueError(f"considered_visits[{considered}, {simulation}]: no action can have {visits} visits")
            actions_with[visits] -= 1
            actions_with[visits + 1] = actions_with.get(visits + 1, 0) + 1


def _checked(name, array, shape, dtype):
    """The array itself, contiguous; ValueError or FloatingPointError if it is not what was expected."""
    if not isinstance(array, np.ndarray) or array.dtype != dtype or array.shape != tuple(shape):
        found = f"{array.dtype} {list(array.shape)}" if isinstance(array, np.ndarray) else type(array).__name__
        raise ValueError(f"{name}: expected {np.dtype(dtype).name} {list(shape)}, got {found}")
    if dtype == np.float32 and not np.isfinite(array).all():
        raise FloatingPointError(f"{name}: NaN or infinite")
    return np.ascontiguousarray(array)
