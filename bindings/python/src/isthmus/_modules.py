"""Modules: what imports are granted, and who finds what they name.

A loader is asked for every import of a context, answers with something that a module is made of,
and each URL has one module in a context. A loader may answer by an awaitable, where asyncio runs.
Its errors are what the import fails with, and come back to Python as themselves.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Callable, Optional, Union
from urllib.parse import quote, unquote, urljoin

from ._core import FORGET, Hold
from ._errors import ClosedError, DeniedError, NotFoundError, StateError
from ._extension import ffi, lib
from ._loop import core_of, extra_of, interrupted, tidy, turn
from ._promise import JSPromise, error_value
from ._source import Source, fill, name_of, taken

if TYPE_CHECKING:
    from ._context import Context
    from ._proxies import JSObject

Resolver = Callable[[str, str, str], Any]
Modules = Union[None, str, "os.PathLike[str]", Resolver, "Mapping[str, Any]", "Sequence[Any]"]

_PLAIN = "-_.~/!$&'()*+,;=:@[]"
_ENDINGS = (".mjs", ".js", ".json", "/index.mjs", "/index.js")


class Module:
    """An ES module of a context, made by `Context.module`."""

    def __init__(self, context: Context, pointer: Any, url: str, cache_used: bool = False) -> None:
        self._context = context
        self._ptr = pointer
        self.url = url
        """What it is known by."""
        self.cache_used = cache_used
        """Whether the cache that it was compiled with was of use."""

    def __repr__(self) -> str:
        return f"<isthmus.Module {self.url}>"

    def __del__(self) -> None:
        core = self._context._core
        if not core.closed:
            extra_of(core).garbage.append((lib.ist_module_free, self._ptr))

    def load(self) -> JSPromise:
        """Loads, links and runs it with all that it imports, once; the promise of its namespace."""
        with Hold(self._context) as hold:
            promise, problem = ffi.new("ist_value *"), ffi.new("ist_error **")
            hold.check(lib.ist_module_load(self._ptr, promise, problem), problem)
            made: JSPromise = hold.lift(promise[0])
        return made

    def run(self, timeout: Optional[float] = None) -> JSObject:
        """The same without asyncio: waits for its end, top-level await included, and gives its
        namespace. Takes and raises what `JSPromise.result` does."""
        namespace: JSObject = self.load().result(timeout)
        return namespace

    @property
    def namespace(self) -> JSObject:
        """The object of its exports.

        Raises:
            StateError: it was not loaded.
        """
        with Hold(self._context) as hold:
            value = ffi.new("ist_value *")
            status = lib.ist_module_namespace(self._ptr, value)
            if status == lib.IST_ERR_STATE:
                raise StateError(
                    "the module was not loaded: `await module.load()` or `module.run()` does"
                )
            hold.check(status)
            made: JSObject = hold.lift(value[0])
        return made

    def cache(self) -> bytes:
        """The code, with what was compiled lazily until now: give it with the same text and url
        another time. It is code: bytes that somebody has forged are run, so keep it where the text
        is kept.

        Raises:
            StateError: the module has no text.
        """
        with Hold(self._context) as hold:
            return taken(lambda data, size: hold.check(lib.ist_module_cache(self._ptr, data, size)))

    def set_export(self, name: str, value: Any) -> None:
        """Sets an export of a module that was made of a mapping; who imports it sees the new value.

        Args:
            name: an export that the mapping has.
            value: its new value.

        Raises:
            StateError: the module is another one, or has no export of this name.
        """
        with Hold(self._context) as hold:
            hold.check(
                lib.ist_module_set_export(self._ptr, name_of(name, "an export"), hold.lower(value))
            )


def compile_module(
    context: Context,
    source: Union[str, bytes],
    url: str,
    cache: Optional[bytes] = None,
    line_offset: int = 0,
) -> Module:
    """`Context.module`."""
    keep: list[Any] = []
    record = ffi.new("ist_source *")
    fill(record, keep, source, url, cache, line_offset)
    with Hold(context) as hold:
        tidy(context._core)
        made, problem = ffi.new("ist_module **"), ffi.new("ist_error **")
        hold.check(lib.ist_module_compile(context._ptr, record, made, problem), problem)
        used = cache is not None and lib.ist_isolate_cache_used(context._core.isolate())
        return Module(context, made[0], url, used)


def _json_module(context: Context, text: Union[str, bytes], url: str) -> Module:
    keep: list[Any] = []
    record = ffi.new("ist_source *")
    fill(record, keep, text, url)
    with Hold(context) as hold:
        made, problem = ffi.new("ist_module **"), ffi.new("ist_error **")
        status = lib.ist_module_new_json(
            context._ptr, record.file, record.text, record.length, made, problem
        )
        hold.check(status, problem)
        return Module(context, made[0], url)


def _synthetic_module(context: Context, exports: Mapping[Any, Any], url: str) -> Module:
    names = []
    for name in exports:
        if not isinstance(name, str):
            raise TypeError(f"the exports of '{url}' have a name that is no str: {name!r}")
        names.append(ffi.new("char[]", name_of(name, "an export")))
    with Hold(context) as hold:
        tidy(context._core)
        values, made = ffi.new("ist_value *"), ffi.new("ist_module **")
        problem = ffi.new("ist_error **")
        hold.check(lib.ist_object_new(context._ptr, values))
        for pointer, value in zip(names, exports.values()):
            # Defined, so that no setter of Object.prototype is in the way.
            status = lib.ist_object_define(
                context._ptr, values[0], pointer, hold.lower(value), lib.IST_PROP_ALL, problem
            )
            hold.check(status, problem)
        array = ffi.new("const char *[]", names)
        file = name_of(url, "the url")
        status = lib.ist_module_new_synthetic(
            context._ptr, file, array, len(names), values[0], made, problem
        )
        hold.check(status, problem)
        return Module(context, made[0], url)


# ---- Who finds modules ---------------------------------------------------------------------------


def refuse(specifier: str, referrer: str, type: str) -> Any:
    """The loader of a context that was granted no imports."""
    raise DeniedError(
        f"Cannot import '{specifier}': the context was granted no imports. Give it a folder or a "
        "function that finds them: isolate.context(modules=…)"
    )


def _shown(referrer: str) -> str:
    path = _path_of(referrer)
    return path if path is not None else referrer


def _path_of(url: str) -> Optional[str]:
    """The path of a file: URL, or of an absolute path; None for anything else."""
    if url.startswith("/"):
        return url
    if not url.startswith("file://"):
        return None
    rest = url[len("file://") :]
    if rest.startswith("localhost/"):
        rest = rest[len("localhost") :]
    if not rest.startswith("/"):
        return None
    path = unquote(rest.partition("?")[0].partition("#")[0], errors="surrogateescape")
    return None if "\0" in path else path


class Folder:
    """Finds modules in the files of a folder, and nowhere else: what leads out of it is refused, by
    a link as well.

    Specifiers are relative ("./x.mjs"), or file: URLs and absolute paths within the folder; what a
    script imports is relative to the folder, unless the script's filename is such a path. JSON is a
    file that ends with ".json", or is imported as it.

    Args:
        path: the folder.

    Raises:
        NotFoundError: there is no such folder.
    """

    def __init__(self, path: Union[str, os.PathLike[str]]) -> None:
        self.path = os.path.realpath(path)
        """Its real path."""
        if not os.path.isdir(self.path):
            raise NotFoundError(f"there is no folder {os.fspath(path)!r}")

    def __repr__(self) -> str:
        return f"<isthmus.Folder {self.path}>"

    def _within(self, path: str) -> bool:
        return path.startswith(self.path.rstrip("/") + "/")

    def __call__(self, specifier: str, referrer: str, type: str) -> Source:
        if type not in ("", "json"):
            raise TypeError(
                f"Module type '{type}' of '{specifier}' is not supported; only 'json' is"
            )
        plain, mark = specifier, len(specifier)
        for sign in "?#":
            mark = min(mark, specifier.find(sign)) if sign in specifier else mark
        plain, suffix = specifier[:mark], specifier[mark:]
        if plain.startswith("file:"):
            path = _path_of(plain)
            if path is None:
                raise TypeError(f"Invalid file: URL '{specifier}'")
        elif plain.startswith(("./", "../", "/")) or plain in (".", ".."):
            path = unquote(plain, errors="surrogateescape")
            if "\0" in path:
                raise TypeError(f"Invalid module specifier '{specifier}'")
            base = _path_of(referrer)
            path = os.path.join(self.path if base is None else os.path.dirname(base), path)
        else:
            hint = "" if ":" in plain else f": a file is imported as './{plain}'"
            raise NotFoundError(
                f"Cannot find module '{specifier}' imported from {_shown(referrer)}{hint}"
            )
        real = os.path.realpath(path)
        if not self._within(real):
            raise DeniedError(
                f"Cannot import '{specifier}' from {_shown(referrer)}: it is outside of the folder "
                f"{self.path}"
            )
        return Source(
            self._read(real, specifier, referrer),
            "file://" + quote(os.fsencode(real), safe=_PLAIN) + suffix,
            "json" if type == "json" or real.endswith(".json") else "js",
        )

    def _read(self, real: str, specifier: str, referrer: str) -> bytes:
        what = f"'{specifier}' imported from {_shown(referrer)}"
        try:
            with open(
                real, "rb", opener=lambda path, flags: os.open(path, flags | os.O_NONBLOCK)
            ) as file:
                # Somebody may have put a link into the way meanwhile.
                opened = os.path.realpath(f"/proc/self/fd/{file.fileno()}")
                if opened.startswith("/proc/") or not self._within(opened):
                    raise DeniedError(
                        f"Cannot import {what}: it is outside of the folder {self.path}"
                    )
                return file.read() or b""
        except FileNotFoundError:
            known = [ending for ending in _ENDINGS if os.path.isfile(real + ending)]
            hint = f"; did you mean '{specifier}{known[0]}'?" if known else ""
            raise NotFoundError(f"Cannot find module {what}{hint}") from None
        except IsADirectoryError:
            raise NotFoundError(f"Cannot import directory {what}") from None
        except DeniedError:
            raise
        except OSError as problem:
            raise NotFoundError(f"Cannot read module {what}: {problem.strerror}") from None

    def import_meta(self, url: str) -> Optional[dict[str, str]]:
        """import.meta.filename and import.meta.dirname, as Node has them."""
        path = _path_of(url) if url.startswith("file:") else None
        if path is None or not self._within(path):
            return None
        return {"filename": path, "dirname": os.path.dirname(path)}


class _Table:
    """Finds modules in a mapping from specifiers to what they are made of."""

    def __init__(self, modules: Mapping[str, Any]) -> None:
        self.modules = modules

    def __call__(self, specifier: str, referrer: str, type: str) -> Any:
        return self.modules.get(specifier)


class _Chain:
    """Asks several, until one does not answer with None."""

    def __init__(self, loaders: list[Resolver]) -> None:
        self.loaders = loaders

    def __call__(self, specifier: str, referrer: str, type: str) -> Any:
        for number, loader in enumerate(self.loaders):
            answer = loader(specifier, referrer, type)
            if inspect.isawaitable(answer):
                return self._later(answer, self.loaders[number + 1 :], specifier, referrer, type)
            if answer is not None:
                return answer
        return None

    async def _later(
        self, first: Any, others: list[Resolver], specifier: str, referrer: str, type: str
    ) -> Any:
        answer = await first
        if answer is None:
            answer = _Chain(others)(specifier, referrer, type)
            if inspect.isawaitable(answer):
                answer = await answer
        return answer

    def import_meta(self, url: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for loader in self.loaders:
            hook = getattr(loader, "import_meta", None)
            found.update((hook(url) if hook is not None else None) or {})
        return found


def loader_of(modules: Modules) -> Resolver:
    """What finds modules, from what `Isolate.context` takes.

    Raises:
        TypeError: it is nothing that could.
        NotFoundError: there is no such folder.
    """
    if modules is None:
        return refuse
    if isinstance(modules, (str, os.PathLike)):
        return Folder(modules)
    if isinstance(modules, Mapping):
        return _Table(modules)
    if callable(modules):
        return modules
    if isinstance(modules, Sequence) and not isinstance(modules, (bytes, bytearray, memoryview)):
        return _Chain([loader_of(each) for each in modules])
    raise TypeError(
        "modules must be a folder, a function that finds modules, a mapping from specifiers, a "
        f"sequence of these, or None, not {type(modules).__name__}"
    )


class Loader:
    """What the library asks for a context's imports."""

    def __init__(self, resolver: Resolver, meta: Optional[Callable[[str], Any]]) -> None:
        self.resolver = resolver
        self.meta = meta if meta is not None else getattr(resolver, "import_meta", None)

    def asked(
        self, context: Context, specifier: str, referrer: str, type: str, asking: Any
    ) -> None:
        """Answers an import, now or when an awaitable has."""

        def tell(answer: Any, problem: Optional[BaseException]) -> None:
            module: Optional[Module] = None
            if problem is None:
                try:
                    module = _made(context, answer, specifier, referrer, type)
                except Exception as refused:
                    problem = refused
            _finish(context, asking, module, problem)

        try:
            answer = self.resolver(specifier, referrer, type)
            if inspect.isawaitable(answer):
                from ._async import Deferred, running_loop

                loop = running_loop()
                if loop is None:
                    if inspect.iscoroutine(answer):
                        answer.close()
                    raise StateError(
                        f"Cannot import '{specifier}': what finds modules is asynchronous, and "
                        "asyncio does not run on this thread"
                    )
                Deferred(context._core, loop, answer, tell)
                return
        except Exception as problem:
            tell(None, problem)
            return
        tell(answer, None)


