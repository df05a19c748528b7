module isthmus/bindings/go

go 1.24.0

require (
	github.com/fxamacker/cbor/v2 v2.9.6
	github.com/x448/float16 v0.8.4
)
