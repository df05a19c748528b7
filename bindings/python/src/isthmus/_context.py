"""Contexts: a global object with its own built-ins, and what runs there."""

from __future__ import annotations

import itertools
import os
import time
import weakref
from collections.abc import ItemsView, Iterable, Iterator, KeysView, ValuesView
from typing import TYPE_CHECKING, Any, Callable, Optional, Union

from . import _core
from ._calls import evaluate, utf8
from ._closing import Closing
from ._console import Console, add_web
from ._convert import lower_text
from ._core import Held, Hold, finish, lift, nanoseconds
from ._errors import ClosedError, ForkedError, JSMemoryError, StateError
from ._extension import ffi, lib
from ._grant import CLibrary, load
from ._modules import Module, Modules, compile_module, import_now, import_promise, install
from ._script import Script, compile_function, compile_script, function_cache
from ._source import name_of, offset

if TYPE_CHECKING:
    from ._isolate import Isolate
    from ._proxies import JSFunction, JSObject

_numbers = itertools.count(1)
_EVAL = int(ffi.cast("uintptr_t", ffi.addressof(lib, "ipy_eval")))
_EVAL_COMPARTMENT = int(ffi.cast("uintptr_t", ffi.addressof(lib, "ipy_eval_compartment")))


class _Borrowed:
    """A frame of the extension's, for the length of an evaluation."""

    __slots__ = ("c",)

    def __init__(self, at: int) -> None:
        self.c = ffi.cast("ipy_frame *", at)


