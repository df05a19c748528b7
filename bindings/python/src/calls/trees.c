/* trees.c: see trees.h. Python code may run at every conversion that is not plain, and change what
 * is being written: what is in hand is held, and sizes are looked at again. */
#include "trees.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bridge.h"

#define SHARED 28
#define SHARED_REFERENCE 29
#define SET 258
#define MAP 259
#define REFERENCE 21067

/* ---- Writing ---- */

/* A place where the number of a shared value is to be written, once it is known. */
typedef struct patch {
  size_t at;
  size_t target; /* where the shared value begins */
} patch;

typedef struct writer {
  uint8_t *bytes;
  size_t length, room;
  PyObject *undefined, *other, *trail;
  PyObject *seen;    /* where the containers that were met begin, by their address */
  PyObject *holding; /* what must not go meanwhile, since its address is in `seen` */
  patch *patches;
  size_t patch_count, patch_room;
  int depth, most;
} writer;

static bool reserve(writer *out, size_t more) {
  if (out->room - out->length >= more) return true;
  size_t room = (out->room ? out->room : 512) * 2 + more;
  uint8_t *grown = realloc(out->bytes, room);
  if (!grown) return (void)PyErr_NoMemory(), false;
  out->bytes = grown;
  out->room = room;
  return true;
}

static bool append(writer *out, const void *bytes, size_t length) {
  if (!reserve(out, length)) return false;
  memcpy(out->bytes + out->length, bytes, length);
  out->length += length;
  return true;
}

static void big_endian(uint8_t *to, uint64_t number, int count) {
  for (int i = count - 1; i >= 0; i--, number >>= 8) to[i] = (uint8_t)number;
}

static bool head(writer *out, int major, uint64_t number) {
  if (!reserve(out, 9)) return false;
  uint8_t *at = out->bytes + out->length;
  int count = number < 24            ? 0
              : number <= 0xff       ? 1
              : number <= 0xffff     ? 2
              : number <= 0xffffffff ? 4
                                     : 8;
  int info = count == 0 ? (int)number : count == 1 ? 24 : count == 2 ? 25 : count == 4 ? 26 : 27;
  *at = (uint8_t)(major << 5 | info);
  big_endian(at + 1, number, count);
  out->length += 1 + (size_t)count;
  return true;
}

static bool byte(writer *out, uint8_t value) {
  return append(out, &value, 1);
}

/* Remembers where a container begins; 1 when it was met before, and the reference is written; -1
 * after an error. What has one owner alone is not met twice. */
static int meet(writer *out, PyObject *value) {
  if (Py_REFCNT(value) == 1) return 0;
  PyObject *key = PyLong_FromVoidPtr(value);
  if (!key) return -1;
  int answer = -1;
  PyObject *known = PyDict_GetItemWithError(out->seen, key);
  if (known) {
    size_t target = PyLong_AsSize_t(known);
    if (out->patch_count == out->patch_room) {
      size_t room = out->patch_room ? out->patch_room * 2 : 16;
      patch *grown = realloc(out->patches, room * sizeof *grown);
      if (!grown) {
        PyErr_NoMemory();
        goto end;
      }
      out->patches = grown;
      out->patch_room = room;
    }
    if (!head(out, 6, SHARED_REFERENCE)) goto end;
    out->patches[out->patch_count++] = (patch){out->length, target};
    answer = append(out, "\x1a\0\0\0", 5) ? 1 : -1;
  } else if (!PyErr_Occurred()) {
    PyObject *place = PyLong_FromSize_t(out->length);
    /* A hook may take it out of what it is in, and another one would have its address. */
    answer = place && !PyDict_SetItem(out->seen, key, place) && !PyList_Append(out->holding, value)
                 ? 0
                 : -1;
    Py_XDECREF(place);
  }
end:
  Py_DECREF(key);
  return answer;
}

static bool write_value(writer *out, PyObject *value);

static bool changed(void) {
  PyErr_SetString(PyExc_RuntimeError, "it has changed while it was converted");
  return false;
}

/* Writes a part of a container; when that fails, says where it is. Takes the reference to `part`.
 */
