# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""How the Q-values of a node's children enter the policy: mctx ``qtransforms.py``, and EfficientZero's tree_min_max.

Each transforms the Q-values of the children in place and returns the value of an unvisited action.
"""

from libc.math cimport fabsf

from arithmetic cimport larger, smaller
from fields cimport BY_PARENT_AND_SIBLINGS, COMPLETED_BY_MIX_VALUE, GUMBEL, Children, Tree


cdef inline float transform(Tree* tree, Py_ssize_t row, Py_ssize_t node, Children* children,
                            float* mean_q) noexcept nogil:
    """By the transform of this tree. mean_q: of the parent, and of this node afterwards; for tree_min_max alone."""
    cdef Py_ssize_t index = row * tree.nodes + node
    if tree.q_transform == COMPLETED_BY_MIX_VALUE:
        return completed_by_mix_value(tree, index, children)
    if tree.q_transform == BY_PARENT_AND_SIBLINGS:
        return by_parent_and_siblings(tree, index, children)
    if tree.policy == GUMBEL:
        return tree_min_max(tree, row, index, children, mixed_value(tree, index, children), visit_scale(tree, children))
    mean_q[0] = mean_value(children, node == 0, mean_q[0])
    return tree_min_max(tree, row, index, children, mean_q[0], 1.0)


cdef inline float by_parent_and_siblings(Tree* tree, Py_ssize_t index, Children* children) noexcept nogil:
    stretch(tree, index, children, tree.value[index], 1.0)
    return 0.0


cdef inline float completed_by_mix_value(Tree* tree, Py_ssize_t index, Children* children) noexcept nogil:
    # Where all actions have been visited none has the mixed value, so that it widens no range.
    cdef float mixed = mixed_value(tree, index, children) if children.count < tree.actions else children.q[0]
    return stretch(tree, index, children, mixed, visit_scale(tree, children))


cdef inline float stretch(Tree* tree, Py_ssize_t index, Children* children, float other, float scale) noexcept nogil:
    """Stretch the Q-values and one other value to [0, scale]; returns what becomes of the other."""
    cdef float low = other
    cdef float high = other
    cdef Py_ssize_t k
    for k in range(children.count):
        low = smaller(low, children.q[k])
        high = larger(high, children.q[k])
    scale = scale / larger(high - low, smallest_range(tree, index))
    for k in range(children.count):
        children.q[k] = (children.q[k] - low) * scale
    return (other - low) * scale


cdef inline float tree_min_max(Tree* tree, Py_ssize_t row, Py_ssize_t index, Children* children, float unvisited,
                               float scale) noexcept nogil:
    cdef float low = tree.low[row]
    cdef float per_range = <float> 1.0 / larger(tree.high[row] - low, smallest_range(tree, index))
    cdef Py_ssize_t k
    for k in range(children.count):
        children.q[k] = smaller(larger((children.q[k] - low) * per_range, 0.0), 1.0) * scale
    return smaller(larger((unvisited - low) * per_range, 0.0), 1.0) * scale


cdef inline float smallest_range(Tree* tree, Py_ssize_t index) noexcept nogil:
    return larger(tree.floor_share * fabsf(tree.value[index]), tree.floor)


cdef inline float visit_scale(Tree* tree, Children* children) noexcept nogil:
    cdef float most = 0.0
    cdef Py_ssize_t k
    for k in range(children.count):
        most = larger(most, children.visits[k])
    return (tree.visit_offset + most) * tree.value_scale


cdef inline float mixed_value(Tree* tree, Py_ssize_t index, Children* children) noexcept nogil:
    """(network value + N * mean of Q over the visited actions, weighted by the prior) / (N + 1)."""
    cdef float mass = 0.0
    cdef float weighted = 0.0
    cdef float total_visits = <float> (tree.visits[index] - 1)
    cdef Py_ssize_t k
    for k in range(children.count):
        mass += children.prior[k]
        weighted += children.prior[k] * children.q[k]
    return (tree.network_value[index] + total_visits * (weighted / mass)) / (total_visits + <float> 1.0)


cdef inline float mean_value(Children* children, bint is_root, float mean_q) noexcept nogil:
    """EfficientZero's mean Q of a node: over its visited children and, but at the root, the mean Q of its parent."""
    cdef float total = 0.0
    cdef Py_ssize_t k
    for k in range(children.count):
        total += children.q[k]
    return total / <float> children.count if is_root else (total + mean_q) / <float> (children.count + 1)
