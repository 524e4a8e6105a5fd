"""A run: what it holds and how it is kept (`run.py`), how it plays and learns (`loop.py`), on what (`device.py`)."""
