"""A suite on a real Ray cluster of two nodes, one of which dies half-way."""

import re
import subprocess
import time
from collections import Counter

import pytest
from experiments.checkouts import EFFICIENTZERO, ENVIRONMENT, make_checkout, run
from experiments.cluster.two_nodes import kill, two_nodes, under
from experiments.noted import note_commands, noted_commands

from efficientzero.experiments.git import experiment_names

SECONDS = 600  # until the test gives up


def wait_for(condition, driver, what):
    until = time.monotonic() + SECONDS
    while not condition():
        assert driver.poll() is None, f"it ended before {what}"
        assert time.monotonic() < until, f"no sign of {what}"
        time.sleep(0.2)


@pytest.fixture
def cluster():
    with two_nodes() as (nodes, second):
        yield nodes, second


@pytest.mark.long
def test_a_lost_node_costs_one_milestone(cluster, tmp_path):
    checkout = make_checkout(tmp_path / "checkout")
    notes = note_commands(checkout, tmp_path / "notes")
    run(checkout, "dvc", "remote", "add", "--local", "-d", "shared", str(tmp_path / "remote"))
    nodes, second = cluster
    command = [*EFFICIENTZERO, "suite", "minatar/breakout", "--seeds", "0", "1", "--name", "pair"]
    command += ["-S", "profile=smoke", "-S", "agents=[random]"]
    with open(tmp_path / "told", "w") as told:
        driver = subprocess.Popen(
            [*command, "--ray", nodes.address], cwd=checkout, env=ENVIRONMENT, stdout=told, stderr=told
        )
        try:
            # The second milestone has begun on the second node, so the first is pushed.
            half_way = re.compile(r"stages/train\.py .*--seed (\d) --from 100")
            wait_for(lambda: any(map(half_way.search, under(second).values())), driver, "the second milestone")
            (seed,) = {found[1] for found in map(half_way.search, under(second).values()) if found}
            kill(nodes, second)
            assert driver.wait(SECONDS) == 0, (tmp_path / "told").read_text()
        finally:
            driver.kill()

    assert len(experiment_names(checkout)) == 2
    times = Counter(noted_commands(notes))
    # The milestone that was under way is repeated, as far as it had come before the node was gone, and no other.
    repeated = {line for line, number in times.items() if number > 1 and not line.startswith("scaling")}
    train, *rest = (
        f"{stage} --agent random --seed {seed} {at} 200"
        for stage, at in (
            ("train", "--from 100 --milestone"),
            ("reanalyze", "--milestone"),
            ("evaluate", "--milestone"),
        )
    )
    assert {train} <= repeated <= {train, *rest}
    assert max(times[line] for line in repeated) == 2
    each = {"collect", "train", "reanalyze", "evaluate"}
    assert sum(line.split()[0] in each for line in times) == 2 * (1 + 3 * 2)
    assert times["scaling"] in (2 * 2, 2 * 2 + 1)  # of each milestone of each experiment, and the lost one's
    table = (checkout / "data" / "suites" / "pair" / "scores.csv").read_text().splitlines()
    assert len(table) == 1 + 2 * 2
    assert not (checkout / ".dvc" / "cache" / "files").exists()  # the head read its scores from the remote

    executed = noted_commands(notes)
    run(checkout, *command, "--ray", nodes.address)
    assert [line.split()[0] for line in noted_commands(notes)[len(executed) :]] == []
