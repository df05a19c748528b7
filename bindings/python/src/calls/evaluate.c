/* evaluate.c: Context.eval without limits of its own, which through cffi takes a third longer. */
#include "evaluate.h"

#include "plain.h"

typedef int evaluating(uintptr_t place, const char *source, size_t length, const char *file,
                       int line_offset, uintptr_t frame);

/* What says that an argument is of the wrong type. */
static PyObject *wrong(const char *what, PyObject *value) {
  PyObject *type = (PyObject *)Py_TYPE(value);
  PyObject *name = PyObject_GetAttrString(type, "__name__");
  if (name) PyErr_Format(PyExc_TypeError, "%s must be str, not %U", what, name);
  Py_XDECREF(name);
  return NULL;
}

static PyObject *utf8(PyObject *text) {
  PyObject *bytes = PyUnicode_AsUTF8String(text);
  if (bytes || !PyErr_ExceptionMatches(PyExc_UnicodeEncodeError)) return bytes;
  PyErr_Clear();
  PyObject *wide = PyUnicode_AsEncodedString(text, "utf-16-le", "surrogatepass");
  if (!wide) return NULL;
  PyObject *whole = PyUnicode_FromEncodedObject(wide, "utf-16-le", "replace");
  Py_DECREF(wide);
  if (!whole) return NULL;
  bytes = PyUnicode_AsUTF8String(whole);
  Py_DECREF(whole);
  return bytes;
}

PyObject *ipy__utf8(PyObject *module, PyObject *args) {
  (void)module;
  PyObject *text;
  const char *what;
  if (!PyArg_ParseTuple(args, "Os:utf8", &text, &what)) return NULL;
  return PyUnicode_Check(text) ? utf8(text) : wrong(what, text);
}

/* The name of a file, for C. Most texts come by the same name as the one before. */
static PyObject *file_of(PyObject *name) {
  static PyObject *known, *known_file;
  if (name != known) {
    PyObject *file = utf8(name);
    if (!file) return NULL;
    PyObject *old = known, *old_file = known_file;
    Py_INCREF(name);
    known = name;
    known_file = file;
    Py_XDECREF(old);
    Py_XDECREF(old_file);
  }
  Py_INCREF(known_file);
  return known_file;
}

PyObject *ipy__evaluate(PyObject *module, PyObject *args) {
  (void)module;
  if (PyTuple_Size(args) != 5) {
    PyErr_SetString(PyExc_TypeError, "evaluate takes five arguments");
    return NULL;
  }
  unsigned long long function = PyLong_AsUnsignedLongLong(PyTuple_GetItem(args, 0));
  unsigned long long place = PyLong_AsUnsignedLongLong(PyTuple_GetItem(args, 1));
  PyObject *source = PyTuple_GetItem(args, 2), *name = PyTuple_GetItem(args, 3),
           *context = PyTuple_GetItem(args, 4);
  if (PyErr_Occurred()) return NULL;
  if (!PyUnicode_Check(source)) return wrong("the source", source);
  if (!PyUnicode_Check(name)) return wrong("the filename", name);
  PyObject *file = file_of(name);
  if (!file) return NULL;
  char *file_name;
  PyObject *text = PyBytes_AsStringAndSize(file, &file_name, NULL) ? NULL : utf8(source);
  if (!text) {
    Py_DECREF(file);
    return NULL;
  }
  const char *bytes = PyBytes_AsString(text);
  size_t length = (size_t)PyBytes_Size(text);
  ipy_frame frame;
  ipy__prepare(&frame);
  int answer;
  for (;;) {
    PyThreadState *state = PyEval_SaveThread();
    answer = ((evaluating *)(uintptr_t)function)((uintptr_t)place, bytes, length, file_name, 0,
                                                 (uintptr_t)&frame);
    PyEval_RestoreThread(state);
    if (answer != IPY_BUSY || PyErr_CheckSignals()) break;
  }
  Py_DECREF(text);
  Py_DECREF(file);
  if (answer == IPY_BUSY) return NULL;
  /* A text is in memory of the frame, which the package empties. */
  if (ipy__is_plain(answer) && answer != IPY_LATIN1) return ipy__lift(&frame.result, answer);
  return PyObject_CallMethod(context, "_finish", "Ki", (unsigned long long)(uintptr_t)&frame,
                             answer);
}
