"""What lies under ``data/``: where each file is, what it holds, and how it is written and read.

``paths.py`` names every place. ``files.py`` writes files and folders that are whole or not there. ``record.py`` is a
JSON file with a schema; ``score.py`` and ``cost.py`` are those there are. ``instruments.py`` has the rows of the tables
that tell how training and search are doing. dvc.yaml must spell the paths itself: a test holds it to ``paths.py``.
"""