def _finish(
    context: Context, asking: Any, module: Optional[Module], problem: Optional[BaseException]
) -> None:
    with Hold(context) as hold:
        if problem is None and module is not None:
            status = lib.ist_import_finish(asking, module._ptr, ffi.NULL)
            if status != lib.IST_ERR_HANDLE:
                hold.check(status)
            return
        assert problem is not None
        _, made = error_value(hold, problem)
        try:
            error = made or problem._details._made  # type: ignore[attr-defined]
            status = lib.ist_import_finish(asking, ffi.NULL, error)
        finally:
            lib.ist_error_free(made)
        if status != lib.IST_ERR_HANDLE:
            hold.check(status)


def _made(context: Context, answer: Any, specifier: str, referrer: str, type: str) -> Module:
    """The module of a loader's answer; the one that its URL has already, if there is one."""
    if isinstance(answer, Module):
        if answer._context is not context:
            raise ClosedError(f"the module for '{specifier}' belongs to another context")
        return answer
    if answer is None:
        raise NotFoundError(f"Cannot find module '{specifier}' imported from {_shown(referrer)}")
    if isinstance(answer, (str, bytes)):
        answer = Source(answer)
    url = answer.url if isinstance(answer, Source) else None
    if url is None:
        relative = specifier.startswith(("./", "../", "/"))
        url = urljoin(referrer, specifier) if relative else specifier
    known = context._modules.get(url)
    if known is not None:
        return known
    if isinstance(answer, Source):
        kind = answer.type
        if kind is None:
            path = url.partition("?")[0].partition("#")[0]
            kind = "json" if type == "json" or path.endswith(".json") else "js"
        if kind == "json":
            module = _json_module(context, answer.text, url)
        elif kind == "js":
            module = compile_module(context, answer.text, url, answer.cache)
        else:
            raise ValueError(
                f"the type of the source for '{specifier}' must be 'js' or 'json', not {kind!r}"
            )
    elif isinstance(answer, Mapping):
        module = _synthetic_module(context, answer, url)
    else:
        raise TypeError(
            f"what finds modules must answer '{specifier}' with a Source, str, bytes, Module, a "
            f"mapping of exports or None, not {answer.__class__.__name__}"
        )
    return context._modules.setdefault(url, module)


