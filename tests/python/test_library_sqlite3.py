"""SQLite by its interface file, used for real and misused."""

from __future__ import annotations

import gc
from pathlib import Path

import isthmus as ist
import pytest
from libraries import real


def test_tables_and_statements(tmp_path: Path) -> None:
    sqlite3 = real("sqlite3")
    path = str(tmp_path / "x.db")
    with sqlite3.Database(path) as db:
        db.exec("CREATE TABLE t (i INTEGER, f REAL, s TEXT, b BLOB)")
        insert = db.prepare("INSERT INTO t VALUES (?1, ?2, ?3, ?4)")
        for i in range(100):
            insert.bind_int64(1, i << 40)
            insert.bind_double(2, i / 4)
            insert.bind_text(3, f"text {i} é")
            insert.bind_blob(4, bytes([i]) * 3)
            assert insert.step() == sqlite3.SQLITE_DONE
            insert.reset()
        insert.finalize()
        assert db.total_changes() == 100 and db.last_insert_rowid() == 100
    with sqlite3.Database(path, sqlite3.SQLITE_OPEN_READONLY) as db:
        select = db.prepare("SELECT * FROM t WHERE i = ?1")
        select.bind_int64(1, 7 << 40)
        assert select.step() == sqlite3.SQLITE_ROW
        assert [select.column_type(i) for i in range(4)] == [1, 2, 3, 4]
        row = (select.column_int64(0), select.column_double(1), select.column_text(2))
        assert row == (7 << 40, 1.75, "text 7 é") and select.column_blob(3) == b"\7\7\7"
        assert select.step() == sqlite3.SQLITE_DONE
        select.finalize()
        with pytest.raises(sqlite3.SqliteError, match=r"attempt to write a readonly") as raised:
            db.exec("DELETE FROM t")
        assert raised.value.code == sqlite3.SQLITE_READONLY


def test_errors_are_the_connection_s_own() -> None:
    sqlite3 = real("sqlite3")
    with sqlite3.Database(":memory:") as db:
        said = r'^sqlite3.Database.exec: near "selec": syntax error$'
        with pytest.raises(sqlite3.SqliteError, match=said):
            db.exec("selec")
        with pytest.raises(sqlite3.SqliteError, match=r"Database.prepare: no such table: nowhere"):
            db.prepare("select * from nowhere")
        db.exec("CREATE TABLE t (a UNIQUE); INSERT INTO t VALUES (1)")
        with pytest.raises(sqlite3.SqliteError, match=r"UNIQUE constraint failed: t.a") as raised:
            db.prepare("INSERT INTO t VALUES (1)").step()
        assert raised.value.function == "Statement.step" and raised.value.code == 19
    with pytest.raises(sqlite3.SqliteError, match=r"^sqlite3.Database: unable to open"):
        sqlite3.Database("/nonexistent/x.db")


def test_functions_collations_and_handlers() -> None:
    sqlite3 = real("sqlite3")
    with sqlite3.Database(":memory:") as db:
        rows: list[list[str]] = []

        def row(values: list[str], names: list[str]) -> int:
            rows.append(values)
            return 0

        db.create_function_v2(
            "glue", -1, func=lambda c, v: c.result_text("+".join(x.text() for x in v))
        )
        db.exec("SELECT glue('a', 'b', 3)", row)
        db.create_collation_v2("backwards", lambda a, b: (a < b) - (a > b))
        db.exec("CREATE TABLE t (x); INSERT INTO t VALUES ('a'), ('c'), ('b')")
        db.exec("SELECT x FROM t ORDER BY x COLLATE backwards", row)
        assert rows == [["a+b+3"], ["c"], ["b"], ["a"]]
        db.progress_handler(1, lambda: 1)
        with pytest.raises(sqlite3.SqliteError, match=r"interrupted"):
            db.exec("SELECT count(*) FROM t")
        db.progress_handler(1, None)
        db.exec("SELECT count(*) FROM t", row)
        assert rows[-1] == ["3"]
        db.create_function_v2("glue", -1, func=None)
        with pytest.raises(sqlite3.SqliteError, match=r"no such function: glue"):
            db.exec("SELECT glue(1)")


def test_lives() -> None:
    sqlite3 = real("sqlite3")
    db = sqlite3.Database(":memory:")
    statement = db.prepare("SELECT 1")
    assert statement.db_handle() is db
    db.close()
    with pytest.raises(ist.ClosedError, match=r"^sqlite3.Database.exec: the Database is closed$"):
        db.exec("SELECT 1")
    assert statement.step() == sqlite3.SQLITE_ROW
    statement.finalize()
    with pytest.raises(ist.ClosedError, match=r"^sqlite3.Statement.step: the Statement is closed$"):
        statement.step()
    statement = sqlite3.Database(":memory:").prepare("SELECT 2")
    gc.collect()
    assert statement.step() == sqlite3.SQLITE_ROW and statement.column_int(0) == 2


def test_a_statement_is_not_used_while_it_runs() -> None:
    sqlite3 = real("sqlite3")
    with sqlite3.Database(":memory:") as db:
        said: list[str] = []

        def inside(context: object, values: object) -> None:
            for use in (statement.step, statement.reset, statement.finalize, db.close):
                with pytest.raises(ist.StateError) as raised:
                    use()
                said.append(str(raised.value))

        db.create_function_v2("inside", 0, func=inside)
        statement = db.prepare("SELECT inside()")
        with pytest.raises(BaseException) as raised:
            statement.step()
            raise AssertionError(said)
        assert said[0] == "sqlite3.Statement.step: in use by sqlite3.Statement.step"
        statement.finalize()
        del raised


def test_blobs() -> None:
    sqlite3 = real("sqlite3")
    with sqlite3.Database(":memory:") as db:
        db.exec("CREATE TABLE t (b); INSERT INTO t VALUES (zeroblob(10))")
        blob = db.blob_open("main", "t", "b", 1, 1)
        blob.write(b"hello", 2)
        assert blob.read(10) == b"\0\0hello\0\0\0" and blob.bytes() == 10
        with pytest.raises(sqlite3.SqliteError):
            blob.read(100)
        mine = bytearray(5)
        assert blob.read(5, 2, into={"bytes": mine}) == b"hello" == mine
        blob.close()
        assert len(db.serialize()) % 512 == 0