static bool write_part(writer *out, PyObject *part, PyObject *key, Py_ssize_t index) {
  bool written = write_value(out, part);
  Py_DECREF(part);
  if (written) return true;
  PyObject *kind, *problem, *trace;
  PyErr_Fetch(&kind, &problem, &trace);
  PyObject *step = key;
  if (key)
    Py_INCREF(key);
  else
    step = PyLong_FromSsize_t(index);
  if (!step || PyList_Append(out->trail, step)) PyErr_Clear();
  Py_XDECREF(step);
  PyErr_Restore(kind, problem, trace);
  return false;
}

static bool write_list(writer *out, PyObject *list) {
  Py_ssize_t count = PyList_Size(list);
  if (!head(out, 4, (uint64_t)count)) return false;
  for (Py_ssize_t i = 0; i < count; i++) {
    if (i >= PyList_Size(list)) return changed();
    PyObject *part = PyList_GetItem(list, i);
    Py_INCREF(part);
    if (!write_part(out, part, NULL, i)) return false;
  }
  return PyList_Size(list) == count || changed();
}

static bool write_tuple(writer *out, PyObject *tuple) {
  Py_ssize_t count = PyTuple_Size(tuple);
  if (!head(out, 4, (uint64_t)count)) return false;
  for (Py_ssize_t i = 0; i < count; i++) {
    PyObject *part = PyTuple_GetItem(tuple, i);
    Py_INCREF(part);
    if (!write_part(out, part, NULL, i)) return false;
  }
  return true;
}

static bool write_set(writer *out, PyObject *set) {
  Py_ssize_t count = PySet_Size(set), written = 0;
  PyObject *members = PyObject_GetIter(set), *part;
  if (!members) return false;
  bool good = head(out, 6, SET) && head(out, 4, (uint64_t)count);
  while (good && (part = PyIter_Next(members))) good = write_part(out, part, NULL, written++);
  Py_DECREF(members);
  if (!good || PyErr_Occurred()) return false;
  return written == count || changed();
}

static bool write_dict(writer *out, PyObject *dict) {
  Py_ssize_t count = PyDict_Size(dict), written = 0, position = 0;
  PyObject *key, *value;
  while (PyDict_Next(dict, &position, &key, &value))
    if (!PyUnicode_CheckExact(key)) {
      if (!head(out, 6, MAP)) return false;
      break;
    }
  if (!head(out, 5, (uint64_t)count)) return false;
  position = 0;
  while (PyDict_Next(dict, &position, &key, &value)) {
    if (written++ == count) return changed();
    Py_INCREF(key);
    Py_INCREF(value);
    bool good = write_value(out, key);
    if (good)
      good = write_part(out, value, key, 0);
    else
      Py_DECREF(value);
    Py_DECREF(key);
    if (!good) return false;
    if (PyDict_Size(dict) != count) return changed();
  }
  return written == count || changed();
}

static bool write_other(writer *out, PyObject *value) {
  PyObject *answer = PyObject_CallFunctionObjArgs(out->other, value, NULL);
  if (!answer) return false;
  long kind;
  PyObject *what;
  bool good = false;
  if (!PyArg_ParseTuple(answer, "lO", &kind, &what)) {
  } else if (kind == 0) {
    good = append(out, PyBytes_AsString(what), (size_t)PyBytes_Size(what));
  } else if (kind == 1) {
    good = head(out, 6, REFERENCE) && head(out, 0, PyLong_AsUnsignedLongLong(what));
  } else if (!PyList_Append(out->holding, answer)) {
    good = write_value(out, what);
  }
  Py_DECREF(answer);
  return good && !PyErr_Occurred();
}

static bool write_text(writer *out, PyObject *text) {
  PyObject *bytes = PyUnicode_AsUTF8String(text);
  if (!bytes) {
    if (!PyErr_ExceptionMatches(PyExc_UnicodeEncodeError)) return false;
    PyErr_Clear();
    return write_other(out, text);
  }
  size_t length = (size_t)PyBytes_Size(bytes);
  bool good = head(out, 3, length) && append(out, PyBytes_AsString(bytes), length);
  Py_DECREF(bytes);
  return good;
}

