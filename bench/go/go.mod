module isthmus/bench/go

go 1.24.0
