// What rogchap.com/v8go costs.
package main

import "isthmus/bench/go/rogchap/rows"

func main() { rows.Measure("rogchap") }
