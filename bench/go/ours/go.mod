module isthmus/bench/go/ours

go 1.24.0

require (
	isthmus/bench/go v0.0.0
	isthmus/bindings/go v0.0.0
)

require (
	github.com/fxamacker/cbor/v2 v2.9.6 // indirect
	github.com/x448/float16 v0.8.4 // indirect
)

replace isthmus/bench/go => ../

replace isthmus/bindings/go => ../../../bindings/go
