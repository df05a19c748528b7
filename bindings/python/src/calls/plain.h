/* plain.h: the values that cross between Python and JavaScript as they are, without the package:
 * numbers, booleans, null, and texts of Latin-1; and the frame that they cross in. All is inline:
 * it is on the way of every call. */
#ifndef ISTHMUS_PYTHON_PLAIN_H
#define ISTHMUS_PYTHON_PLAIN_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdbool.h>

#include "bridge.h"

/* Makes a frame one that has no arguments yet. */
static inline void ipy__prepare(ipy_frame *frame) {
  frame->argv = frame->args;
  frame->error = NULL;
  frame->wall = frame->cpu = 0;
  frame->more = NULL;
  frame->used = 0;
}

/* Whether a tag is one of a plain value. */
static inline bool ipy__is_plain(int tag) {
  return tag == IPY_INT || tag == IPY_DOUBLE || tag == IPY_NULL || tag == IPY_TRUE ||
         tag == IPY_FALSE || tag == IPY_LATIN1;
}

/* The Python object of a plain item, whose tag is `tag`; NULL with no error for all others. */
static inline PyObject *ipy__lift(const ipy_item *item, int tag) {
  switch (tag) {
  case IPY_INT: return PyLong_FromLongLong(item->integer);
  case IPY_DOUBLE: return PyFloat_FromDouble(item->number);
  case IPY_NULL: Py_RETURN_NONE;
  case IPY_TRUE: Py_RETURN_TRUE;
  case IPY_FALSE: Py_RETURN_FALSE;
  case IPY_LATIN1: return PyUnicode_DecodeLatin1(item->data, (Py_ssize_t)item->length, NULL);
  default: return NULL;
  }
}

/* Puts a value into an item; false when it is not plain, or a text, whose characters somebody must
 * keep. */
static inline bool ipy__lower(PyObject *value, ipy_item *item) {
  if (PyFloat_CheckExact(value)) {
    item->tag = IPY_DOUBLE;
    item->number = PyFloat_AsDouble(value);
    return true;
  }
  if (PyLong_CheckExact(value)) {
    int overflow;
    long long number = PyLong_AsLongLongAndOverflow(value, &overflow);
    if (overflow || number > 9007199254740991 || number < -9007199254740991) return false;
    item->tag = IPY_INT;
    item->integer = number;
    return true;
  }
  if (value == Py_None)
    item->tag = IPY_NULL;
  else if (value == Py_True)
    item->tag = IPY_TRUE;
  else if (value == Py_False)
    item->tag = IPY_FALSE;
  else
    return false;
  return true;
}

#endif
