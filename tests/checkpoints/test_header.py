import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors import SafetensorError, safe_open

from loadbench.checkpoints.header import DTYPE_BITS, TensorEntry, read_header
from loadbench.checkpoints.plan import encode_header
from loadbench.errors import CheckpointError
from tests.checkpoints.raw import raw_file, tensor

SOUND = {"a": tensor("F32", [2], 0, 8), "b": tensor("U8", [3], 8, 11)}
BROKEN: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "it is empty"),
    "five bytes": (b"12345", "only 5 bytes"),
    "header longer than the file": ((500).to_bytes(8, "little") + b"{}", "truncated"),
    "header too long": ((100_000_001).to_bytes(8, "little") + b"{}", "more than the 100,000,000"),
    "not UTF-8": (raw_file(b'{"\xff":1}'), "not UTF-8"),
    "not JSON": (raw_file(b'{"a":'), "not JSON"),
    "nested without end": (raw_file(b'{"a":' + b"[" * 100_000), "not JSON"),
    "number without end": (raw_file(b'{"a":' + b"9" * 5000 + b"}"), "not JSON"),
    "two documents": (raw_file(b"{}{}"), "not JSON"),
    "a list": (raw_file(b"[]"), "does not start with '{'"),
    "a space first": (raw_file(b" {}"), "does not start with '{'"),
    "no header": (raw_file(b""), "does not start with '{'"),
    "name twice": (raw_file(b'{"a":{"dtype":"U8"},"a":1}'), "'a' twice"),
    "surrogate name": (raw_file(b'{"\\ud800":1}'), "not valid Unicode"),
    "metadata no object": (raw_file({"__metadata__": [1]}), "__metadata__"),
    "metadata not strings": (raw_file({"__metadata__": {"a": 1}}), "__metadata__"),
    "tensor no object": (raw_file({"a": 1}), "'a' is not an object"),
    "no dtype": (raw_file({"a": {"shape": [], "data_offsets": [0, 0]}}), "no dtype"),
    "no shape": (raw_file({"a": {"dtype": "U8", "data_offsets": [0, 0]}}), "no shape"),
    "no offsets": (raw_file({"a": {"dtype": "U8", "shape": []}}), "no data_offsets"),
    "unknown dtype": (raw_file({"a": tensor("F128", [1], 0, 16)}, bytes(16)), "unknown dtype 'F128'"),
    "dtype no text": (raw_file({"a": {"dtype": [], "shape": [], "data_offsets": [0, 0]}}), "unknown dtype"),
    "negative shape": (raw_file({"a": tensor("U8", [-1], 0, 1)}, b"1"), "not a list of sizes"),
    "fractional shape": (raw_file({"a": tensor("U8", [1.0], 0, 1)}, b"1"), "not a list of sizes"),
    "true as a size": (raw_file({"a": tensor("U8", [True], 0, 1)}, b"1"), "not a list of sizes"),
    "shape no list": (raw_file({"a": {"dtype": "U8", "shape": 1, "data_offsets": [0, 1]}}, b"1"), "list of sizes"),
    "size above 64 bits": (raw_file({"a": tensor("U8", [0, 2**70], 0, 0)}), "not a list of sizes"),
    "three offsets": (raw_file({"a": {"dtype": "U8", "shape": [1], "data_offsets": [0, 1, 1]}}, b"1"), "begin and"),
    "end before begin": (raw_file({"a": tensor("U8", [1], 1, 0)}, b"1"), "begin and an end"),
    "shape too small": (raw_file({"a": tensor("F32", [1], 0, 8)}, bytes(8)), "does not fit its 8 bytes"),
    "half a byte": (raw_file({"a": tensor("F4", [3], 0, 2)}, bytes(2)), "does not fit"),
    "outside the file": (raw_file({"a": tensor("U8", [9], 0, 9)}, bytes(8)), "ends at byte 9 of the data"),
    "overlap": (raw_file({"a": tensor("U8", [4], 0, 4), "b": tensor("U8", [4], 3, 7)}, bytes(7)), "'a' and 'b' over"),
    "same place": (raw_file({"a": tensor("U8", [4], 0, 4), "b": tensor("U8", [4], 0, 4)}, bytes(4)), "overlap"),
    "hole": (raw_file({"a": tensor("U8", [4], 0, 4), "b": tensor("U8", [4], 5, 9)}, bytes(9)), "1 bytes between"),
    "hole at the start": (raw_file({"a": tensor("U8", [4], 1, 5)}, bytes(5)), "1 bytes in front of tensor 'a'"),
    "trailing bytes": (raw_file(SOUND, bytes(12)), "1 bytes behind the last tensor"),
    "data without tensors": (raw_file({}, bytes(3)), "3 bytes behind the last"),
}  # fmt: skip
# The format forbids both. The library keeps the last of two, and skips the space.
STRICTER = ("name twice", "a space first")
SOUND_FILES: dict[str, bytes] = {
    "sound": raw_file(SOUND, bytes(11)),
    "no tensors": raw_file({}),
    "metadata only": raw_file({"__metadata__": {"format": "pt"}}),
    "padded": raw_file(SOUND, bytes(11), pad=8),
    "scalar": raw_file({"a": tensor("F64", [], 0, 8)}, bytes(8)),
    "zero-size at the end": raw_file({**SOUND, "c": tensor("BF16", [0, 3], 11, 11)}, bytes(11)),
    "zero-size between": raw_file({**SOUND, "c": tensor("BF16", [3, 0], 8, 8)}, bytes(11)),
    "unaligned": raw_file({"a": tensor("U8", [1], 0, 1), "b": tensor("F64", [1], 1, 9)}, bytes(9)),
    "null metadata": raw_file({"__metadata__": None, **SOUND}, bytes(11)),
    "field more": raw_file({"a": {**tensor("U8", [1], 0, 1), "note": 1}}, bytes(1)),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_file_is_refused_as_safetensors_refuses_it(name: str, tmp_path: Path) -> None:
    content, words = BROKEN[name]
    path = tmp_path / "x.safetensors"
    path.write_bytes(content)
    with pytest.raises(CheckpointError) as caught:
        read_header(path)
    assert words in str(caught.value)
    assert str(path) in str(caught.value)
    if name not in STRICTER:
        with pytest.raises(SafetensorError):
            safe_open(path, "pt")


@pytest.mark.parametrize("name", SOUND_FILES)
def test_sound_file_is_read_as_safetensors_reads_it(name: str, tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    path.write_bytes(SOUND_FILES[name])
    header = read_header(path)
    with safe_open(path, "pt") as file:
        assert {t.name for t in header.tensors} == set(file.keys())
        for entry in header.tensors:
            assert file.get_slice(entry.name).get_shape() == list(entry.shape)
            assert file.get_slice(entry.name).get_dtype() == entry.dtype


@pytest.mark.parametrize("dtype", DTYPE_BITS)
def test_every_dtype_is_one_of_the_library(dtype: str, tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    path.write_bytes(raw_file({"a": tensor(dtype, [8, 2], 0, 2 * DTYPE_BITS[dtype])}, bytes(2 * DTYPE_BITS[dtype])))
    assert read_header(path).tensors == (TensorEntry("a", dtype, (8, 2), 0, 2 * DTYPE_BITS[dtype]),)
    with safe_open(path, "pt") as file:
        assert file.get_slice("a").get_dtype() == dtype


def test_missing_directory_and_pipe(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="does not exist"):
        read_header(tmp_path / "none.safetensors")
    with pytest.raises(CheckpointError, match="not a regular file"):
        read_header(tmp_path)
    os.mkfifo(tmp_path / "pipe")  # opening it would wait for ever
    with pytest.raises(CheckpointError, match="not a regular file"):
        read_header(tmp_path / "pipe")


@st.composite
def layouts(draw: st.DrawFn) -> list[TensorEntry]:
    entries = []
    offset = 0
    names = draw(st.lists(st.text(min_size=1).filter(_is_unicode), unique=True, max_size=6))
    for name in names:
        if name == "__metadata__":
            continue
        dtype = draw(st.sampled_from(sorted(DTYPE_BITS)))
        shape = (*draw(st.lists(st.integers(0, 5), max_size=3)), 8)  # whole bytes for types below 8 bits
        size = DTYPE_BITS[dtype]
        for length in shape[:-1]:
            size *= length
        entries.append(TensorEntry(name, dtype, shape, offset, offset + size))
        offset += size
    return entries


def _is_unicode(text: str) -> bool:
    return not any(0xD800 <= ord(character) < 0xE000 for character in text)


@given(layouts(), st.sampled_from([1, 8, 64]))
def test_what_is_encoded_is_read_back(tmp_path_factory: pytest.TempPathFactory, entries: list[Any], pad: int) -> None:
    path = tmp_path_factory.getbasetemp() / "round-trip.safetensors"
    encoded = encode_header(entries, pad)
    data_bytes = entries[-1].end if entries else 0
    path.write_bytes(encoded + bytes(data_bytes))
    header = read_header(path)
    assert sorted(header.tensors, key=lambda t: t.name) == sorted(entries, key=lambda t: t.name)
    assert (header.data_offset, header.file_bytes) == (len(encoded), len(encoded) + data_bytes)
    assert header.metadata == {"format": "pt"}
    assert (len(encoded) - 8) % pad == 0


@given(st.data())
def test_any_damage_is_a_clear_error_or_none_at_all(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    content = bytearray(SOUND_FILES["sound"])
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    content = content[: data.draw(st.integers(0, len(content)))]
    path = tmp_path_factory.getbasetemp() / "damaged.safetensors"
    path.write_bytes(content)
    try:
        read_header(path)
    except CheckpointError:
        return
    safe_open(path, "pt")  # what passes here must pass there


def test_header_as_the_library_writes_it(tmp_path: Path) -> None:
    import torch
    from safetensors.torch import save_file

    save_file({"b": torch.zeros(3, 5), "a": torch.zeros(2)}, tmp_path / "x.safetensors", metadata={"format": "pt"})
    written = (tmp_path / "x.safetensors").read_bytes()
    header = read_header(tmp_path / "x.safetensors")
    assert written[: header.data_offset] == encode_header(header.tensors, pad=8)
    assert json.loads(written[8 : header.data_offset])["a"]["shape"] == [2]