def install(context: Context, modules: Modules, meta: Optional[Callable[[str], Any]]) -> None:
    """Sets the loader of a new context."""
    if meta is not None and not callable(meta):
        raise TypeError(f"import_meta must be a callable or None, not {type(meta).__name__}")
    loader = Loader(loader_of(modules), meta)
    record = ffi.new("ist_loader *")
    record.size = ffi.sizeof("ist_loader")
    record.defer = ffi.addressof(lib, "ipy_defer")
    if loader.meta is not None:
        record.import_meta = ffi.addressof(lib, "ipy_import_meta")
    with Hold(context, limited=False) as hold:
        record.env = context._core.hook(loader)
        record.finalize = FORGET
        hold.check(lib.ist_context_set_loader(context._ptr, record))


def import_now(
    context: Context, specifier: str, referrer: str, type: str, timeout: Optional[float]
) -> Any:
    """`Context.import_module`."""
    core = context._core
    if lib.ipy_isolate_held(core.ptr):
        # Where the loop cannot be run, an import must not even begin: what finds modules would be
        # asked again and again by its own imports.
        turn(core)
    return import_promise(context, specifier, referrer, type).result(timeout)


def import_promise(context: Context, specifier: str, referrer: str, type: str) -> JSPromise:
    """The promise of what `import(specifier)` gives in a script of the name `referrer`."""
    importer = context._importers.get(referrer)
    if importer is None:
        importer = context.eval(
            "(specifier, type) => type === undefined ? import(specifier) "
            ": import(specifier, {assert: {type}, with: {type}})",
            filename=referrer,
        )
        if len(context._importers) >= 64:
            context._importers.clear()
        context._importers[referrer] = importer
    promise: JSPromise = importer(specifier, type) if type else importer(specifier)
    return promise


