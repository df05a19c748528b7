package measure

import (
	"encoding/json"
	"fmt"
	"math/rand"
	"strings"
)

// Megabyte is the length of what the rows of a megabyte move.
const Megabyte = 1 << 20

// Sources of what the rows call and read.
const (
	One         = "(() => 1)"
	Add         = "((a, b) => a + b)"
	Throw       = "(() => { throw new Error('boom') })"
	Length      = "(s => s.length)"
	MakeText    = "globalThis.text = 'x'.repeat(1 << 20); text.charCodeAt(5); text"
	MakeNumbers = "Array.from({length: 10000}, (_, i) => i + 0.5)"
	MakeObject  = "({x: 1.5})"
)

// Calling is the source of a function that calls the global `cb` n times.
func Calling(arguments string) string {
	return "(n => { for (let i = 0; i < n; i++) cb(" + arguments + ") })"
}

// CRC32 is that of the sixteen bytes that the rows of zlib give it.
const CRC32 = 0x10ED71CA

// Text is a megabyte in a string.
var Text = strings.Repeat("x", Megabyte)

// Numbers are what MakeNumbers makes.
var Numbers = func() []float64 {
	numbers := make([]float64, 10000)
	for i := range numbers {
		numbers[i] = float64(i) + 0.5
	}
	return numbers
}()

// Input is one of the judge's: ten to twenty-five integers, an integer and a word.
type Input struct {
	Numbers []int
	Number  int
	Word    string
}

// The judge's program over the global `input`, and one with an input in its text.
const (
	function = "const f=(a,b,c)=>{return a.reduce((c,acc)=>acc+c,b)+c.length;}; result=f("
	Program  = function + "...input); result;"
)

// Inputs are as many of the judge's as a run can have before it begins again, Programs the texts made of them, and
// Expected their results.
var (
	Inputs   = inputs(400)
	Programs = programs()
	Expected = expected()
)

func inputs(count int) []Input {
	chance := rand.New(rand.NewSource(1))
	inputs := make([]Input, count)
	for i := range inputs {
		numbers := make([]int, 10+chance.Intn(16))
		for j := range numbers {
			numbers[j] = chance.Intn(1000)
		}
		word := make([]byte, 5+chance.Intn(15))
		for j := range word {
			word[j] = byte('a' + chance.Intn(26))
		}
		inputs[i] = Input{numbers, chance.Intn(1000), string(word)}
	}
	return inputs
}

func programs() []string {
	programs := make([]string, len(Inputs))
	for i, input := range Inputs {
		numbers, err := json.Marshal(input.Numbers)
		if err != nil {
			panic(err)
		}
		programs[i] = fmt.Sprintf("%s%s,%d,%q); result;", function, numbers, input.Number, input.Word)
	}
	return programs
}

func expected() []int64 {
	results := make([]int64, len(Inputs))
	for i, input := range Inputs {
		sum := input.Number + len(input.Word)
		for _, number := range input.Numbers {
			sum += number
		}
		results[i] = int64(sum)
	}
	return results
}
