/* calls.c: the extension `isthmus._calls`, the one part of the package that is written against
 * Python's own interface: the type that proxies derive from, with the way of a call of a JavaScript
 * function whose arguments are plain, and of reading a property by its name. Through cffi and a
 * method in Python, these would take twice as long as V8 needs. All else (other arguments, other
 * results, errors) is the package's, which is given the frame by its address. The bridge's
 * functions come by address, too, so that V8 is loaded when the package loads it. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <string.h>
#include <structmember.h>

#include "answer.h"
#include "evaluate.h"
#include "keeper.h"
#include "plain.h"
#include "trees.h"

typedef struct proxy {
  PyObject_HEAD uint64_t place; /* the address of its ipy_place */
  int64_t id;                   /* its number in the table */
} proxy;

static int (*call_function)(uintptr_t place, int64_t function, uint32_t argc, uintptr_t frame);
static void (*reset_frame)(ipy_frame *frame);
static int (*get_property)(uintptr_t place, int64_t object, uintptr_t frame);
static void (*drop_object)(ipy_isolate *core, int64_t id);
static PyObject *call_otherwise, *get_otherwise, *get_undefined, *finish, *pinned;
static PyTypeObject *proxy_type;

/* The Python object of a result, after which the frame is empty. */
static PyObject *lift(PyObject *self, int answer, ipy_frame *frame) {
  PyObject *result = ipy__is_plain(answer)
                         ? ipy__lift(&frame->result, answer)
                         : PyObject_CallFunction(finish, "OKi", self,
                                                 (unsigned long long)(uintptr_t)frame, answer);
  if (frame->more || frame->error) reset_frame(frame);
  return result;
}

/* A short text as bytes of Latin-1, to be let go after the call; NULL for anything else. */
static PyObject *lower_text(PyObject *value, ipy_item *item) {
  if (!PyUnicode_CheckExact(value) || PyUnicode_GetLength(value) > 1024) return NULL;
  PyObject *text = PyUnicode_AsLatin1String(value);
  if (!text) {
    PyErr_Clear();
    return NULL;
  }
  item->tag = IPY_LATIN1;
  item->data = PyBytes_AsString(text);
  item->length = (size_t)PyBytes_Size(text);
  return text;
}

/* A proxy that Python code has made by itself stands for nothing. */
static bool made_of_nothing(const proxy *self) {
  if (self->place) return false;
  PyErr_SetString(PyExc_TypeError, "the proxy stands for no object");
  return true;
}

static ipy_isolate *core_of(const proxy *self) {
  return self->place ? ((const ipy_place *)(uintptr_t)self->place)->core : NULL;
}

/* An object that JavaScript has already: one of its own, or what stands for one of Python's, whose
 * number is to be dropped after the call, in `number`. False for all others, and with an error. */
static bool lower_known(PyObject *self, PyObject *value, ipy_item *item, int64_t *number) {
  *number = 0;
  if (PyType_IsSubtype(Py_TYPE(value), proxy_type)) {
    const proxy *other = (const proxy *)value;
    if (!other->id || core_of(other) != core_of((const proxy *)self)) return false;
    item->tag = IPY_OBJECT;
    item->integer = other->id;
    return true;
  }
  if (PyList_Check(value) || PyDict_Check(value) || PyTuple_Check(value) ||
      PyUnicode_Check(value) || PyBytes_Check(value))
    return false;
  PyObject *found = PyObject_CallFunctionObjArgs(pinned, self, value, NULL);
  if (!found) return false;
  *number = PyLong_AsLongLong(found);
  Py_DECREF(found);
  item->tag = IPY_OBJECT;
  item->integer = *number;
  return *number != 0;
}

