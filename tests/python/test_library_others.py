"""zlib, cJSON, libc and libm by their interface files, used for real and misused."""

from __future__ import annotations

import array
import math
import zlib as reference
from pathlib import Path

import isthmus as ist
import pytest
from libraries import real


def test_streams_of_zlib() -> None:
    zlib = real("zlib")
    data = bytes(range(256)) * 100
    packed = bytearray()
    room = bytearray(64)
    with zlib.Deflate(9, 31) as d:
        d.next_in = data
        while True:
            d.next_out = room
            done = d.deflate(zlib.Z_FINISH) == zlib.Z_STREAM_END
            packed += room[: len(room) - d.avail_out]
            if done:
                break
        assert (d.total_in, d.total_out) == (len(data), len(packed))
    assert reference.decompress(bytes(packed), 31) == data
    out = bytearray(len(data))
    with zlib.Inflate(47) as i:
        i.next_in = packed
        i.next_out = out
        assert i.inflate() == zlib.Z_STREAM_END
    assert out == data
    with zlib.Inflate() as i:
        i.next_in = b"not zlib at all"
        i.next_out = out
        with pytest.raises(zlib.ZError, match=r"^zlib.Inflate.inflate: data error$"):
            i.inflate()
        assert i.msg == "incorrect header check"
    with pytest.raises(zlib.ZError, match=r"^zlib.Deflate: stream error$"):
        zlib.Deflate(77)
    with pytest.raises(ValueError, match=r"code: expected an integer from -6 to 2, got 3"):
        zlib.zError(3)


def test_files_of_zlib(tmp_path: Path) -> None:
    zlib = real("zlib")
    path = str(tmp_path / "x.gz")
    with zlib.GzFile(path, "wb9") as file:
        assert file.write(b"first\nsecond\n") == 13
    with zlib.GzFile(path) as file:
        assert file.gets(100).buf == "first\n"
        assert file.read(100) == b"second\n" and file.read(100) == b"" and file.eof() == 1
    with pytest.raises(zlib.GzOpenError, match=r"the file cannot be opened") as raised:
        zlib.GzFile(str(tmp_path / "nowhere"))
    assert raised.value.code == 2


def test_trees_of_cjson() -> None:
    cjson = real("cjson")
    root = cjson.Parse('{"list": [1, 2.5, "three", null, true], "name": "é"}')
    items = root.GetObjectItem("list")
    assert items.GetArraySize() == 5
    assert items.GetArrayItem(2).GetStringValue() == "three"
    assert root.GetObjectItem("name").valuestring == "é"
    assert items.GetArrayItem(1).valuedouble == 2.5 and items.GetArrayItem(9) is None
    items.AddItemToArray(cjson.CreateStringArray(["x", "y"]))
    root.AddNumberToObject("more", 7)
    assert root.PrintUnformatted().endswith('["x","y"]],"name":"é","more":7}')
    copy = root.Duplicate()
    assert copy.Compare(root) == 1
    taken = cjson.CreateNumber(1)
    root.AddItemToObject("taken", taken)
    with pytest.raises(ist.ClosedError, match=r"was given to cjson.Item.AddItemToObject"):
        taken.Print()
    root.Delete()
    with pytest.raises(ist.ClosedError, match=r"no longer valid after cjson.Item.Delete"):
        items.GetArraySize()
    assert cjson.CreateIntArray(array.array("i", [1, 2])).PrintUnformatted() == "[1,2]"
    with pytest.raises(cjson.ParseError, match=r"the text is not valid JSON"):
        cjson.Parse("{")
    deep = cjson.CreateArray()
    with pytest.raises(ist.StateError, match=r"nested more than 1000 deep"):
        for _ in range(1100):
            above = cjson.CreateArray()
            above.AddItemToArray(deep)
            deep = above


def test_the_c_library(tmp_path: Path) -> None:
    libc = real("libc")
    path = tmp_path / "file"
    with libc.File(str(path), "w+") as file:
        assert file.fwrite(b"one\ntwo\n") == 8
        file.fseek(4)
        assert file.fgets(100).line == "two\n" and file.ftell() == 8
    status = libc.stat(str(path))
    assert status.st_size == 8 and status.st_mode & libc.S_IFMT == libc.S_IFREG
    with libc.Directory(str(tmp_path)) as directory:
        names = []
        entry = directory.readdir()
        while entry is not None:
            names.append(entry.d_name)
            last, entry = entry, directory.readdir()
        assert sorted(names) == [".", "..", "file"]
        with pytest.raises(ist.ClosedError, match=r"no longer valid after libc.Directory.readdir"):
            last.d_name  # noqa: B018
    assert libc.getpwuid(0).pw_name == "root"
    assert libc.bsearch(b"n", b"abcn", 4, lambda a, b: a[0] - b[0]) == 3
    assert (libc.div(7, 2).quot, libc.div(7, 2).rem) == (3, 1)
    with pytest.raises(ValueError, match=r"divisor: expected an integer from 1 to 2147483647"):
        libc.div(1, 0)
    assert (
        libc.gmtime(0).to_dict()["tm_year"] == 70
        and libc.strftime(64, "%Y", {"tm_year": 70}) == "1970"
    )
    assert libc.strdup("é") == "é" and len(libc.getentropy(16)) == 16
    with pytest.raises(libc.SystemError, match=r"^libc.realpath: No such file or directory$"):
        libc.realpath("/nowhere/at/all")


def test_the_mathematics_library() -> None:
    libm = real("libm")
    for name in ("sin", "cos", "tan", "exp", "log1p", "cbrt", "sqrt", "atan"):
        reference_ = getattr(math, name, None)
        if reference_ is not None:
            assert getattr(libm, name)(0.5) == reference_(0.5)
    assert libm.frexp(8.0) == (0.5, 4) and math.isnan(libm.log(-1)) and libm.M_PI == math.pi
