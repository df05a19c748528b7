package isthmus

import "os"

// long tells whether tests of endurance are to take their time.
func long() bool { return os.Getenv("ISTHMUS_LONG") != "" }

// many is how many rounds a test makes: more when they are to take their time.
func many(usually, atLength int) int {
	if long() {
		return atLength
	}
	return usually
}
