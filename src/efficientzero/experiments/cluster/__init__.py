"""Experiments on the machines of a Ray cluster: each in a clone of its own, with the results in a shared DVC remote."""

from efficientzero.experiments.cluster.head import ClusterError, Share, cluster_arguments, connect
from efficientzero.experiments.cluster.sharing import Meeting, check_meeting
from efficientzero.experiments.cluster.suite_tasks import run_on_cluster

__all__ = ["ClusterError", "Meeting", "Share", "check_meeting", "cluster_arguments", "connect", "run_on_cluster"]
