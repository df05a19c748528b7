/* calls.c: the extension `isthmus._calls`, the one part of the package that is written against
 * Python's own interface: the type that proxies derive from, and the way of a call of a JavaScript
 * function whose arguments and result are plain. Through cffi and a method in Python, such a call
 * would take twice as long as V8 needs for it. All else (other arguments, other results, errors) is
 * the package's, which is given the frame by its address. The bridge's functions come by address,
 * too, so that V8 is loaded when the package loads it. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <structmember.h>

#include "bridge.h"

typedef struct proxy {
  PyObject_HEAD uint64_t place; /* the address of its ipy_place */
  int64_t id;                   /* its number in the table */
} proxy;

static int (*call_function)(uintptr_t place, int64_t function, uint32_t argc, uintptr_t frame);
static void (*reset_frame)(ipy_frame *frame);
static PyObject *call_otherwise, *finish;

/* Puts an argument into an item; false when that is the package's business. */
static bool lower(PyObject *value, ipy_item *item) {
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

static PyObject *proxy_call(PyObject *self, PyObject *args, PyObject *keywords) {
  const proxy *function = (const proxy *)self;
  if (keywords && PyDict_Size(keywords)) {
    PyErr_SetString(PyExc_TypeError, "a JavaScript function takes no keyword arguments");
    return NULL;
  }
  ipy_frame frame;
  Py_ssize_t argc = PyTuple_Size(args);
  if (argc > (Py_ssize_t)(sizeof frame.args / sizeof *frame.args))
    return PyObject_CallFunctionObjArgs(call_otherwise, self, args, NULL);
  for (Py_ssize_t i = 0; i < argc; i++)
    if (!lower(PyTuple_GetItem(args, i), &frame.args[i]))
      return PyObject_CallFunctionObjArgs(call_otherwise, self, args, NULL);
  frame.argv = frame.args;
  frame.error = NULL;
  frame.wall = frame.cpu = 0;
  frame.more = NULL;
  frame.used = 0;
  int answer;
  for (;;) {
    PyThreadState *state = PyEval_SaveThread();
    answer =
        call_function((uintptr_t)function->place, function->id, (uint32_t)argc, (uintptr_t)&frame);
    PyEval_RestoreThread(state);
    if (answer != IPY_BUSY) break;
    if (PyErr_CheckSignals()) return NULL;
  }
  const ipy_item *item = &frame.result;
  PyObject *result;
  switch (answer) {
  case IPY_INT: return PyLong_FromLongLong(item->integer);
  case IPY_DOUBLE: return PyFloat_FromDouble(item->number);
  case IPY_NULL: Py_RETURN_NONE;
  case IPY_TRUE: Py_RETURN_TRUE;
  case IPY_FALSE: Py_RETURN_FALSE;
  case IPY_LATIN1:
    result = PyUnicode_DecodeLatin1(item->data, (Py_ssize_t)item->length, NULL);
    break;
  default:
    result =
        PyObject_CallFunction(finish, "OKi", self, (unsigned long long)(uintptr_t)&frame, answer);
  }
  if (frame.more || frame.error) reset_frame(&frame);
  return result;
}

static PyMemberDef proxy_members[] = {
    {"_at", T_ULONGLONG, offsetof(proxy, place), 0, "The address of the place it belongs to."},
    {"_id", T_LONGLONG, offsetof(proxy, id), 0, "Its number in the table of objects."},
    {NULL, 0, 0, 0, NULL},
};

static PyType_Slot proxy_slots[] = {
    {Py_tp_doc, (void *)(uintptr_t) "What stands for an object of JavaScript's."},
    {Py_tp_members, proxy_members},
    {0, NULL},
};

static PyType_Spec proxy_spec = {"isthmus._calls.Proxy", sizeof(proxy), 0,
                                 Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE, proxy_slots};

static PyType_Slot callable_slots[] = {
    {Py_tp_doc, (void *)(uintptr_t) "What stands for a function of JavaScript's."},
    {Py_tp_call, (void *)(uintptr_t)proxy_call},
    {0, NULL},
};

static PyType_Spec callable_spec = {"isthmus._calls.Callable", sizeof(proxy), 0,
                                    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE, callable_slots};

static PyObject *start(PyObject *module, PyObject *args) {
  (void)module;
  unsigned long long call, reset;
  PyObject *otherwise, *end;
  if (!PyArg_ParseTuple(args, "KKOO:start", &call, &reset, &otherwise, &end)) return NULL;
  call_function = (int (*)(uintptr_t, int64_t, uint32_t, uintptr_t))(uintptr_t)call;
  reset_frame = (void (*)(ipy_frame *))(uintptr_t)reset;
  Py_INCREF(otherwise);
  Py_INCREF(end);
  Py_XDECREF(call_otherwise);
  Py_XDECREF(finish);
  call_otherwise = otherwise;
  finish = end;
  Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"start", start, METH_VARARGS,
     "start(call, reset, otherwise, finish): the addresses of ipy_call and ipy_frame_reset, and "
     "what "
     "makes a call with other arguments, otherwise(function, args), and reads another result, "
     "finish(function, frame, answer)."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "isthmus._calls", NULL, -1, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__calls(void) {
  PyObject *module = PyModule_Create(&definition);
  if (!module) return NULL;
  PyObject *base = PyType_FromSpec(&proxy_spec);
  PyObject *bases = base ? PyTuple_Pack(1, base) : NULL;
  PyObject *callable = bases ? PyType_FromSpecWithBases(&callable_spec, bases) : NULL;
  Py_XDECREF(bases);
  if (!callable || PyModule_AddObject(module, "Proxy", base) ||
      PyModule_AddObject(module, "Callable", callable)) {
    Py_DECREF(module);
    return NULL;
  }
  return module;
}
