"""Runs to test with: started, trained in parts, and saved to see whether they are the same."""

from efficientzero.records.paths import RunIdentity
from efficientzero.running.loop import train, warm_up
from efficientzero.running.run import load_run, new_run, save_run


class Counted:
    """A progress that only counts."""

    def __init__(self):
        self.units = 0

    def update(self, units):
        self.units += units

    def note(self, **numbers):
        pass


def never(run):
    pass


def started(parameters, name="efficientzero", seed=0):
    run = new_run(RunIdentity(parameters, name, seed))
    warm_up(run, parameters.warmup_env_steps, parameters.envs, Counted())
    return run


def trained_in_parts(run, parameters, env_steps, folder, *, every):
    """The run trained to ``env_steps``, saved and loaded again every so many steps of the loop; and how often."""
    times = 0
    while True:
        count = 0

        def interrupt(run):
            nonlocal count
            count += 1
            if count == every:
                raise InterruptedError

        try:
            train(run, env_steps, parameters.envs, Counted(), interrupt)
            return run, times
        except InterruptedError:
            save_run(run, folder / f"left {times}", None)
            run = load_run(run.identity, folder / f"left {times}")
            times += 1


def same_in_parts(parameters, name, folder, env_steps=160):
    """The run trained to ``env_steps`` in at least five parts, once its bytes have been found those of one in one."""
    straight = started(parameters, name)
    train(straight, env_steps, parameters.envs, Counted(), never)
    save_run(straight, folder / "straight", None)
    run, left = trained_in_parts(started(parameters, name), parameters, env_steps, folder, every=3)
    assert left >= 5
    save_run(run, folder / "resumed", None)
    assert files(folder / "resumed") == files(folder / "straight")
    return run


def files(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
