"""What is said where there is nothing to report."""

from efficientzero.experiments import Experiment
from efficientzero.experiments.suite import Member, Suite, nothing_found


def test_the_message_names_what_was_looked_for():
    members = (Member("Pong", 0, Experiment("atari-Pong-seed0-abc")),)
    told = nothing_found(Suite("atari", members, {"profile": "smoke", "agents": ["dqn"]}, "0123456789", 5))
    assert "atari-Pong-seed0-abc" in told and "commit 0123456 with -S profile=smoke -S agents=[dqn]." in told
    assert "`sh stages/run scaling --revs NAME ...`" in told
    assert "commit 0123456 with no -S." in nothing_found(Suite("atari", members, {}, "0123456789", 5))
