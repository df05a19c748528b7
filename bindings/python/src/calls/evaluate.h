/* evaluate.h: evaluating a text in one crossing. */
#ifndef ISTHMUS_PYTHON_EVALUATE_H
#define ISTHMUS_PYTHON_EVALUATE_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

/* evaluate(function, place, source, filename, context) -> object. `function` is the address of
 * ipy_eval or ipy_eval_compartment. Numbers, booleans and None are given here;
 * `context._finish(frame, answer)`, which empties the frame, gives every other value and raises
 * what went wrong. */
PyObject *ipy__evaluate(PyObject *module, PyObject *args);

/* utf8(text, what) -> bytes: the text as UTF-8, in which lone surrogates are U+FFFD. What is no
 * text is refused, as `what`. */
PyObject *ipy__utf8(PyObject *module, PyObject *args);

#endif
