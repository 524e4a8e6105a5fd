"""What an agent has seen: recorded transitions, what it made of each, and how they are sampled."""

from efficientzero.replay.chunks import read_chunks, write_chunks
from efficientzero.replay.estimates import NEVER, Estimates
from efficientzero.replay.memory import Decision, Memory
from efficientzero.replay.priorities import Priorities
from efficientzero.replay.recording import ONGOING, TERMINATED, TRUNCATED, Recording
