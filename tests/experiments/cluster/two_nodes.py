"""A real Ray cluster of two nodes on this machine, one of which can be killed."""

import os
from contextlib import contextmanager

import psutil
import pytest

MEMORY = 80 * 2**20  # bytes of each node's object store, the least that Ray takes
SETTINGS = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_health_check_period_ms": "1000",  # how soon a lost node is noticed
}


@contextmanager
def two_nodes():
    """Yields the cluster and its second node, each with one CPU."""
    pytest.importorskip("ray", reason="Ray is not installed: pip install 'efficientzero[cluster]'")
    before = {name: os.environ.get(name) for name in SETTINGS}
    os.environ.update(SETTINGS)
    from ray.cluster_utils import Cluster

    nodes = Cluster(
        initialize_head=True,
        head_node_args={"num_cpus": 1, "object_store_memory": MEMORY, "include_dashboard": False},
    )
    try:
        yield nodes, nodes.add_node(num_cpus=1, object_store_memory=MEMORY)
    finally:
        nodes.shutdown()
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def under(node):
    """The command lines of all processes under a node, by process."""
    (raylet,) = node.all_processes["raylet"]
    found = {}
    for process in psutil.Process(raylet.process.pid).children(recursive=True):
        try:
            found[process] = " ".join(process.cmdline())
        except psutil.Error:
            continue
    return found


def kill(nodes, node):
    """Kills a node; asserts that nothing that ran on it outlives it for long."""
    lost = under(node)
    nodes.remove_node(node, allow_graceful=False)
    psutil.wait_procs(list(lost), timeout=30)
    assert not [line for process, line in lost.items() if process.is_running()], "processes outlive their node"
