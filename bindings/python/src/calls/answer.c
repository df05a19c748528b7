/* answer.c: the way of a call from JavaScript to a Python object. Arguments and results that are
 * plain take no detour; what others are, and what is to be done with an exception, the package
 * says. */
#include "answer.h"

#include "plain.h"

static PyObject *cores, *lift_other, *settle, *objects_name, *next_host_name;
static void (*throw_it)(ipy_frame *frame, const char *name, const char *message, int64_t host);

/* What was raised, with its traceback. */
static PyObject *caught(void) {
  PyObject *type, *problem, *trace;
  PyErr_Fetch(&type, &problem, &trace);
  PyErr_NormalizeException(&type, &problem, &trace);
  if (problem && trace) PyException_SetTraceback(problem, trace);
  Py_XDECREF(type);
  Py_XDECREF(trace);
  return problem;
}

/* Makes JavaScript see that Python's stack is full, which leaves no room for the package to say so.
 */
static int throw_recursion(PyObject *core, PyObject *problem, ipy_frame *frame) {
  PyObject *number = PyObject_GetAttr(core, next_host_name);
  PyObject *one = PyLong_FromLong(1);
  PyObject *next = number && one ? PyNumber_Add(number, one) : NULL;
  PyObject *objects = next ? PyObject_GetAttr(core, objects_name) : NULL;
  int outcome = IPY_TERMINATES;
  if (objects && !PyObject_SetAttr(core, next_host_name, next) &&
      !PyDict_SetItem(objects, number, problem)) {
    throw_it(frame, "RecursionError", "Python's stack is full", PyLong_AsLongLong(number));
    outcome = IPY_THROWS;
  }
  Py_XDECREF(number);
  Py_XDECREF(one);
  Py_XDECREF(next);
  Py_XDECREF(objects);
  return outcome;
}

/* The package's part. A signal's handler may raise at its very beginning: then JavaScript is to see
 * that, or to end. */
static int settled(PyObject *core, int64_t context, PyObject *result, ipy_frame *frame) {
  int outcome = -1;
  for (int attempt = 0; attempt < 3 && outcome < 0; attempt++) {
    PyObject *problem = result ? NULL : caught();
    PyObject *made =
        PyObject_CallFunction(settle, "OLOOK", core, (long long)context, result ? result : Py_None,
                              problem ? problem : Py_None, (unsigned long long)(uintptr_t)frame);
    if (made) {
      outcome = (int)PyLong_AsLong(made);
      Py_DECREF(made);
    } else if (PyErr_ExceptionMatches(PyExc_RecursionError)) {
      PyObject *full = caught();
      outcome = throw_recursion(core, problem ? problem : full, frame);
      Py_XDECREF(full);
    }
    Py_XDECREF(problem);
    result = NULL;
  }
  PyErr_Clear();
  return outcome < 0 ? IPY_TERMINATES : outcome;
}

/* The value in a dictionary of a number; NULL with no error when there is none. */
static PyObject *at(PyObject *dictionary, int64_t number) {
  PyObject *key = PyLong_FromLongLong(number);
  if (!key) return NULL;
  PyObject *found = PyDict_GetItemWithError(dictionary, key);
  Py_XINCREF(found);
  Py_DECREF(key);
  return found;
}

/* The core of a key, and its object of a number. */
static PyObject *find(int64_t key, int64_t host, PyObject **thing) {
  PyObject *reference = at(cores, key);
  PyObject *core = reference ? PyObject_CallObject(reference, NULL) : NULL;
  Py_XDECREF(reference);
  PyObject *objects = core && core != Py_None ? PyObject_GetAttr(core, objects_name) : NULL;
  *thing = objects ? at(objects, host) : NULL;
  Py_XDECREF(objects);
  if (*thing) return core;
  Py_XDECREF(core);
  PyErr_Clear();
  return NULL;
}

static int answer(int64_t key, int64_t context, int64_t host, ipy_frame *frame) {
  uint32_t argc = frame->argc;
  PyGILState_STATE state = PyGILState_Ensure();
  PyObject *thing, *core = find(key, host, &thing);
  if (!core) {
    PyGILState_Release(state);
    return IPY_TERMINATES;
  }
  PyObject *args = PyTuple_New(argc), *result = NULL;
  bool whole = args;
  for (uint32_t i = 0; i < argc && whole; i++) {
    const ipy_item *item = &frame->argv[i];
    PyObject *value = ipy__is_plain(item->tag)
                          ? ipy__lift(item, item->tag)
                          : PyObject_CallFunction(lift_other, "OLK", core, (long long)context,
                                                  (unsigned long long)(uintptr_t)item);
    whole = value && !PyTuple_SetItem(args, i, value);
  }
  if (whole) result = PyObject_CallObject(thing, args);
  Py_XDECREF(args);
  Py_DECREF(thing);
  int outcome = IPY_RETURNS;
  if (!result || !ipy__lower(result, &frame->result))
    outcome = settled(core, context, result, frame);
  Py_XDECREF(result);
  Py_DECREF(core);
  PyGILState_Release(state);
  return outcome;
}

PyObject *ipy__answer_by(PyObject *module, PyObject *args) {
  (void)module;
  PyObject *given[3];
  unsigned long long throwing;
  if (!PyArg_ParseTuple(args, "OOOK:answer_by", &given[0], &given[1], &given[2], &throwing))
    return NULL;
  if (!objects_name) objects_name = PyUnicode_InternFromString("objects");
  if (!next_host_name) next_host_name = PyUnicode_InternFromString("next_host");
  if (!objects_name || !next_host_name) return NULL;
  throw_it = (void (*)(ipy_frame *, const char *, const char *, int64_t))(uintptr_t)throwing;
  PyObject **ours[] = {&cores, &lift_other, &settle};
  for (int i = 0; i < 3; i++) {
    Py_INCREF(given[i]);
    Py_XDECREF(*ours[i]);
    *ours[i] = given[i];
  }
  return PyLong_FromUnsignedLongLong((unsigned long long)(uintptr_t)answer);
}
