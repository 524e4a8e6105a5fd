# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""New nodes and what they change on the way back to the root: mctx ``search.py``, ``expand`` and ``backward``."""

from cpython.buffer cimport Py_buffer
from libc.stdint cimport int32_t, uint8_t

from arithmetic cimport LARGEST, exp_of_nonpositive, is_not_finite, larger, smaller, softmax_where, sum_of_positive
from fields cimport NONE, UNKNOWN, Tree

cdef extern from *:
    """
    /* no available action has a lower prior, so that sums never vanish */
    static const float SMALLEST_NORMAL = 1.17549435e-38f;
    """
    const float SMALLEST_NORMAL


cdef inline void start_row(Tree* tree, Py_ssize_t row, const float* logits, float value, const uint8_t* legal,
                           const float* noise) noexcept nogil:
    """A new tree that is its root alone; logits, legal and noise: ``[actions]``."""
    cdef Py_ssize_t root = row * tree.nodes
    cdef float* prior = tree.prior + root * tree.stride
    cdef int32_t* kept_legal = tree.legal + row * tree.stride
    cdef float* log_prior = tree.root_log_prior + row * tree.stride
    cdef float* score = tree.root_score + row * tree.stride
    cdef float largest
    cdef Py_ssize_t a, count = 0
    for a in range(tree.actions):
        prior[a] = logits[a]
        kept_legal[a] = legal[a]
        count += legal[a]
    largest = softmax_where(prior, kept_legal, tree.actions)
    for a in range(tree.stride):
        if a < tree.actions and legal[a]:
            log_prior[a] = logits[a] - largest
            score[a] = noise[a] + log_prior[a]
            prior[a] = larger(prior[a], SMALLEST_NORMAL)
        else:
            prior[a] = -1.0
    tree.considered[row] = <int32_t> min(count, tree.most_considered)
    tree.low[row], tree.high[row] = LARGEST, -LARGEST
    tree.parent[root], tree.action[root], tree.depth[root] = NONE, NONE, 0
    tree.reward[root] = tree.prefix[root] = tree.q[root] = 0.0
    begin(tree, root, value)


cdef inline void begin(Tree* tree, Py_ssize_t index, float value) noexcept nogil:
    """A node without children that has been visited once, by its expansion."""
    tree.visits[index] = 1
    tree.first_child[index] = tree.next_sibling[index] = NONE
    tree.best_unvisited[index] = UNKNOWN
    tree.value[index] = tree.network_value[index] = value


cdef inline void expand_rows(Tree* tree, Py_ssize_t begin, Py_ssize_t end, Py_ssize_t share,
                             const Py_buffer* predictions) noexcept nogil:
    """In the trees of one thread's share. predictions: policy logits, value, reward, and continuation if not NULL."""
    cdef Py_ssize_t row
    cdef float continuation = 1.0
    cdef int32_t wrong
    for row in range(begin, end):
        if predictions[3].buf != NULL:
            continuation = at(&predictions[3], row)[0]
        wrong = expand_row(tree, row, at(&predictions[0], row), at(&predictions[1], row)[0],
                           at(&predictions[2], row)[0], continuation)
        if wrong != NONE:
            tree.failure[2 * share] = <int32_t> row
            tree.failure[2 * share + 1] = wrong
            return


cdef inline const float* at(const Py_buffer* array, Py_ssize_t row) noexcept nogil:
    return <const float*> (<const char*> array.buf + row * array.strides[0])


cdef inline int32_t expand_row(Tree* tree, Py_ssize_t row, const float* logits, float value, float prediction,
                               float continuation) noexcept nogil:
    """Add the selected node and back it up. Returns NONE, or which of the four predictions is not finite."""
    cdef Py_ssize_t node = tree.simulation + 1
    cdef Py_ssize_t index = row * tree.nodes + node
    cdef Py_ssize_t parent = row * tree.nodes + tree.leaf_parent[row]
    cdef float* parent_prior = tree.prior + parent * tree.stride
    cdef int32_t action = tree.leaf_action[row]
    cdef int32_t depth = tree.leaf_depth[row]
    if is_not_finite(value):
        return 1
    if is_not_finite(prediction):
        return 2
    if is_not_finite(continuation):
        return 3
    if not set_prior(tree, tree.prior + index * tree.stride, logits):
        return 0
    begin(tree, index, value)
    tree.parent[index], tree.action[index], tree.depth[index] = tree.leaf_parent[row], action, depth
    tree.reward[index] = prediction - tree.prefix[parent]
    tree.edge_discount[index] = tree.discount * continuation
    tree.prefix[index] = prediction if tree.horizon != 0 and depth % tree.horizon != 0 else 0.0
    tree.edge_prior[index] = parent_prior[action]
    parent_prior[action] = -1.0
    tree.best_unvisited[parent] = UNKNOWN
    tree.next_sibling[index] = tree.first_child[parent]
    tree.first_child[parent] = <int32_t> node
    backup_row(tree, row, node)
    return NONE


cdef inline bint set_prior(Tree* tree, float* prior, const float* logits) noexcept nogil:
    """softmax of the logits, once; False if one of them is not finite."""
    cdef float largest = logits[0]
    cdef float per_total
    cdef int32_t wrong = 0
    cdef Py_ssize_t a
    for a in range(tree.actions):
        wrong |= is_not_finite(logits[a])
    if wrong:
        return False
    for a in range(tree.actions):
        largest = larger(largest, logits[a])
    for a in range(tree.actions):
        prior[a] = exp_of_nonpositive(logits[a] - largest)
    for a in range(tree.actions, tree.stride):
        prior[a] = 0.0
    per_total = <float> 1.0 / sum_of_positive(prior, tree.stride)
    for a in range(tree.stride):
        prior[a] = larger(prior[a] * per_total, SMALLEST_NORMAL)
    for a in range(tree.actions, tree.stride):
        prior[a] = -1.0
    return True


cdef inline void backup_row(Tree* tree, Py_ssize_t row, Py_ssize_t node) noexcept nogil:
    """Move the value of a new node to the root; bounds of tree_min_max follow every edge that changes."""
    cdef Py_ssize_t first = row * tree.nodes
    cdef Py_ssize_t index = first + node
    cdef float discounted = tree.value[index]
    cdef float low = tree.low[row]
    cdef float high = tree.high[row]
    cdef float discount, q, count
    while index != first:
        discount = tree.edge_discount[index]
        q = tree.reward[index] + discount * tree.value[index]
        tree.q[index] = q
        low = smaller(low, q)
        high = larger(high, q)
        discounted = tree.reward[index] + discount * discounted
        index = first + tree.parent[index]
        count = <float> tree.visits[index]
        tree.value[index] = (tree.value[index] * count + discounted) / (count + <float> 1.0)
        tree.visits[index] += 1
    tree.low[row] = low
    tree.high[row] = high
