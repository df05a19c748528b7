// A small database in memory, with an SQL function that is written in Go.
package main

import (
	"fmt"
	"log"
	"strings"

	"isthmus/bindings/go/libs/sqlite3"
)

var towns = []struct {
	name   string
	people int64
}{{"Basel", 173863}, {"Chur", 38293}, {"Thun", 43568}}

// fill makes a table, with one statement that is bound anew for each row.
func fill(db *sqlite3.Database) error {
	if err := db.Exec("CREATE TABLE town (name TEXT, people INTEGER)"); err != nil {
		return err
	}
	insert, err := db.Prepare("INSERT INTO town VALUES (?, ?)")
	if err != nil {
		return err
	}
	defer insert.Close()
	for _, town := range towns {
		if err := insert.BindText(1, town.name); err != nil {
			return err
		}
		if err := insert.BindInt64(2, town.people); err != nil {
			return err
		}
		if _, err := insert.Step(); err != nil {
			return err
		}
		if _, err := insert.Reset(); err != nil {
			return err
		}
	}
	return nil
}

// shout is an SQL function: what it returns as an error is the error of the query.
func shout(c *sqlite3.Context, arguments []*sqlite3.Value) error {
	text, err := arguments[0].Text()
	if err != nil {
		return err
	}
	if text == nil {
		return c.ResultNull()
	}
	return c.ResultText(strings.ToUpper(*text) + "!")
}

func run() error {
	db, err := sqlite3.NewDatabase(":memory:")
	if err != nil {
		return err
	}
	defer db.Close()
	if err := fill(db); err != nil {
		return err
	}
	if err := db.CreateFunctionV2("shout", 1, shout); err != nil {
		return err
	}
	query, err := db.Prepare("SELECT shout(name), people FROM town WHERE people < ? ORDER BY people DESC")
	if err != nil {
		return err
	}
	defer query.Close()
	if err := query.BindInt(1, 100000); err != nil {
		return err
	}
	for {
		code, err := query.Step()
		if err != nil || code == sqlite3.SQLITE_DONE {
			return err
		}
		name, err := query.ColumnText(0)
		if err != nil {
			return err
		}
		people, err := query.ColumnInt64(1)
		if err != nil {
			return err
		}
		fmt.Println(*name, people)
	}
}

func main() {
	if err := run(); err != nil {
		log.Fatal(err)
	}
}