static PyObject *proxy_call(PyObject *self, PyObject *args, PyObject *keywords) {
  const proxy *function = (const proxy *)self;
  if (made_of_nothing(function)) return NULL;
  if (keywords && PyDict_Size(keywords)) {
    PyErr_SetString(PyExc_TypeError, "a JavaScript function takes no keyword arguments");
    return NULL;
  }
  ipy_frame frame;
  PyObject *texts[sizeof frame.args / sizeof *frame.args], *result = NULL;
  int64_t numbers[sizeof texts / sizeof *texts];
  int text_count = 0, number_count = 0, answer;
  Py_ssize_t argc = PyTuple_Size(args);
  bool plain = argc <= (Py_ssize_t)(sizeof texts / sizeof *texts);
  for (Py_ssize_t i = 0; plain && i < argc; i++) {
    PyObject *value = PyTuple_GetItem(args, i);
    if (ipy__lower(value, &frame.args[i])) continue;
    PyObject *text = lower_text(value, &frame.args[i]);
    if (text) {
      texts[text_count++] = text;
      continue;
    }
    plain = lower_known(self, value, &frame.args[i], &numbers[number_count]);
    if (PyErr_Occurred()) goto end;
    if (plain && numbers[number_count]) number_count++;
  }
  if (!plain) {
    result = PyObject_CallFunctionObjArgs(call_otherwise, self, args, NULL);
    goto end;
  }
  ipy__prepare(&frame);
  for (;;) {
    PyThreadState *state = PyEval_SaveThread();
    answer =
        call_function((uintptr_t)function->place, function->id, (uint32_t)argc, (uintptr_t)&frame);
    PyEval_RestoreThread(state);
    if (answer != IPY_BUSY) break;
    if (PyErr_CheckSignals()) goto end;
  }
  result = lift(self, answer, &frame);
end:
  while (text_count) Py_DECREF(texts[--text_count]);
  while (number_count) drop_object(core_of(function), numbers[--number_count]);
  return result;
}

/* A property by its name; what is not there, and any other key, is the package's business. */
static PyObject *proxy_subscript(PyObject *self, PyObject *key) {
  const proxy *object = (const proxy *)self;
  if (made_of_nothing(object)) return NULL;
  if (!PyUnicode_CheckExact(key))
    return PyObject_CallFunctionObjArgs(get_otherwise, self, key, NULL);
  PyObject *text = PyUnicode_AsLatin1String(key);
  if (!text) {
    PyErr_Clear();
    return PyObject_CallFunctionObjArgs(get_otherwise, self, key, NULL);
  }
  ipy_frame frame;
  ipy__prepare(&frame);
  frame.args[0].tag = IPY_LATIN1;
  frame.args[0].data = PyBytes_AsString(text);
  frame.args[0].length = (size_t)PyBytes_Size(text);
  int answer;
  for (;;) {
    PyThreadState *state = PyEval_SaveThread();
    answer = get_property((uintptr_t)object->place, object->id, (uintptr_t)&frame);
    PyEval_RestoreThread(state);
    if (answer != IPY_BUSY) break;
    if (PyErr_CheckSignals()) {
      Py_DECREF(text);
      return NULL;
    }
  }
  Py_DECREF(text);
  if (answer == IPY_UNDEFINED) return PyObject_CallFunctionObjArgs(get_undefined, self, key, NULL);
  return lift(self, answer, &frame);
}

static PyMemberDef proxy_members[] = {
    {"_at", T_ULONGLONG, offsetof(proxy, place), 0, "The address of the place it belongs to."},
    {"_id", T_LONGLONG, offsetof(proxy, id), 0, "Its number in the table of objects."},
    {NULL, 0, 0, 0, NULL},
};

static PyType_Slot proxy_slots[] = {
    {Py_tp_doc, (void *)(uintptr_t) "What stands for an object of JavaScript's."},
    {Py_tp_members, proxy_members},
    {Py_mp_subscript, (void *)(uintptr_t)proxy_subscript},
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
  unsigned long long call, get, reset, drop;
  PyObject *package[5];
  if (!PyArg_ParseTuple(args, "KKKKOOOOO:start", &call, &get, &reset, &drop, &package[0],
                        &package[1], &package[2], &package[3], &package[4]))
    return NULL;
  drop_object = (void (*)(ipy_isolate *, int64_t))(uintptr_t)drop;
  call_function = (int (*)(uintptr_t, int64_t, uint32_t, uintptr_t))(uintptr_t)call;
  get_property = (int (*)(uintptr_t, int64_t, uintptr_t))(uintptr_t)get;
  reset_frame = (void (*)(ipy_frame *))(uintptr_t)reset;
  PyObject **ours[] = {&call_otherwise, &get_otherwise, &get_undefined, &finish, &pinned};
  for (int i = 0; i < 5; i++) {
    Py_INCREF(package[i]);
    Py_XDECREF(*ours[i]);
    *ours[i] = package[i];
  }
  Py_RETURN_NONE;
}

/* Not among the limited interface's declarations before 3.10, but there. */
#if Py_LIMITED_API + 0 < 0x030a0000
PyAPI_FUNC(const char *) PyUnicode_AsUTF8AndSize(PyObject *text, Py_ssize_t *size);
#endif

