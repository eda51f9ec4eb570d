"""Numba kernels that plugins compile once and keep on disk, and that are never stale.

A kernel is a function on arrays that the compiled engine calls; what it calls in turn is compiled into it. Numba's
own disk cache (``cache=True``) notices a change in the file that defines a kernel, but not in a function or constant
that the kernel takes from another file: after an upgrade or an edit, the old kernel would still run. So
kernels here are kept under a digest of all sources that they can take something from: the module that defines the
kernel and whatever it imports, directly or not, from its own top-level package or from polyproof. Apart from Numba
and numpy, a kernel must use nothing else. The versions of Numba and LLVM count too.

The files lie where Numba puts its own: in ``NUMBA_CACHE_DIR`` if that is set, in ``__pycache__`` beside the module
if that can be written, else in the user's cache directory. Where nothing can be written, each process compiles anew.

Importing this module imports the compiler: only modules of kernels do, which the portable engine never imports.
"""

from __future__ import annotations

import ast
import contextlib
import hashlib
import importlib.util
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import llvmlite
from llvmlite import ir
from numba import njit
from numba.core import caching, cgutils

__all__ = ["align_stack", "helper", "kernel", "source_digest"]

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")

_numba: Any = caching
"""Numba's internals are not typed. Nothing else in polyproof uses those of its disk cache."""
_cgutils: Any = cgutils


def kernel(
    signature: Any = None, **options: Any
) -> Callable[[Callable[Arguments, Result]], Callable[Arguments, Result]]:
    """Decorator for a kernel: it releases the GIL and is kept on disk.

    With a Numba ``signature`` it is compiled, or loaded, where it is defined, and takes no other types; without one,
    whenever it meets new types. ``options`` go to ``numba.njit``.
    """

    def decorate(function: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
        compiled: Any = njit(nogil=True, **options)(function)
        if compiled is not function:  # as it is with NUMBA_DISABLE_JIT
            with contextlib.suppress(RuntimeError):  # there is no directory that can be written
                compiled._cache = _disk_cache(function)
            if signature is not None:
                compiled.compile(signature)
                compiled.disable_compile()
        typed: Callable[Arguments, Result] = compiled
        return typed

    return decorate


def helper(**options: Any) -> Callable[[Callable[Arguments, Result]], Callable[Arguments, Result]]:
    """Decorator for a function that kernels call: ``numba.njit`` with these options, typed as the function is."""
    decorator: Callable[[Callable[Arguments, Result]], Callable[Arguments, Result]] = njit(nogil=True, **options)
    return decorator


def align_stack(builder: ir.IRBuilder, kind: ir.VectorType) -> None:
    """For vector code: have registers of this type spilled to addresses that their size divides.

    Others take several accesses. LLVM aligns the stack only where a variable asks for it; an empty piece of assembly
    that takes its address keeps it.
    """
    variable = _cgutils.alloca_once(builder, kind)
    variable.align = kind.count * kind.element.width // 8
    takes_address = ir.FunctionType(ir.VoidType(), [variable.type])
    builder.asm(takes_address, "", "r", [variable], side_effect=True)


def _disk_cache(function: Callable[..., object]) -> Any:
    """Numba's disk cache of a function, under a name that has the digest of its sources.

    A name for each digest, rather than one file that says which digest it is for: so of two processes that run
    different versions of the sources neither reads what the other writes. What other sources left behind is removed
    before anything is compiled; a process that misses it compiles anew.
    """
    made = _numba.FunctionCache(function)
    name = made._impl.filename_base  # module.function-line.python
    digest = source_digest(function.__module__)[:32]
    directory = Path(made.cache_path)
    if not (directory / f"{name}.{digest}.nbi").exists():
        for file in directory.glob(f"{name.partition('-')[0]}-*.{name.rpartition('.')[2]}.*.nb[ci]"):
            with contextlib.suppress(OSError):
                file.unlink()
    made._cache_file = _numba.IndexDataCacheFile(made.cache_path, f"{name}.{digest}", digest)
    return made


@cache
def source_digest(module: str) -> str:
    """Hexadecimal digest of everything that the kernels of a module can be compiled from."""
    own = {"polyproof", module.partition(".")[0]}
    found: dict[str, str] = {}
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name in found or name.partition(".")[0] not in own:
            continue
        source, package = _source(name)
        if source is not None:
            found[name] = source
            waiting += _imports(source, package)
        elif "." in name:
            waiting.append(name.rpartition(".")[0])  # what is not a module is an attribute of one
    digest = hashlib.sha256(llvmlite.__version__.encode())
    for name, source in sorted(found.items()):
        digest.update(f"\n{name} {len(source)}\n{source}".encode())
    return digest.hexdigest()


def _source(module: str) -> tuple[str | None, str]:
    """The source of a module, ``None`` if there is no such module or it has none, and the package it is in."""
    try:
        loaded = sys.modules.get(module)
        spec = None if loaded else importlib.util.find_spec(module)
        loader: Any = loaded.__loader__ if loaded else spec and spec.loader
        source = loader.get_source(module) if loader else None
    except ImportError:
        return None, ""
    package = loaded.__package__ if loaded else spec and spec.parent
    return source, package or ""


def _imports(source: str, package: str) -> Iterator[str]:
    """What a source imports, anywhere in it, except for types alone: modules, or attributes of modules."""
    waiting: list[ast.AST] = [ast.parse(source)]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            origin = importlib.util.resolve_name("." * node.level + (node.module or ""), package)
            yield from (f"{origin}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            waiting += node.orelse
        elif isinstance(node, ast.stmt | ast.Module | ast.ExceptHandler | ast.match_case):
            for block in ("body", "orelse", "handlers", "finalbody", "cases"):
                waiting += getattr(node, block, [])
