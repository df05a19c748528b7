/* keeper.h: the type of what keeps an isolate for the length of a `with`. */
#ifndef ISTHMUS_PYTHON_KEEPER_H
#define ISTHMUS_PYTHON_KEEPER_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

/* The type `Keeper`; NULL with an exception. */
PyObject *ipy__keeper_type(void);

#endif
