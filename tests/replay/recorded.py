"""Made-up recordings, and their targets computed the slow way, one transition after another."""

from __future__ import annotations

import numpy as np

from efficientzero.replay import ONGOING, TERMINATED, Recording


def made_up_recording(rows=40, environments=3, frame_stack=4, seed=0, end_probability=0.15):
    """Random frames, actions, rewards and endings; frames tell (row, environment) by their first pixels."""
    random = np.random.default_rng(seed)
    recording = Recording((1, 4, 4), environments, frame_stack)
    for row in range(rows):
        frames = random.integers(0, 255, (environments, 1, 4, 4)).astype(np.uint8)
        frames[:, 0, 0, 0], frames[:, 0, 0, 1] = row % 256, np.arange(environments)
        endings = np.where(
            random.random(environments) < end_probability, random.integers(1, 3, environments), ONGOING
        ).astype(np.uint8)
        recording.append(
            frames,
            random.integers(0, 5, environments),
            random.integers(-1, 2, environments).astype(np.float32),
            endings,
        )
    return recording


def slow_episode(recording, row, environment):
    """(first row, last row, how it ended) of the episode that a transition is in."""
    first = row
    while first > 0 and recording.endings[first - 1, environment] == ONGOING:
        first -= 1
    last = row
    while recording.endings[last, environment] == ONGOING and last < recording.rows - 1:
        last += 1
    return first, last, int(recording.endings[last, environment])


def slow_value(recording, row, environment, td_steps, discount, value_of):
    """The n-step value of a recorded transition, or None where nothing after it is known."""
    _, last, ending = slow_episode(recording, row, environment)
    total, factor = 0.0, 1.0
    for step in range(td_steps):
        at = row + step
        if ending != TERMINATED and at == last:  # the newest known observation: bootstrap from it
            return None if step == 0 else total + factor * value_of(at, environment)
        total += factor * float(recording.rewards[at, environment])
        factor *= discount
        if at == last:
            return total
    return total + factor * value_of(row + td_steps, environment)