@ffi.def_extern(onerror=interrupted)  # type: ignore[untyped-decorator]
def ipy_on_defer(
    key: int,
    number: int,
    host: int,
    specifier: Any,
    length: int,
    referrer: Any,
    type: Any,
    asking: Any,
) -> None:
    """Passes an import on to its loader."""
    core = core_of(key)
    if core is None:
        return
    reference = core.contexts.get(number)
    context = reference() if reference else None
    loader = core.objects.get(host)
    if context is None or loader is None:
        made = lib.ist_error_new(
            lib.IST_ERR_STATE, b"Error", b"the context of the import is forgotten"
        )
        lib.ist_import_finish(asking, ffi.NULL, made)
        lib.ist_error_free(made)
        return
    loader.asked(
        context,
        ffi.buffer(specifier, length)[:].decode("utf-8", "replace"),
        ffi.string(referrer).decode("utf-8", "replace"),
        ffi.string(type).decode("utf-8", "replace"),
        asking,
    )


@ffi.def_extern(onerror=interrupted)  # type: ignore[untyped-decorator]
def ipy_on_import_meta(key: int, number: int, host: int, url: Any, meta: Any) -> None:
    """Adds to an import.meta."""
    core = core_of(key)
    reference = core.contexts.get(number) if core is not None else None
    context = reference() if reference else None
    loader = core.objects.get(host) if core is not None else None
    if context is None or loader is None or loader.meta is None:
        return
    added = loader.meta(ffi.string(url).decode("utf-8", "replace"))
    if not added:
        return
    with Hold(context) as hold:
        problem = ffi.new("ist_error **")
        for name, value in added.items():
            lowered = hold.lower(value)
            status = lib.ist_object_define(
                context._ptr,
                meta[0],
                name_of(name, "a name of import.meta"),
                lowered,
                lib.IST_PROP_ALL,
                problem,
            )
            hold.check(status, problem)
