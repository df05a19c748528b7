module isthmus/examples/go

go 1.24.0

require isthmus/bindings/go v0.0.0

replace isthmus/bindings/go => ../../bindings/go