static bool write_number(writer *out, double number) {
  uint64_t bits;
  uint8_t bytes[9] = {0xfb};
  memcpy(&bits, &number, 8);
  big_endian(bytes + 1, bits, 8);
  return append(out, bytes, 9);
}

static bool write_container(writer *out, PyObject *value) {
  if (out->depth >= out->most) {
    PyErr_Format(PyExc_RecursionError, "it is nested deeper than %d", out->most);
    return false;
  }
  if (Py_EnterRecursiveCall(" while a tree is converted")) return false;
  out->depth++;
  bool good = PyList_CheckExact(value)     ? write_list(out, value)
              : PyDict_CheckExact(value)   ? write_dict(out, value)
              : PyTuple_CheckExact(value)  ? write_tuple(out, value)
              : PyAnySet_CheckExact(value) ? write_set(out, value)
                                           : write_other(out, value);
  out->depth--;
  Py_LeaveRecursiveCall();
  return good;
}

static bool write_value(writer *out, PyObject *value) {
  if (PyUnicode_CheckExact(value)) return write_text(out, value);
  if (PyLong_CheckExact(value)) {
    int overflow;
    long long number = PyLong_AsLongLongAndOverflow(value, &overflow);
    if (overflow) return write_other(out, value);
    return number < 0 ? head(out, 1, ~(uint64_t)number) : head(out, 0, (uint64_t)number);
  }
  if (PyFloat_CheckExact(value)) return write_number(out, PyFloat_AsDouble(value));
  if (value == Py_None) return byte(out, 0xf6);
  if (value == Py_True) return byte(out, 0xf5);
  if (value == Py_False) return byte(out, 0xf4);
  if (value == out->undefined) return byte(out, 0xf7);
  if (PyBytes_CheckExact(value)) {
    size_t length = (size_t)PyBytes_Size(value);
    return head(out, 2, length) && append(out, PyBytes_AsString(value), length);
  }
  int met = meet(out, value);
  return met < 0 ? false : met ? true : write_container(out, value);
}

static int by_target(const void *left, const void *right) {
  size_t a = ((const patch *)left)->target, b = ((const patch *)right)->target;
  return a < b ? -1 : a > b;
}

/* The bytes with a mark before each value that is referred to, and the numbers in the references:
 * marks are numbered in the order in which they stand. */
static PyObject *finish(writer *out) {
  if (!out->patch_count)
    return PyBytes_FromStringAndSize((char *)out->bytes, (Py_ssize_t)out->length);
  qsort(out->patches, out->patch_count, sizeof *out->patches, by_target);
  size_t marks = 0;
  for (size_t i = 0; i < out->patch_count; i++) {
    if (i && out->patches[i].target != out->patches[i - 1].target) marks++;
    big_endian(out->bytes + out->patches[i].at + 1, marks, 4);
  }
  marks++;
  PyObject *result = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)(out->length + 2 * marks));
  if (!result) return NULL;
  uint8_t *to = (uint8_t *)PyBytes_AsString(result);
  size_t from = 0;
  for (size_t i = 0; i < out->patch_count; i++) {
    size_t target = out->patches[i].target;
    if (i && target == out->patches[i - 1].target) continue;
    memcpy(to, out->bytes + from, target - from);
    to += target - from;
    *to++ = 0xd8;
    *to++ = SHARED;
    from = target;
  }
  memcpy(to, out->bytes + from, out->length - from);
  return result;
}

PyObject *ipy__encode(PyObject *module, PyObject *args) {
  (void)module;
  writer out = {0};
  PyObject *value, *result = NULL;
  if (!PyArg_ParseTuple(args, "OOOO!i:encode", &value, &out.undefined, &out.other, &PyList_Type,
                        &out.trail, &out.most))
    return NULL;
  out.seen = PyDict_New();
  out.holding = PyList_New(0);
  if (out.seen && out.holding && write_value(&out, value)) result = finish(&out);
  Py_XDECREF(out.seen);
  Py_XDECREF(out.holding);
  free(out.bytes);
  free(out.patches);
  return result;
}

/* ---- Reading ---- */

