/* keeper.c: the two ends of a `with` that keeps an isolate. A signal's handler may raise at the
 * first line of any function in Python: an `__exit__` that is one would leave the isolate held for
 * as long as the exception lives. What is here gives it back in any case. */
#include "keeper.h"

#include <stdint.h>

#include "bridge.h"

typedef struct keeper {
  PyObject_HEAD int (*leave)(ipy_hold *hold);
  ipy_hold *hold; /* the deriving object's own */
} keeper;

static PyObject *keep(PyObject *self, PyObject *args) {
  keeper *made = (keeper *)self;
  unsigned long long leave, hold;
  if (!PyArg_ParseTuple(args, "KK:_keep", &leave, &hold)) return NULL;
  made->leave = (int (*)(ipy_hold *))(uintptr_t)leave;
  made->hold = (ipy_hold *)(uintptr_t)hold;
  Py_RETURN_NONE;
}

static void leave(keeper *self) {
  if (!self->hold) return;
  PyThreadState *state = PyEval_SaveThread();
  self->leave(self->hold);
  PyEval_RestoreThread(state);
}

static PyObject *enter(PyObject *self, PyObject *unused) {
  (void)unused;
  const keeper *this = (const keeper *)self;
  if (this->hold && this->hold->core) {
    PyErr_SetString(PyExc_RuntimeError, "this context manager is entered already");
    return NULL;
  }
  PyObject *result = PyObject_CallMethod(self, "_begin", NULL);
  if (result) return result;
  PyObject *type, *value, *trace;
  PyErr_Fetch(&type, &value, &trace);
  leave((keeper *)self);
  PyErr_Restore(type, value, trace);
  return NULL;
}

static PyObject *leave_at_exit(PyObject *self, PyObject *args) {
  (void)args;
  leave((keeper *)self);
  return PyObject_CallMethod(self, "_end", NULL);
}

static PyMethodDef keeper_methods[] = {
    {"_keep", keep, METH_VARARGS,
     "_keep(leave, hold): the addresses of ipy_leave, and of the hold that it gives back."},
    {"__enter__", enter, METH_NOARGS,
     "What `_begin()` gives; when it raises, the hold is given back."},
    {"__exit__", leave_at_exit, METH_VARARGS, "Gives the hold back; then what `_end()` gives."},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot keeper_slots[] = {
    {Py_tp_doc, (void *)(uintptr_t) "Gives an isolate back at the end of a `with`, whatever comes "
                                    "between."},
    {Py_tp_new, (void *)(uintptr_t)PyType_GenericNew},
    {Py_tp_methods, keeper_methods},
    {0, NULL},
};

static PyType_Spec keeper_spec = {"isthmus._calls.Keeper", sizeof(keeper), 0,
                                  Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE, keeper_slots};

PyObject *ipy__keeper_type(void) {
  return PyType_FromSpec(&keeper_spec);
}
