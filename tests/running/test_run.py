import numpy as np
import pytest
from runs import Counted, started
from tiny import tiny

from efficientzero.parameters import ParameterError
from efficientzero.records.files import RecordError
from efficientzero.records.paths import RunIdentity
from efficientzero.running.device import choose_device
from efficientzero.running.loop import train
from efficientzero.running.run import load_finished, load_run, save_finished, save_run


def test_a_run_of_other_parameters_is_refused_by_name(tmp_path):
    save_run(started(tiny()), tmp_path / "run", None)
    with pytest.raises(RecordError, match="seed is 0, not 1"):
        load_run(RunIdentity(tiny(), "efficientzero", 1), tmp_path / "run")
    with pytest.raises(RecordError, match="does not fit these parameters"):
        load_run(RunIdentity(tiny(agent__efficientzero__value_prefix=False), "efficientzero", 0), tmp_path / "run")
    with pytest.raises(RecordError, match="not a finished agent"):
        load_finished(RunIdentity(tiny(), "efficientzero", 0), tmp_path / "run", started(tiny()).environments)


def test_a_damaged_run_is_never_half_loaded(tmp_path):
    save_run(started(tiny()), tmp_path / "run", None)
    weights = tmp_path / "run" / "agent.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    with pytest.raises(RecordError, match=r"agent\.safetensors: not as it was written"):
        load_run(RunIdentity(tiny(), "efficientzero", 0), tmp_path / "run")


def test_a_finished_agent_plays_as_it_did(tmp_path):
    parameters = tiny()
    run = started(parameters)
    train(run, 80, parameters.envs, Counted(), lambda run: None)
    save_finished(run, tmp_path / "finished")
    loaded, flops = load_finished(run.identity, tmp_path / "finished", run.environments)
    assert loaded.updates == run.agent.updates == 20 and flops == run.agent.flops > 0
    stack = run.memory.recording.newest_stacks(run.frames)
    one, other = (agent.act(stack, np.random.default_rng(0), env_steps=0, mode="best") for agent in (run.agent, loaded))
    assert one.policy.tobytes() == other.policy.tobytes() and one.action.tolist() == other.action.tolist()


def test_cuda_is_only_taken_where_there_is_one(monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    assert choose_device("auto").type == choose_device("cpu").type == "cpu"
    with pytest.raises(ParameterError, match="device: cuda was asked for"):
        choose_device("cuda")
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    assert choose_device("auto").type == "cuda" and choose_device("cpu").type == "cpu"
