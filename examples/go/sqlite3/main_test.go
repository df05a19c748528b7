package main

func Example() {
	main()
	// Output:
	// THUN! 43568
	// CHUR! 38293
}
