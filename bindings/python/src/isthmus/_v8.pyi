"""What cffi makes: all of isthmus.h and the bridge."""

from typing import Any

ffi: Any
lib: Any
