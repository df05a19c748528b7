/* answer.h: calls of Python objects by JavaScript. */
#ifndef ISTHMUS_PYTHON_ANSWER_H
#define ISTHMUS_PYTHON_ANSWER_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

/* answer_by(cores, lift, settle, throw) -> address, for ipy_answer_by; `throw` is the address of
 * ipy_throw. `cores` has a weak reference to the core of each isolate by its key, whose `objects`
 * are by their numbers, the next of which is `next_host`. `lift(core, context, item)` gives an
 * argument that is not plain. `settle(core, context, result, problem, frame)` puts a result that is
 * not plain, or an exception, into the frame, and gives an ipy_outcome. */
PyObject *ipy__answer_by(PyObject *module, PyObject *args);

#endif
