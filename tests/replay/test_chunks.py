import numpy as np
import pytest
from replay.recorded import made_up_recording

from efficientzero.replay import Recording
from efficientzero.replay.chunks import ARRAYS, DamagedChunkError, list_chunks, read_chunks, write_chunks


def shortened(recording, rows):
    short = Recording(recording.observation_shape, recording.environments, recording.frame_stack)
    short.extend(**{name: getattr(recording, name)[:rows] for name in ARRAYS})
    return short


def test_a_longer_run_repeats_the_files_of_the_shorter_one(tmp_path):
    whole = made_up_recording(rows=1100)
    for name, rows, earlier in (("a", 75, None), ("b", 150, "a"), ("c", 1100, "b")):
        (tmp_path / name).mkdir()
        write_chunks(shortened(whole, rows), tmp_path / name, tmp_path / earlier if earlier else None)
    names = [path.name for _, _, path in list_chunks(tmp_path / "c")]
    assert names[:2] == ["rows-00000000-00000075.npz", "rows-00000075-00000150.npz"] and len(names) == 4
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "c" / path.name).read_bytes()
    again = Recording((1, 4, 4), 3, 4)
    read_chunks(again, tmp_path / "c")
    for name in (*ARRAYS, "episode_start"):
        np.testing.assert_array_equal(getattr(again, name), getattr(whole, name))


def test_writing_the_same_recording_twice_gives_the_same_bytes(tmp_path):
    for name in "ab":
        (tmp_path / name).mkdir()
        write_chunks(made_up_recording(), tmp_path / name, None)
    (chunk,) = (tmp_path / "a").iterdir()
    assert chunk.read_bytes() == (tmp_path / "b" / chunk.name).read_bytes()


@pytest.mark.parametrize("damage", ["cut", "missing", "foreign"])
def test_a_damaged_chunk_is_named(tmp_path, damage):
    first, second = made_up_recording(rows=20), made_up_recording(rows=40)
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    write_chunks(first, tmp_path / "a", None)
    write_chunks(second, tmp_path / "b", tmp_path / "a")
    chunks = [path for _, _, path in list_chunks(tmp_path / "b")]
    if damage == "cut":
        chunks[1].write_bytes(chunks[1].read_bytes()[:-30])
    elif damage == "missing":
        chunks[0].unlink()
    else:
        np.savez_compressed(chunks[1].open("wb"), frames=np.zeros(3))
    with pytest.raises(DamagedChunkError, match="rows-00000020-00000040"):
        read_chunks(Recording((1, 4, 4), 3, 4), tmp_path / "b")
