package isthmus

import "encoding/json"

func encodeTree(x any) ([]byte, error)       { return json.Marshal(x) }
func decodeTree(data []byte, into any) error { return json.Unmarshal(data, into) }
