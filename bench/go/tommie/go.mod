module isthmus/bench/go/tommie

go 1.24.0

require (
	isthmus/bench/go v0.0.0
	isthmus/bench/go/rogchap v0.0.0
)

require (
	github.com/tommie/v8go/deps/linux_amd64 v0.0.0-20250515043113-5dcc98077472 // indirect
	github.com/tommie/v8go/deps/linux_arm64 v0.0.0-20250515043113-5dcc98077472 // indirect
	rogchap.com/v8go v0.9.0 // indirect
)

replace isthmus/bench/go => ../

replace isthmus/bench/go/rogchap => ../rogchap

replace rogchap.com/v8go => github.com/tommie/v8go v0.34.0
