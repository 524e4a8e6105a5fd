"""The verdict on two agents: the evidence, the conditions of each word, and what would decide."""