class Context(Closing):
    """A global object with its own built-ins; made by `Isolate.context`.

    It is like a dict of its global object: `ctx["x"] = 1`, `ctx["x"]` (KeyError when there is
    none), `ctx.get("x")`, `"x" in ctx`, `del ctx["x"]`; `len`, iteration, `keys`, `values`, `items`
    and `dict(ctx)` are about its own enumerable names. What scripts declare by `let`, `const` and
    `class` is no property of it.

    Args:
        isolate: where it lives; `Isolate.context` gives itself.
        name: for inspectors and heap snapshots.
        modules: what its programs may import. None: nothing. The path of a folder: files below it.
            A function `resolve(specifier, referrer, type)`, also an `async` one, which answers with
            a `Source`, a text, a `Module`, a mapping of exports, or None for what is not there. A
            mapping from specifiers to such answers.
            A sequence of all these: the first that knows it.
        import_meta: called with a module's url, gives a mapping of what import.meta has beside
            `url`, or None.
        console: called with the level ("debug", "log", "info", "warn" or "error") and the text of
            what its console says. None: warnings and errors go to sys.stderr, the rest to
            sys.stdout. False: to nobody.
        web: whether it has the globals of the web's common minimum: console, timers,
            structuredClone, TextEncoder and so on.
        frozen: a compartment: all that it begins with is frozen. It has no web globals.
        eval_allowed: whether `eval` and `Function` make code from strings.
    """

    __slots__ = (
        "__weakref__",
        "_at",
        "_classes",
        "_core",
        "_eval",
        "_eval_at",
        "_glue",
        "_helpers",
        "_importers",
        "_modules",
        "_number",
        "_place",
        "isolate",
    )

    def __init__(
        self,
        isolate: Isolate,
        *,
        name: Optional[str] = None,
        modules: Modules = None,
        import_meta: Optional[Callable[[str], Any]] = None,
        console: Console = None,
        web: bool = True,
        frozen: bool = False,
        eval_allowed: bool = True,
    ) -> None:
        self.isolate = isolate
        """Where it lives."""
        self._glue: Any = None
        self._helpers: Optional[list[JSFunction]] = None
        # What stands for classes of Python's.
        self._classes: dict[Any, Any] = {}
        self._modules: dict[str, Module] = {}
        self._importers: dict[str, Any] = {}
        self._eval = lib.ipy_eval_compartment if frozen else lib.ipy_eval
        self._eval_at = _EVAL_COMPARTMENT if frozen else _EVAL
        self._core = isolate._core
        self._place = ffi.new("ipy_place *")
        self._place.core = self._core.ptr
        self._at = int(ffi.cast("uintptr_t", self._place))
        if name is not None and not isinstance(name, str):
            raise TypeError(f"name must be a str or None, not {type(name).__name__}")
        options = ffi.new("ist_context_options *")
        options.size = ffi.sizeof("ist_context_options")
        text = ffi.new("char[]", name_of(name, "name")) if name is not None else ffi.NULL
        options.name = text
        options.no_code_from_strings = not eval_allowed
        options.frozen = frozen
        made = ffi.new("ist_context **")
        with Held(isolate._core):
            _core.check(lib.ist_context_new(isolate._pointer(), options, made))
            self._number = next(_numbers)
            lib.ipy_context_number(made[0], self._number)
            self._place.context = made[0]
            self._core.contexts[self._number] = weakref.ref(self)
            if frozen and modules is not None:
                raise StateError("a frozen context has no imports: it takes no `modules`")
            if web and not frozen:
                add_web(self, console)
            if not frozen:
                install(self, modules, import_meta)
        isolate._contexts.add(self)

    def __repr__(self) -> str:
        return f"<isthmus.Context {'closed' if self.closed else hex(id(self))}>"

    def close(self) -> None:
        """Gives the context up, with every object that came by it: using one raises ClosedError.
        Python objects that only its functions referred to are let go. Repeating it does nothing.

        It waits for what another thread runs in the isolate, which `Isolate.terminate` ends."""
        core = self._core
        if not self._ptr or core.closed:
            self._gone()
            return
        try:
            # Whoever uses it now has done so, or is a function that JavaScript has called here.
            with Held(core):
                pointer = self._gone()
                if pointer:
                    lib.ipy_forget_context(core.ptr, pointer)
                    lib.ist_context_free(pointer)
        except (ClosedError, ForkedError, JSMemoryError):
            # There is nothing left that could be freed.
            self._gone()
        if core.extra.pumps:
            from ._async import closed

            closed(core, self)

    def _gone(self) -> Any:
        """Makes it closed, and gives what it was: an `ist_context *` that may be NULL."""
        pointer, self._place.context = self._ptr, ffi.NULL
        self._core.contexts.pop(self._number, None)
        self._glue = None
        self._modules, self._importers = {}, {}
        return pointer

    def __del__(self) -> None:
        # The isolate frees it; only what is used much longer than its contexts needs to know now.
        if hasattr(self, "_number") and not self._core.closed:
            self._core.contexts.pop(self._number, None)

    @property
    def _ptr(self) -> Any:
        """The `ist_context *`; NULL when it is closed."""
        return self._place.context

    @property
    def closed(self) -> bool:
        """Whether it, or its isolate, was closed, or the isolate has reached its heap limit."""
        return not self._ptr or self._core.closed or self._core.spent

    def eval(
        self,
        source: str,
        *,
        filename: str = "<eval>",
        timeout: Optional[float] = None,
        cpu_timeout: Optional[float] = None,
        line_offset: int = 0,
    ) -> Any:
        """Runs a classic script, and gives the value of its last statement. In a frozen context its
        `let`, `const` and classes end with it.

        Args:
            source: the text.
            filename: names it in errors.
            timeout: seconds that it may take.
            cpu_timeout: seconds of processor time that it may take.
            line_offset: how many lines stand before the text in its file.

        Raises:
            JSSyntaxError: the text does not parse.
            JSError: it threw.
            JSTimeoutError, JSMemoryError, JSTerminated: it was ended.
            ClosedError: the context is closed.
        """
        if timeout is None and cpu_timeout is None and not line_offset:
            return evaluate(self._eval_at, self._at, source, filename, self)
        core = self._core
        text, file = utf8(source, "the source"), utf8(filename, "the filename")
        if b"\0" in file:
            raise ValueError("embedded null byte")
        frame = core.frame()
        c = frame.c
        c.wall = nanoseconds(timeout, "timeout")
        c.cpu = nanoseconds(cpu_timeout, "cpu_timeout")
        args = (self._at, text, len(text), file, offset(line_offset, "line_offset"), frame.at)
        tag = self._eval(*args)
        if tag < 0:
            tag = core.again(tag, frame, self, self._eval, *args)
        c.wall = c.cpu = 0
        return finish(self, frame, tag)

    def _finish(self, at: int, answer: int) -> Any:
        """The value of an evaluation that is more than a number, or what went wrong."""
        frame = _Borrowed(at)
        try:
            if answer < 0:
                raise self._core.error(answer, frame, self)  # type: ignore[arg-type]
            return lift(self, frame.c.result, answer)
        finally:
            lib.ipy_frame_reset(frame.c)

    async def eval_async(
        self,
        source: str,
        *,
        filename: str = "<eval>",
        timeout: Optional[float] = None,
        cpu_timeout: Optional[float] = None,
        line_offset: int = 0,
    ) -> Any:
        """Runs a classic script, and awaits its result when that is a promise. Timers and jobs run
        meanwhile.

        Args:
            source: the text.
            filename: names it in errors.
            timeout: seconds that all of it may take.
            cpu_timeout: seconds of processor time that all of it may take.
            line_offset: how many lines stand before the text in its file.

        Raises:
            JSError: it threw, or the promise was rejected; or the Python exception that this came
                from.
            StateError: nothing can settle the promise any more.
            JSSyntaxError, JSTimeoutError, JSMemoryError, JSTerminated, ClosedError: as `eval`.
        """
        from ._async import eval_async

        return await eval_async(
            self, source, timeout, cpu_timeout, filename=filename, line_offset=line_offset
        )

    def run(
        self,
        source: str,
        *,
        filename: str = "<eval>",
        timeout: Optional[float] = None,
        cpu_timeout: Optional[float] = None,
        line_offset: int = 0,
    ) -> Any:
        """Runs a classic script, and waits for its result when that is a promise, without asyncio:
        the isolate's loop runs until it is settled. Takes and raises what `eval_async` does;
        `cpu_timeout` is for the script alone.
        """
        from ._promise import JSPromise

        until = None if timeout is None else time.monotonic() + timeout
        result = self.eval(
            source,
            filename=filename,
            timeout=timeout,
            cpu_timeout=cpu_timeout,
            line_offset=line_offset,
        )
        if not isinstance(result, JSPromise):
            return result
        return result.result(None if until is None else max(1e-9, until - time.monotonic()))

    def call(
        self,
        function: Union[str, JSFunction],
        *args: Any,
        this: Any = None,
        timeout: Optional[float] = None,
        cpu_timeout: Optional[float] = None,
    ) -> Any:
        """Calls a function, within limits of its own.

        Args:
            function: a function, or the text of an expression that gives one: of "order.total",
                `order` is `this`.
            args: its arguments.
            this: what `this` is; None: what the expression says, or undefined.
            timeout: seconds that it may take.
            cpu_timeout: seconds of processor time that it may take.

        Raises:
            JSError: it threw; or the expression is wrong, or gives no function.
            JSTimeoutError, JSMemoryError, JSTerminated, ClosedError: as `eval`.
        """
        with self.isolate.limits(timeout, cpu_timeout):
            if isinstance(function, str):
                text = f"(function () {{ return ({function})(...arguments) }})"
                if this is not None:
                    apply = f"Reflect.apply({function}, that, all)"
                    text = f"(function (that, ...all) {{ return {apply} }})"
                    args = (this, *args)
                return self.eval(text, filename="<call>")(*args)
            return function(*args) if this is None else function.call(this, *args)

    def compile(
        self,
        source: str,
        *,
        filename: str = "<script>",
        cache: Optional[bytes] = None,
        line_offset: int = 0,
        column_offset: int = 0,
    ) -> Script:
        """Compiles a classic script, to be run in any context of the isolate, any number of times.

        Args:
            source: the text.
            filename: names it in errors.
            cache: from `Script.cache` for this very text, filename and offsets: saves the
                compiling. Bytes that are of no use are not used (`Script.cache_used`); bytes that
                somebody has forged are run.
            line_offset: how many lines stand before the text in its file.
            column_offset: how many UTF-16 units stand before the text in its first line.

        Raises:
            JSSyntaxError: the text does not parse.
            LimitError: it is too long for V8.
        """
        return compile_script(self, source, filename, cache, line_offset, column_offset)

    def function(
        self,
        source: str,
        parameters: Iterable[str] = (),
        *,
        filename: str = "<function>",
        cache: Optional[bytes] = None,
        line_offset: int = 0,
    ) -> JSFunction:
        """Compiles a text as the body of a function.

        Args:
            source: the text of the body.
            parameters: their names.
            filename: names it in errors.
            cache: from `function_cache` for this very text, filename and parameters.
            line_offset: how many lines stand before the text in its file.

        Raises:
            JSSyntaxError: the text does not parse.
            ValueError: a parameter is no identifier.
        """
        return compile_function(self, source, parameters, filename, cache, line_offset)[0]

    def function_cache(self, function: JSFunction) -> bytes:
        """The code of a function that `function` has made, to be given with the same text another
        time; as `Script.cache`.

        Raises:
            ConversionError: it was made otherwise.
        """
        return function_cache(self, function)

    def module(
        self,
        source: Union[str, bytes],
        filename: str = "<module>",
        *,
        cache: Optional[bytes] = None,
        line_offset: int = 0,
    ) -> Module:
        """Compiles an ES module; `Module.run` and `Module.load` run it.

        Args:
            source: the text.
            filename: its URL: in errors, as import.meta.url, and as what its imports are relative
                to.
            cache: from `Module.cache` for this very text and filename.
            line_offset: how many lines stand before the text in its file.

        Raises:
            JSSyntaxError: the text does not parse.
        """
        return compile_module(self, source, filename, cache, line_offset)

    def import_module(
        self,
        specifier: str,
        *,
        referrer: str = "<import>",
        type: str = "",
        timeout: Optional[float] = None,
    ) -> JSObject:
        """Imports a module as `import()` does, and waits for its end, top-level await included,
        without asyncio.

        Args:
            specifier: what is imported, as what the context was granted as `modules` knows it.
            referrer: whom it is relative to: the name of a script or the URL of a module.
            type: of the import's assertion, such as "json".
            timeout: seconds that it may take.

        Returns:
            The module's namespace: the object of its exports.

        Raises:
            JSError: what the module has thrown.
            DeniedError, NotFoundError: as by a folder; any exception of a function that finds
                modules is raised as itself.
            StateError, JSTimeoutError: as `JSPromise.result`.
        """
        namespace: JSObject = import_now(self, specifier, referrer, type, timeout)
        return namespace

    async def import_module_async(
        self, specifier: str, *, referrer: str = "<import>", type: str = ""
    ) -> JSObject:
        """The same with asyncio: takes, gives and raises what `import_module` does, but for the
        timeout, which `asyncio.wait_for` has."""
        namespace: JSObject = await import_promise(self, specifier, referrer, type)
        return namespace

    def load(
        self,
        library: Union[str, os.PathLike[str], CLibrary],
        tags: Optional[Iterable[str]] = None,
        *,
        dirs: Iterable[Union[str, os.PathLike[str]]] = (),
    ) -> JSObject:
        """Grants a C library to the context, and gives the frozen object of its functions, types
        and constants, to be put where programs find it: `ctx["zlib"] = ctx.load("zlib")`.

        Args:
            library: the name of an installed one, or the path of an interface file (os.PathLike, or
                a text with a "/" or the ending ".idl"), or a `CLibrary`.
            tags: grants only functions with one of these tags; None: all but `unsafe` ones.
                "unsafe" adds those.
            dirs: folders that a name is looked for in first.

        Raises:
            InterfaceError: the interface file has errors.
            NotFoundError: it, the shared object, a symbol or a tag is not there.
            StateError: the context has the library by other tags, or is frozen.
        """
        return load(self, library, tags, dirs)

    def sweep(self) -> None:
        """Takes away what programs have left in a frozen context: globals, microtasks, the last
        match of regular expressions. Nothing of a run can be found by the next one then. None of
        their code runs.

        Raises:
            StateError: the context is not frozen, JavaScript runs in the isolate, or it cannot be
                cleaned, as when a program has defined a global that cannot be deleted: close it and
                make another.
        """
        with Hold(self) as hold:
            status = lib.ist_compartment_sweep(self._ptr)
            if status == lib.IST_ERR_STATE:
                raise StateError(
                    "the context cannot be swept: it is not frozen, runs, or cannot be cleaned"
                )
            hold.check(status)

    def share_token(self, other: Optional[Context]) -> None:
        """Gives the context the security token of another one, so that scripts of either may use
        the other's global object.

        Args:
            other: a context of the same isolate; None: a token of its own again.

        Raises:
            StateError: it belongs to another isolate.
        """
        if other is not None and other._core is not self._core:
            raise StateError("the context belongs to another isolate")
        with Hold(self) as hold:
            hold.check(lib.ist_context_share_token(self._ptr, other._ptr if other else ffi.NULL))

    def queue_microtask(self, function: Any) -> None:
        """Queues a call as a microtask: it runs when JavaScript returns to Python the next time, or
        by `Isolate.run_microtasks`.

        Args:
            function: of JavaScript's or Python's, called without arguments.
        """
        with Hold(self) as hold:
            hold.check(lib.ist_isolate_queue_microtask(self._core.isolate(), hold.lower(function)))

    def _operate(self, op: Any, frame: Any, *args: Any) -> Any:
        """Runs an operation with a frame whose arguments are set, and gives its value."""
        tag = op(self._at, *args, frame.at)
        if tag < 0:
            tag = self._core.again(tag, frame, self, op, self._at, *args, frame.at)
        return finish(self, frame, tag)

    def __getitem__(self, name: str) -> Any:
        if name not in self:
            raise KeyError(name)
        return self._get(0, name)

    def get(self, name: str, default: Any = None) -> Any:
        """The property of the global object that has a name, or else `default`.

        Args:
            name: its name.
            default: what is given when there is none.
        """
        return self[name] if name in self else default

    def _get(self, object_id: int, key: Any) -> Any:
        frame = self._core.frame()
        keep: list[Any] = []
        lower_text(key, frame.args[0], keep)
        return self._operate(lib.ipy_get, frame, object_id)

    def __setitem__(self, name: str, value: Any) -> None:
        if not isinstance(name, str):
            raise TypeError(f"the name of a global is a str, not {type(name).__name__}")
        self._global()[name] = value

    def __contains__(self, name: object) -> bool:
        if not isinstance(name, str):
            return False
        found = ffi.new("bool *")
        problem = ffi.new("ist_error **")
        with Hold(self) as hold:
            top = ffi.new("ist_value *")
            hold.check(lib.ist_context_global(self._ptr, top))
            key = hold.lower(name)
            hold.check(lib.ist_object_has_key(self._ptr, top[0], key, found, problem), problem)
        return bool(found[0])

    def __delitem__(self, name: str) -> None:
        del self._global()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._global()._names())

    def __len__(self) -> int:
        return len(self._global()._names())

    def keys(self) -> KeysView[str]:
        """The names, as of a dict."""
        return KeysView(self)

    def values(self) -> ValuesView[Any]:
        """The values, as of a dict."""
        return ValuesView(self)

    def items(self) -> ItemsView[str, Any]:
        """Names and values, as of a dict."""
        return ItemsView(self)

    def _global(self) -> JSObject:
        """The global object."""
        with Hold(self) as hold:
            top = ffi.new("ist_value *")
            hold.check(lib.ist_context_global(self._ptr, top))
            made: JSObject = hold.lift(top[0])
        return made
