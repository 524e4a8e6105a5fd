"""What an agent has seen: recorded transitions, their search targets, and how they are sampled (layer 3)."""

from efficientzero.replay.chunks import read_chunks, write_chunks
from efficientzero.replay.priorities import Priorities
from efficientzero.replay.recording import Recording
from efficientzero.replay.search_targets import SearchTargets

__all__ = ["Priorities", "Recording", "SearchTargets", "read_chunks", "write_chunks"]
