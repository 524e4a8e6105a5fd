# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""What a search found at a root: the end of mctx ``muzero_policy`` and ``gumbel_muzero_policy``, ``policies.py``."""

from libc.stdint cimport int32_t

from arithmetic cimport larger, softmax_where
from fields cimport PUCT, Children, Tree, gather_children
from qtransforms cimport mixed_value, transform
from selection cimport considered_child


cdef inline int32_t summarize_row(Tree* tree, Py_ssize_t row, int32_t* visit_counts, float* q_values, float* policy,
                                  float* policy_value) noexcept nogil:
    """Returns the action; fills the rest, ``[actions]`` and 0 before, and the one policy_value."""
    cdef Children children = gather_children(tree, row, 0, 0)
    cdef float mixed = mixed_value(tree, row * tree.nodes, &children)
    cdef int32_t best = 0
    cdef Py_ssize_t a, k
    for k in range(children.count):
        visit_counts[children.action[k]] = <int32_t> children.visits[k]
        q_values[children.action[k]] = children.q[k]
    if tree.policy == PUCT:
        for a in range(tree.actions):
            policy[a] = <float> visit_counts[a] / <float> tree.simulation
            if visit_counts[a] > visit_counts[best]:
                best = <int32_t> a
    else:
        best = gumbel_policy(tree, row, &children, policy)
    for a in range(tree.actions):
        policy_value[0] += policy[a] * (q_values[a] if visit_counts[a] > 0 else mixed)
    return best


cdef inline int32_t gumbel_policy(Tree* tree, Py_ssize_t row, Children* children, float* policy) noexcept nogil:
    """softmax(prior_weight * log-prior + completed Q) over the legal actions; returns the best of the most visited."""
    cdef float* log_prior = tree.root_log_prior + row * tree.stride
    cdef float* root_score = tree.root_score + row * tree.stride
    cdef float mean_q = 0.0
    cdef float unvisited = transform(tree, row, 0, children, &mean_q)
    cdef float most = 0.0
    cdef Py_ssize_t a, k
    for a in range(tree.actions):
        policy[a] = tree.prior_weight * log_prior[a] + unvisited
    for k in range(children.count):
        a = children.action[k]
        policy[a] = tree.prior_weight * log_prior[a] + children.q[k]
        most = larger(most, children.visits[k])
    softmax_where(policy, tree.legal + row * tree.stride, tree.actions)
    return tree.action[row * tree.nodes + considered_child(children, root_score, most)]