static PyObject *text_address(PyObject *module, PyObject *text) {
  (void)module;
  const char *bytes = PyUnicode_AsUTF8AndSize(text, NULL);
  return bytes ? PyLong_FromUnsignedLongLong((uintptr_t)bytes) : NULL;
}

/* What frees something of C's when no Python object is left that could use it. A finalizer, as
 * cffi's are, would run before those of the objects that it is collected with. */
typedef struct owner {
  PyObject_HEAD void (*release)(void *pointer);
  void *pointer;
} owner;

static PyObject *owner_new(PyTypeObject *type, PyObject *args, PyObject *keywords) {
  unsigned long long release, pointer;
  (void)keywords;
  if (!PyArg_ParseTuple(args, "KK:Owner", &release, &pointer)) return NULL;
  owner *made = (owner *)PyType_GenericNew(type, NULL, NULL);
  if (!made) return NULL;
  made->release = (void (*)(void *))(uintptr_t)release;
  made->pointer = (void *)(uintptr_t)pointer;
  return (PyObject *)made;
}

static void owner_dealloc(PyObject *self) {
  owner *dead = (owner *)self;
  PyTypeObject *type = Py_TYPE(self);
  if (dead->release) dead->release(dead->pointer);
  PyObject_Free(self);
  Py_DECREF(type);
}

static PyType_Slot owner_slots[] = {
    {Py_tp_doc, (void *)(uintptr_t) "Owner(release, pointer): calls the function at the address "
                                    "`release` with `pointer` when it is no longer referred to."},
    {Py_tp_new, (void *)(uintptr_t)owner_new},
    {Py_tp_dealloc, (void *)(uintptr_t)owner_dealloc},
    {0, NULL},
};

static PyType_Spec owner_spec = {"isthmus._calls.Owner", sizeof(owner), 0, Py_TPFLAGS_DEFAULT,
                                 owner_slots};

static PyMethodDef methods[] = {
    {"start", start, METH_VARARGS,
     "start(call, get, reset, drop, call_otherwise, get_otherwise, get_undefined, finish, pinned): "
     "the addresses of ipy_call, ipy_get, ipy_frame_reset and ipy_drop; and what makes a call with "
     "other arguments, call_otherwise(function, args), reads a property by another key, "
     "get_otherwise(object, key), says what an undefined property means, get_undefined(object, "
     "key), reads another result or raises what went wrong, finish(object, frame, answer), and "
     "gives the number of what stands for an object already, to be dropped after use, or 0, "
     "pinned(function, value)."},
    {"answer_by", ipy__answer_by, METH_VARARGS,
     "answer_by(cores, lift, settle, throw): the address of what answers calls by JavaScript."},
    {"evaluate", ipy__evaluate, METH_VARARGS,
     "evaluate(function, place, source, filename, context): the value of a script."},
    {"utf8", ipy__utf8, METH_VARARGS,
     "utf8(text, what): a text as UTF-8, in which lone surrogates are U+FFFD; a TypeError about "
     "`what` when it is none."},
    {"text_address", text_address, METH_O,
     "text_address(text): where a text of ASCII has its characters, as long as it lives."},
    {"doubles", ipy__doubles, METH_O, "doubles(list): the doubles of a list of numbers, or None."},
    {"numbers", ipy__numbers, METH_VARARGS,
     "numbers(address, count, kind): a list of what ipy_numbers has given."},
    {"items", ipy__items, METH_VARARGS,
     "items(address, count, other): a list of what items hold; trees.h says how."},
    {"encode", ipy__encode, METH_VARARGS,
     "encode(value, undefined, other, trail, depth): a tree as CBOR; trees.h says how."},
    {"decode", ipy__decode, METH_VARARGS,
     "decode(bytes, undefined, references, tagged, key): the tree of CBOR; trees.h says how."},
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
  PyObject *owning = PyType_FromSpec(&owner_spec), *keeping = ipy__keeper_type();
  proxy_type = (PyTypeObject *)base;
  if (!callable || !owning || !keeping || PyModule_AddObject(module, "Owner", owning) ||
      PyModule_AddObject(module, "Keeper", keeping) || PyModule_AddObject(module, "Proxy", base) ||
      PyModule_AddObject(module, "Callable", callable)) {
    Py_DECREF(module);
    return NULL;
  }
  return module;
}
