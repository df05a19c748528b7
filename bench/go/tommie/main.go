// What github.com/tommie/v8go costs, by the rows for rogchap.com/v8go, whose place it takes in go.mod.
package main

import "isthmus/bench/go/rogchap/rows"

func main() { rows.Measure("tommie") }
