/* trees.h: trees of plain Python objects as CBOR and back, for one crossing each. */
#ifndef ISTHMUS_PYTHON_TREES_H
#define ISTHMUS_PYTHON_TREES_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

/* encode(value, undefined, other, trail, depth) -> bytes. None, booleans, numbers, texts, bytes,
 * lists, tuples, dicts and sets of these exact types are written here; what is met twice is written
 * once, and referred to. `other(value)` says what any other value is: (0, bytes) CBOR of its own,
 * (1, index) a reference, (2, object) something else to write in its place. When anything fails,
 * the keys and indices that led there are appended to `trail`, the innermost first. */
PyObject *ipy__encode(PyObject *module, PyObject *args);

/* decode(bytes, undefined, references, tagged, key) -> object. `references` is what tag 21067 picks
 * from; `tagged(tag, value)` gives the object of any tag that is not known here, or refuses a Map
 * (259) or Set (258) of which Python takes members for one; and `key(value)` what stands for a key
 * that cannot be hashed. */
PyObject *ipy__decode(PyObject *module, PyObject *args);

/* doubles(list) -> bytes: the doubles of a list of nothing but floats, and integers that a double
 * holds exactly; else None. */
PyObject *ipy__doubles(PyObject *module, PyObject *list);

/* numbers(address, count, kind) -> list: what ipy_numbers has given. */
PyObject *ipy__numbers(PyObject *module, PyObject *args);

/* items(address, count, other) -> list: what `count` items of the bridge hold; `other(index)` gives
 * what the one of an index holds that is no plain value. */
PyObject *ipy__items(PyObject *module, PyObject *args);

#endif
