// A program of somebody who has the library installed: see prefix.sh.
package main

import (
	"fmt"
	"log"

	isthmus "isthmus/bindings/go"
)

func main() {
	isolate := isthmus.NewIsolate()
	defer isolate.Close()
	sum, err := isolate.NewContext().RunScript("[20, 22].reduce((a, b) => a + b)", "main.js")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(sum)
}
