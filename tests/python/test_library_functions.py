"""Functions of a library: parameters, defaults and keywords, documentation, and results."""

from __future__ import annotations

import inspect
import zlib as reference

import pytest
from libraries import fixture, real


def test_results_are_those_of_c() -> None:
    zlib = real("zlib")
    data = b"hello, world" * 100
    assert zlib.crc32(0, data) == reference.crc32(data)
    assert reference.decompress(zlib.compress2(data, 9)) == data
    assert zlib.uncompress(len(data), reference.compress(data)) == data
    assert zlib.zlibVersion() == reference.ZLIB_RUNTIME_VERSION


def test_keywords_and_defaults() -> None:
    numbers = fixture("numbers")
    assert numbers.sum_defaults(1) == 1 + 2 * 10 + 6 * 100
    assert numbers.sum_defaults(1, c=3) == 321
    assert numbers.sum_defaults(c=3, b=2, a=1) == 321
    assert numbers.scale_default(3) == 1.5
    assert numbers.fixed_seven(35) == 3507


def test_too_few_and_too_many() -> None:
    zlib = real("zlib")
    with pytest.raises(TypeError, match=r"crc32\(\) missing 1 required positional argument: 'buf'"):
        zlib.crc32(0)
    with pytest.raises(TypeError, match=r"takes 2 positional arguments but 3 were given"):
        zlib.crc32(0, b"", 0)
    with pytest.raises(TypeError, match=r"unexpected keyword argument 'length'"):
        zlib.crc32(0, b"", length=0)


def test_the_signature_and_the_documentation_are_the_interface_file_s() -> None:
    zlib = real("zlib")
    assert str(inspect.signature(zlib.compress2)) == "(source, level=-1, *, into=None)"
    assert zlib.compress2.__doc__.startswith("Compresses `source` into a new buffer")
    assert zlib.compress2.__doc__.endswith("Raises ZError.")
    assert zlib.compress2.__name__ == "compress2"
    assert str(inspect.signature(zlib.Deflate.params)) == "(self, /, level, strategy)"
    assert zlib.__doc__.startswith("Compression in the zlib")


def test_several_outputs_are_a_named_tuple() -> None:
    buffers = fixture("buffers")
    both = buffers.two_out(5)
    assert both == (10, 2, 1)
    assert (both.result, both.half, both.rest) == (10, 2, 1)
    assert buffers.one_out(12) == 144
    assert buffers.step(5, 3) == 8
    assert fixture("numbers").nothing() is None


def test_an_optional_symbol_that_is_missing() -> None:
    names = fixture("names")
    assert names.plain(3) == 4
    with pytest.raises(
        LookupError, match=r"^names\.missing: this version of the library has no nm_missing$"
    ):
        names.missing(1)


def test_the_library_is_like_a_module_that_cannot_be_changed() -> None:
    zlib = real("zlib")
    assert "crc32" in dir(zlib) and "Deflate" in dir(zlib) and "Z_OK" in dir(zlib)
    assert repr(zlib).startswith("<library 'zlib': libz")
    assert zlib.crc32 is zlib.crc32
    with pytest.raises(AttributeError, match=r"the library zlib cannot be changed"):
        zlib.crc32 = None
    with pytest.raises(AttributeError, match=r"the library zlib cannot be changed"):
        del zlib.crc32
    with pytest.raises(
        AttributeError, match=r"""the library zlib has no 'crc23': did you mean "crc32"\?"""
    ):
        zlib.crc23  # noqa: B018
