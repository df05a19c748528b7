"""Two C libraries through their interface files: packed texts in a database, without V8.

zlib packs, SQLite keeps and asks back: a function of Python's, which calls zlib, is part of a
query.
"""

from __future__ import annotations

import sys
from typing import Any

import isthmus as ist

zlib = ist.load("zlib")
sqlite3 = ist.load("sqlite3")

PAGES = {
    "fox": b"the quick brown fox jumps over the lazy dog " * 20,
    "lorem": b"lorem ipsum dolor sit amet " * 30,
}


def unpacked(context: Any, values: Any) -> None:
    """The SQL function `unpacked(packed, length)`."""
    packed, length = values
    context.result_text(zlib.uncompress(length.int(), packed.blob()).decode())


def main() -> None:
    """Packs, keeps, and finds."""
    with sqlite3.Database(":memory:") as db:
        db.exec("CREATE TABLE page (name TEXT, packed BLOB, length INTEGER, crc INTEGER)")
        db.create_function_v2("unpacked", 2, func=unpacked)
        with db.prepare("INSERT INTO page VALUES (?, ?, ?, ?)") as insert:
            for name, text in PAGES.items():
                insert.bind_text(1, name)
                insert.bind_blob(2, zlib.compress2(text, level=9))
                insert.bind_int(3, len(text))
                insert.bind_int64(4, zlib.crc32(0, text))
                insert.step()
                insert.reset()
        text = "substr(unpacked(packed, length), 1, 19)"
        query = f"SELECT name, length > length(packed), {text} FROM page"
        with db.prepare(query) as row:
            while row.step() == sqlite3.SQLITE_ROW:
                print(row.column_text(0), bool(row.column_int(1)), row.column_text(2))
        try:
            db.exec("SELECT unpacked(packed, 1) FROM page")
        except zlib.ZError as error:
            # It was raised within the query, and is the same exception here.
            print(f"ZError {error.code}: {error}")
        try:
            db.prepare("SELEC 1")
        except sqlite3.SqliteError as error:
            print(f"SqliteError {error.code}: {error}")
    print("V8 was loaded:", "isthmus._v8" in sys.modules)


if __name__ == "__main__":
    main()
