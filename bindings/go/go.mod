module isthmus/bindings/go

go 1.24.0
