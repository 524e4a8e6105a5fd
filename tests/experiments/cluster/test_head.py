"""What is refused before a cluster is given anything to do."""

import sys
import time

import pytest

from efficientzero.experiments import ExperimentError
from efficientzero.experiments.cluster.head import Share, connect


def test_without_ray(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(
        ExperimentError, match=r"Ray is not installed; `pip install -c constraints\.txt -e '\.\[cluster\]'`"
    ):
        connect("auto", Share())


def test_a_share_below_zero():
    with pytest.raises(ExperimentError, match="none of them can be negative"):
        connect("auto", Share(gpus=-1))


@pytest.mark.parametrize("address", ["127.0.0.1:9", "nowhere", "ray://127.0.0.1:9"])
def test_no_cluster_there_is_said_at_once(address):
    pytest.importorskip("ray", reason="Ray is not installed: pip install 'efficientzero[cluster]'")
    started = time.monotonic()
    with pytest.raises(ExperimentError, match=rf"--ray {address}: there is no cluster to join .*`ray start --head`"):
        connect(address, Share())
    assert time.monotonic() - started < 30
