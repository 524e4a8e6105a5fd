# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Descending to an action that has not been tried: mctx ``action_selection.py``. Ties go to the lowest action."""

from cpython.buffer cimport Py_buffer
from libc.stdint cimport int32_t

from arithmetic cimport LARGEST, exp_of_nonpositive, larger, sum_of_positive
from fields cimport GUMBEL, NONE, UNKNOWN, Children, Tree, gather_children
from qtransforms cimport transform

cdef extern from *:
    """
    /* mctx: a considered action never scores less, so that it stays selectable */
    static const float LOWEST_SCORE = -1e9f;
    """
    const float LOWEST_SCORE


cdef inline void select_rows(Tree* tree, Py_ssize_t begin, Py_ssize_t end, Py_ssize_t share,
                             const Py_buffer* predictions) noexcept nogil:
    """From the roots of one thread's share. predictions: not used."""
    cdef Py_ssize_t row
    for row in range(begin, end):
        select_row(tree, row, share)


cdef inline void select_row(Tree* tree, Py_ssize_t row, Py_ssize_t share) noexcept nogil:
    cdef Py_ssize_t first = row * tree.nodes
    cdef Py_ssize_t node = 0
    cdef Py_ssize_t child
    cdef float mean_q = 0.0
    while tree.first_child[first + node] != NONE:
        child = choose_child(tree, row, node, share, &mean_q)
        if child == NONE:
            break
        node = child
    # The first descent below a node comes here: it follows the prior.
    if tree.best_unvisited[first + node] == UNKNOWN:
        find_best_unvisited(tree, row, node)
    tree.leaf_parent[row] = <int32_t> node
    tree.leaf_action[row] = tree.best_unvisited[first + node]
    tree.leaf_depth[row] = tree.depth[first + node] + 1


cdef inline void find_best_unvisited(Tree* tree, Py_ssize_t row, Py_ssize_t node) noexcept nogil:
    """The unvisited action with the highest prior (Gumbel at the root: noise + log-prior), and the mass of all."""
    cdef Py_ssize_t index = row * tree.nodes + node
    cdef float* prior = tree.prior + index * tree.stride
    cdef float* score = prior
    cdef Py_ssize_t a
    cdef int32_t best = NONE
    cdef float best_score = -LARGEST
    if node == 0 and tree.policy == GUMBEL:
        score = tree.root_score + row * tree.stride
    for a in range(tree.actions):
        if prior[a] >= 0.0 and (score[a] > best_score or best == NONE):
            best_score = score[a]
            best = <int32_t> a
    tree.best_unvisited[index] = best
    tree.unvisited_mass[index] = sum_of_positive(prior, tree.stride)


cdef inline Py_ssize_t choose_child(Tree* tree, Py_ssize_t row, Py_ssize_t node, Py_ssize_t share,
                                    float* mean_q) noexcept nogil:
    """The child to descend to from a node that has children, or NONE for its best unvisited action."""
    cdef Py_ssize_t index = row * tree.nodes + node
    cdef bint halving = node == 0 and tree.policy == GUMBEL
    cdef int32_t wanted = 0
    cdef Children children
    cdef float unvisited
    if halving:
        wanted = tree.considered_visits[tree.considered[row] * (tree.nodes - 1) + tree.simulation]
        if wanted == 0:
            return NONE
    children = gather_children(tree, row, node, share)
    unvisited = transform(tree, row, node, &children, mean_q)
    if halving:
        return considered_child(&children, tree.root_score + row * tree.stride, <float> wanted)
    if tree.best_unvisited[index] == UNKNOWN:
        find_best_unvisited(tree, row, node)
    if tree.policy == GUMBEL:
        return gumbel_child(tree, index, &children, unvisited)
    return puct_child(tree, index, &children, unvisited)


cdef inline Py_ssize_t puct_child(Tree* tree, Py_ssize_t index, Children* children, float unvisited) noexcept nogil:
    """argmax of Q + P * sqrt(N) * (c1 + log((N + c2 + 1) / c2)) / (n + 1), N counting the node's own expansion."""
    cdef float factor = tree.exploration[tree.visits[index]]
    cdef int32_t action = tree.best_unvisited[index]
    cdef Py_ssize_t best = NONE
    cdef float best_score = -LARGEST
    cdef float score
    cdef Py_ssize_t k
    if action != NONE:
        best_score = unvisited + factor * tree.prior[index * tree.stride + action]
    for k in range(children.count):
        score = children.q[k] + factor * children.prior[k] / (children.visits[k] + 1.0)
        if beats(score, children.action[k], best_score, action):
            best, best_score, action = children.node[k], score, children.action[k]
    return best


cdef inline Py_ssize_t gumbel_child(Tree* tree, Py_ssize_t index, Children* children, float unvisited) noexcept nogil:
    """argmax of softmax(log-prior + completed Q) - n / N (Danihelka et al. 2022, section 5)."""
    cdef int32_t action = tree.best_unvisited[index]
    cdef float per_visit = <float> 1.0 / <float> tree.visits[index]
    cdef float top = children.q[0]
    cdef float total = 0.0
    cdef Py_ssize_t best = NONE
    cdef float best_score = -LARGEST
    cdef float per_total, score
    cdef Py_ssize_t k
    for k in range(1, children.count):
        top = larger(top, children.q[k])
    if children.count < tree.actions:
        top = larger(top, unvisited)
    # softmax(log-prior + Q) = prior * exp(Q) / sum: one exponential for all unvisited actions together.
    for k in range(children.count):
        children.weight[k] = children.prior[k] * exp_of_nonpositive(children.q[k] - top)
    if action != NONE:
        unvisited = exp_of_nonpositive(unvisited - top)
        total = tree.unvisited_mass[index] * unvisited
    for k in range(children.count):
        total += children.weight[k]
    per_total = <float> 1.0 / total
    if action != NONE:
        best_score = tree.prior[index * tree.stride + action] * unvisited * per_total
    for k in range(children.count):
        score = children.weight[k] * per_total - children.visits[k] * per_visit
        if beats(score, children.action[k], best_score, action):
            best, best_score, action = children.node[k], score, children.action[k]
    return best


cdef inline Py_ssize_t considered_child(Children* children, const float* root_score, float wanted) noexcept nogil:
    """Sequential halving: the best noise + log-prior + completed Q among the children visited ``wanted`` times."""
    cdef int32_t action = NONE
    cdef Py_ssize_t best = NONE
    cdef float best_score = -LARGEST
    cdef float score
    cdef Py_ssize_t k
    for k in range(children.count):
        if children.visits[k] == wanted:
            score = larger(LOWEST_SCORE, root_score[children.action[k]] + children.q[k])
            if beats(score, children.action[k], best_score, action):
                best, best_score, action = children.node[k], score, children.action[k]
    return best


cdef inline bint beats(float score, int32_t action, float best_score, int32_t best_action) noexcept nogil:
    return score > best_score or (score == best_score and action < best_action)
