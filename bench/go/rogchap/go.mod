module isthmus/bench/go/rogchap

go 1.24.0

require (
	isthmus/bench/go v0.0.0
	rogchap.com/v8go v0.9.0
)

replace isthmus/bench/go => ../