typedef struct reader {
  const uint8_t *at, *end;
  PyObject *undefined, *references, *tagged, *key;
  PyObject *shared; /* a list; None where a value is not there yet */
} reader;

static PyObject *malformed(void) {
  if (!PyErr_Occurred()) PyErr_SetString(PyExc_ValueError, "the bytes are malformed");
  return NULL;
}

static bool take_head(reader *in, int *major, int *info, uint64_t *number) {
  if (in->at >= in->end) return false;
  *major = *in->at >> 5;
  *info = *in->at++ & 31;
  *number = (uint64_t)*info;
  if (*info < 24) return true;
  if (*info > 27) return false;
  int count = 1 << (*info - 24);
  if (in->end - in->at < count) return false;
  *number = 0;
  for (int i = 0; i < count; i++) *number = *number << 8 | *in->at++;
  return true;
}

static PyObject *read_value(reader *in, Py_ssize_t slot);

static PyObject *read_float(int info, uint64_t bits) {
  if (info == 27) {
    double number;
    memcpy(&number, &bits, 8);
    return PyFloat_FromDouble(number);
  }
  if (info == 26) {
    uint32_t half = (uint32_t)bits;
    float number;
    memcpy(&number, &half, 4);
    return PyFloat_FromDouble((double)number);
  }
  /* A half: the same as a single with other widths. */
  uint32_t sign = (uint32_t)(bits >> 15), exponent = (uint32_t)(bits >> 10 & 31);
  uint32_t fraction = (uint32_t)(bits & 1023);
  double number = exponent == 0    ? (double)fraction / 16777216.0
                  : exponent == 31 ? (fraction ? (double)Py_NAN : (double)Py_HUGE_VAL)
                                   : (double)(fraction + 1024) *
                                         (exponent >= 25 ? (double)(1u << (exponent - 25))
                                                         : 1.0 / (double)(1u << (25 - exponent)));
  return PyFloat_FromDouble(sign ? -number : number);
}

/* Puts a shared value where references find it. */
static bool share(reader *in, Py_ssize_t slot, PyObject *value) {
  if (slot < 0) return true;
  Py_INCREF(value);
  return !PyList_SetItem(in->shared, slot, value);
}

static PyObject *read_list(reader *in, uint64_t count, Py_ssize_t slot) {
  if (count > (uint64_t)(in->end - in->at)) return malformed();
  PyObject *list = PyList_New(0);
  if (!list || !share(in, slot, list)) goto failed;
  for (uint64_t i = 0; i < count; i++) {
    PyObject *part = read_value(in, -1);
    if (!part) goto failed;
    int problem = PyList_Append(list, part);
    Py_DECREF(part);
    if (problem) goto failed;
  }
  return list;
failed:
  Py_XDECREF(list);
  return NULL;
}

/* Puts a key with its value into a dict, or without one into a set. For a key that cannot be hashed
 * the package gives another. */
static bool put(reader *in, PyObject *into, PyObject *key, PyObject *value) {
  if (!(value ? PyDict_SetItem(into, key, value) : PySet_Add(into, key))) return true;
  if (!PyErr_ExceptionMatches(PyExc_TypeError)) return false;
  PyErr_Clear();
  PyObject *instead = PyObject_CallFunctionObjArgs(in->key, key, NULL);
  if (!instead) return false;
  int problem = value ? PyDict_SetItem(into, instead, value) : PySet_Add(into, instead);
  Py_DECREF(instead);
  return !problem;
}

/* A Map or Set of which nothing was lost: Python takes for one what JavaScript does not, such as 1
 * and true. Else the package says so. Takes the reference. */
static PyObject *whole(reader *in, uint64_t tag, PyObject *made, Py_ssize_t size, uint64_t count) {
  if ((uint64_t)size == count) return made;
  PyObject *result = PyObject_CallFunction(in->tagged, "KO", (unsigned long long)tag, made);
  Py_DECREF(made);
  return result;
}

