/* evaluate.c: Context.eval without limits of its own, which through cffi takes a third longer. */
#include "evaluate.h"

#include <stdbool.h>

#include "bridge.h"

typedef int evaluating(uintptr_t place, const char *source, size_t length, const char *file,
                       int line_offset, uintptr_t frame);

PyObject *ipy__evaluate(PyObject *module, PyObject *args) {
  (void)module;
  unsigned long long function, place;
  PyObject *source, *finish;
  const char *file;
  if (!PyArg_ParseTuple(args, "KKUsO:evaluate", &function, &place, &source, &file, &finish))
    return NULL;
  PyObject *text = PyUnicode_AsUTF8String(source);
  if (!text) return NULL;
  const char *bytes = PyBytes_AsString(text);
  size_t length = (size_t)PyBytes_Size(text);
  ipy_frame frame;
  frame.argv = frame.args;
  frame.error = NULL;
  frame.wall = frame.cpu = 0;
  frame.more = NULL;
  frame.used = 0;
  int answer;
  for (;;) {
    PyThreadState *state = PyEval_SaveThread();
    answer = ((evaluating *)(uintptr_t)function)((uintptr_t)place, bytes, length, file, 0,
                                                 (uintptr_t)&frame);
    PyEval_RestoreThread(state);
    if (answer != IPY_BUSY || PyErr_CheckSignals()) break;
  }
  Py_DECREF(text);
  switch (answer) {
  case IPY_BUSY: return NULL;
  case IPY_INT: return PyLong_FromLongLong(frame.result.integer);
  case IPY_DOUBLE: return PyFloat_FromDouble(frame.result.number);
  case IPY_NULL: Py_RETURN_NONE;
  case IPY_TRUE: Py_RETURN_TRUE;
  case IPY_FALSE: Py_RETURN_FALSE;
  default:
    return PyObject_CallFunction(finish, "Ki", (unsigned long long)(uintptr_t)&frame, answer);
  }
}
