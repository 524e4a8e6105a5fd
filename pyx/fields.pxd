# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""What a batch of search trees holds, as a structure of arrays.

Node 0 is a root; simulation ``i`` (counted from 0) makes node ``i + 1``. Most arrays are ``[batch, nodes]``, and the
index of a node in them is ``row * nodes + node``. What belongs to an edge (its Q-value, its prior, its visits) is kept
at the child, and the children of a node are a list linked through ``next_sibling``. So a descent reads only the
children that exist: the unvisited actions of a node all share one completed value, and only the one with the highest
prior can win, which is found when it is first needed.
"""

from libc.stdint cimport int32_t

cdef enum:
    PUCT = 0
    GUMBEL = 1
    BY_PARENT_AND_SIBLINGS = 0
    COMPLETED_BY_MIX_VALUE = 1
    TREE_MIN_MAX = 2
    NONE = -1
    UNKNOWN = -2  # the best unvisited action has not been looked for since the last child came

cdef struct Tree:
    # settings: see SearchTree
    int policy, q_transform, horizon  # horizon: 0 without value prefixes
    float discount, floor, floor_share, value_scale, visit_offset, prior_weight
    Py_ssize_t batch, actions, nodes, most_considered
    Py_ssize_t stride           # actions rounded up to whole vectors
    Py_ssize_t simulation       # simulations made
    # [batch, nodes], of the node
    int32_t *depth
    int32_t *visits
    int32_t *first_child
    int32_t *best_unvisited
    float *unvisited_mass       # sum of the priors of the unvisited actions
    float *value                # mean of the network value and all returns
    float *network_value
    float *prefix               # value prefix that a child's prediction includes: 0 at a reset, or without prefixes
    # [batch, nodes], of the edge from its parent
    int32_t *parent
    int32_t *action
    int32_t *next_sibling
    float *edge_prior           # probability
    float *reward
    float *edge_discount        # of the value behind it: discount * continuation
    float *q                    # reward + edge_discount * value: the Q-value
    # others
    float *prior                # [batch, nodes, stride]: probability of an unvisited action; -1: of any other
    float *root_log_prior       # [batch, stride]
    float *root_score           # [batch, stride]: Gumbel noise + log-prior
    int32_t *legal              # [batch, stride], at the root
    int32_t *considered         # [batch]: with how many actions sequential halving begins
    float *low                  # [batch]: bounds of tree_min_max
    float *high                 # [batch]
    int32_t *leaf_parent        # [batch]: what is selected: from this node
    int32_t *leaf_action        # [batch]: this action
    int32_t *leaf_depth         # [batch]: to a node of this depth
    int32_t *considered_visits  # [most_considered + 1, nodes - 1]: see sequential_halving.pxd
    float *exploration          # [nodes + 1]: sqrt(n) * (c1 + log((n + c2 + 1) / c2))
    float *scratch              # [threads, SCRATCH, stride]
    int32_t *failure            # [threads, 2]: root and what was not finite there

cdef enum:
    SCRATCH = 6  # arrays of Children

cdef struct Children:
    # of one node, [count] each
    Py_ssize_t count
    float *q
    float *prior
    float *visits
    float *weight
    int32_t *action
    int32_t *node


cdef inline dict allocate(Tree* tree, Py_ssize_t capacity, Py_ssize_t threads):
    """Point the fields to new arrays, which live as long as the dict of them that is returned."""
    cdef dict arrays = {}
    per_node, per_root = (capacity, tree.nodes), (capacity, tree.stride)
    tree.depth = integers(arrays, "depth", per_node)
    tree.visits = integers(arrays, "visits", per_node)
    tree.first_child = integers(arrays, "first_child", per_node)
    tree.best_unvisited = integers(arrays, "best_unvisited", per_node)
    tree.unvisited_mass = floats(arrays, "unvisited_mass", per_node)
    tree.value = floats(arrays, "value", per_node)
    tree.network_value = floats(arrays, "network_value", per_node)
    tree.prefix = floats(arrays, "prefix", per_node)
    tree.parent = integers(arrays, "parent", per_node)
    tree.action = integers(arrays, "action", per_node)
    tree.next_sibling = integers(arrays, "next_sibling", per_node)
    tree.edge_prior = floats(arrays, "edge_prior", per_node)
    tree.reward = floats(arrays, "reward", per_node)
    tree.edge_discount = floats(arrays, "edge_discount", per_node)
    tree.q = floats(arrays, "q", per_node)
    tree.prior = floats(arrays, "prior", (*per_node, tree.stride))
    tree.root_log_prior = floats(arrays, "root_log_prior", per_root)
    tree.root_score = floats(arrays, "root_score", per_root)
    tree.legal = integers(arrays, "legal", per_root)
    tree.considered = integers(arrays, "considered", capacity)
    tree.low = floats(arrays, "low", capacity)
    tree.high = floats(arrays, "high", capacity)
    tree.leaf_parent = integers(arrays, "leaf", 3 * capacity)
    tree.considered_visits = integers(arrays, "considered_visits", (tree.most_considered + 1, tree.nodes - 1))
    tree.exploration = floats(arrays, "exploration", tree.nodes + 1)
    tree.scratch = floats(arrays, "scratch", (threads, SCRATCH, tree.stride))
    tree.failure = integers(arrays, "failure", (threads, 2))
    return arrays


cdef inline int32_t* integers(dict arrays, str name, shape) except NULL:
    return <int32_t*> <size_t> new_array(arrays, name, shape, "int32")


cdef inline float* floats(dict arrays, str name, shape) except NULL:
    return <float*> <size_t> new_array(arrays, name, shape, "float32")


cdef inline new_array(dict arrays, str name, shape, str dtype):
    """Adds it; returns its address."""
    import numpy

    arrays[name] = numpy.empty(shape, dtype)
    return arrays[name].ctypes.data


cdef inline Children gather_children(Tree* tree, Py_ssize_t row, Py_ssize_t node, Py_ssize_t share) noexcept nogil:
    """The visited actions of a node, the last to be tried first, in the scratch memory of one thread."""
    cdef Py_ssize_t first = row * tree.nodes
    cdef int32_t child = tree.first_child[first + node]
    cdef Py_ssize_t count = 0
    cdef Children children
    children.q = tree.scratch + share * SCRATCH * tree.stride
    children.prior = children.q + tree.stride
    children.visits = children.prior + tree.stride
    children.weight = children.visits + tree.stride
    children.action = <int32_t*> (children.weight + tree.stride)
    children.node = children.action + tree.stride
    while child != NONE:
        children.q[count] = tree.q[first + child]
        children.prior[count] = tree.edge_prior[first + child]
        children.visits[count] = <float> tree.visits[first + child]
        children.action[count] = tree.action[first + child]
        children.node[count] = child
        child = tree.next_sibling[first + child]
        count += 1
    children.count = count
    return children