static PyObject *read_dict(reader *in, uint64_t count, Py_ssize_t slot) {
  if (count > (uint64_t)(in->end - in->at)) return malformed();
  PyObject *dict = PyDict_New();
  if (!dict || !share(in, slot, dict)) goto failed;
  for (uint64_t i = 0; i < count; i++) {
    PyObject *key = read_value(in, -1);
    PyObject *value = key ? read_value(in, -1) : NULL;
    bool there = value && put(in, dict, key, value);
    Py_XDECREF(key);
    Py_XDECREF(value);
    if (!there) goto failed;
  }
  return whole(in, MAP, dict, PyDict_Size(dict), count);
failed:
  Py_XDECREF(dict);
  return NULL;
}

static PyObject *read_set(reader *in, Py_ssize_t slot) {
  int major, info;
  uint64_t count;
  if (!take_head(in, &major, &info, &count) || major != 4) return malformed();
  PyObject *set = PySet_New(NULL);
  if (!set || !share(in, slot, set)) goto failed;
  for (uint64_t i = 0; i < count; i++) {
    PyObject *part = read_value(in, -1);
    bool there = part && put(in, set, part, NULL);
    Py_XDECREF(part);
    if (!there) goto failed;
  }
  return whole(in, SET, set, PySet_Size(set), count);
failed:
  Py_XDECREF(set);
  return NULL;
}

static PyObject *pick(PyObject *from, uint64_t index) {
  PyObject *found =
      index < (uint64_t)PyList_Size(from) ? PyList_GetItem(from, (Py_ssize_t)index) : NULL;
  if (!found) return malformed();
  Py_INCREF(found);
  return found;
}

static PyObject *read_tag(reader *in, uint64_t tag, Py_ssize_t slot) {
  int major, info;
  uint64_t number;
  switch (tag) {
  case SHARED: {
    Py_ssize_t mine = PyList_Size(in->shared);
    if (PyList_Append(in->shared, Py_None)) return NULL;
    PyObject *value = read_value(in, mine);
    if (value && !share(in, mine, value)) Py_CLEAR(value);
    return value;
  }
  case SHARED_REFERENCE:
  case REFERENCE:
    if (!take_head(in, &major, &info, &number) || major) return malformed();
    return pick(tag == REFERENCE ? in->references : in->shared, number);
  case SET: return read_set(in, slot);
  case MAP:
    if (!take_head(in, &major, &info, &number) || major != 5) return malformed();
    return read_dict(in, number, slot);
  default: {
    PyObject *value = read_value(in, -1);
    if (!value) return NULL;
    PyObject *result = PyObject_CallFunction(in->tagged, "KO", (unsigned long long)tag, value);
    Py_DECREF(value);
    return result;
  }
  }
}

static PyObject *read_simple(reader *in, int info, uint64_t number) {
  if (info >= 25) return read_float(info, number);
  PyObject *value = number == 20   ? Py_False
                    : number == 21 ? Py_True
                    : number == 22 ? Py_None
                    : number == 23 ? in->undefined
                                   : NULL;
  if (!value) return malformed();
  Py_INCREF(value);
  return value;
}

static PyObject *read_deep(reader *in, int major, uint64_t number, Py_ssize_t slot) {
  if (Py_EnterRecursiveCall(" while a tree is read")) return NULL;
  PyObject *value = major == 4   ? read_list(in, number, slot)
                    : major == 5 ? read_dict(in, number, slot)
                                 : read_tag(in, number, slot);
  Py_LeaveRecursiveCall();
  return value;
}

static PyObject *read_value(reader *in, Py_ssize_t slot) {
  int major, info;
  uint64_t number;
  if (!take_head(in, &major, &info, &number)) return malformed();
  switch (major) {
  case 0: return PyLong_FromUnsignedLongLong(number);
  case 1:
    if (number <= INT64_MAX) return PyLong_FromLongLong(-1 - (int64_t)number);
    return malformed();
  case 2:
  case 3: {
    if (number > (uint64_t)(in->end - in->at)) return malformed();
    const char *data = (const char *)in->at;
    in->at += number;
    return major == 2 ? PyBytes_FromStringAndSize(data, (Py_ssize_t)number)
                      : PyUnicode_DecodeUTF8(data, (Py_ssize_t)number, NULL);
  }
  case 7: return read_simple(in, info, number);
  default: return read_deep(in, major, number, slot);
  }
}

PyObject *ipy__decode(PyObject *module, PyObject *args) {
  (void)module;
  reader in;
  const char *bytes;
  Py_ssize_t length;
  if (!PyArg_ParseTuple(args, "y#OO!OO:decode", &bytes, &length, &in.undefined, &PyList_Type,
                        &in.references, &in.tagged, &in.key))
    return NULL;
  in.at = (const uint8_t *)bytes;
  in.end = in.at + length;
  in.shared = PyList_New(0);
  PyObject *value = in.shared ? read_value(&in, -1) : NULL;
  Py_XDECREF(in.shared);
  return value;
}

/* ---- Lists of numbers ---- */

PyObject *ipy__doubles(PyObject *module, PyObject *list) {
  (void)module;
  Py_ssize_t count = PyList_Size(list);
  if (count < 0) return NULL;
  PyObject *result = PyBytes_FromStringAndSize(NULL, count * (Py_ssize_t)sizeof(double));
  if (!result) return NULL;
  char *to = PyBytes_AsString(result);
  for (Py_ssize_t i = 0; i < count; i++, to += sizeof(double)) {
    PyObject *part = PyList_GetItem(list, i);
    double number;
    if (PyFloat_CheckExact(part)) {
      number = PyFloat_AsDouble(part);
    } else {
      int overflow = 1;
      long long integer = 0;
      if (PyLong_CheckExact(part)) integer = PyLong_AsLongLongAndOverflow(part, &overflow);
      if (overflow || integer > 9007199254740991 || integer < -9007199254740991) {
        Py_DECREF(result);
        Py_RETURN_NONE;
      }
      number = (double)integer;
    }
    memcpy(to, &number, sizeof number);
  }
  return result;
}

static PyObject *number_of(double number) {
  if (number >= -9007199254740991.0 && number <= 9007199254740991.0 &&
      number == (double)(int64_t)number && (number != 0 || !signbit(number)))
    return PyLong_FromLongLong((int64_t)number);
  return PyFloat_FromDouble(number);
}

PyObject *ipy__numbers(PyObject *module, PyObject *args) {
  (void)module;
  unsigned long long address;
  Py_ssize_t count;
  int kind;
  if (!PyArg_ParseTuple(args, "Kni:numbers", &address, &count, &kind)) return NULL;
  const char *from = (const char *)(uintptr_t)address;
  PyObject *list = PyList_New(count);
  for (Py_ssize_t i = 0; list && i < count; i++, from += 8) {
    int64_t integer;
    double number;
    memcpy(&integer, from, 8);
    memcpy(&number, from, 8);
    PyObject *part = kind == 1   ? PyLong_FromLongLong(integer)
                     : kind == 0 ? PyFloat_FromDouble(number)
                                 : number_of(number);
    if (!part || PyList_SetItem(list, i, part)) Py_CLEAR(list);
  }
  return list;
}

/* ---- Items ---- */

PyObject *ipy__items(PyObject *module, PyObject *args) {
  (void)module;
  unsigned long long address;
  Py_ssize_t count;
  PyObject *other;
  if (!PyArg_ParseTuple(args, "KnO:items", &address, &count, &other)) return NULL;
  const ipy_item *items = (const ipy_item *)(uintptr_t)address;
  PyObject *list = PyList_New(0);
  for (Py_ssize_t i = 0; list && i < count; i++) {
    const ipy_item *item = &items[i];
    PyObject *value;
    switch (item->tag) {
    case IPY_INT: value = PyLong_FromLongLong(item->integer); break;
    case IPY_DOUBLE: value = PyFloat_FromDouble(item->number); break;
    case IPY_LATIN1:
      value = PyUnicode_DecodeLatin1(item->data, (Py_ssize_t)item->length, NULL);
      break;
    case IPY_NULL:
    case IPY_TRUE:
    case IPY_FALSE:
      value = item->tag == IPY_NULL ? Py_None : item->tag == IPY_TRUE ? Py_True : Py_False;
      Py_INCREF(value);
      break;
    default: value = PyObject_CallFunction(other, "n", i);
    }
    if (!value || PyList_Append(list, value)) Py_CLEAR(list);
    Py_XDECREF(value);
  }
  return list;
}
