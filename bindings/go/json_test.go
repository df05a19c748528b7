package isthmus

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestJSON(t *testing.T) {
	ctx := realm(t)
	long := `{"text":"` + strings.Repeat("\u00e9", 5000) + `"}`
	for _, text := range []string{"1", "null", `"x"`, `{"a":[1,2,{"b":null}]}`, `"\ud800"`, long, strings.Repeat("[", 1000) + strings.Repeat("]", 1000)} {
		v, err := JSONParse(ctx, text)
		if err != nil {
			t.Fatal(err)
		}
		got, err := JSONStringify(ctx, v)
		if err != nil || got != text {
			t.Fatalf("%.50s became %.50s (%v)", text, got, err)
		}
		marshalled, err := json.Marshal(map[string]any{"v": v})
		if err != nil || text != `"\ud800"` && string(marshalled) != `{"v":`+text+`}` {
			t.Fatalf("%.50s became %.50s (%v)", text, marshalled, err)
		}
	}
	_, err := JSONParse(ctx, "{]")
	refused(t, err, "SyntaxError: Unexpected token ] in JSON at position 1")
	_, err = JSONParse(ctx, "")
	refused(t, err, "SyntaxError: Unexpected end of JSON input")
	_, err = JSONParse(nil, "1")
	refused(t, err, "isthmus: JSONParse: the context is nil")
	_, err = JSONStringify(ctx, js(t, ctx, "globalThis.round = {}; round.round = round"))
	if err == nil || !strings.HasPrefix(err.Error(), "TypeError: Converting circular structure to JSON") {
		t.Fatal(err)
	}
	_, err = JSONStringify(ctx, js(t, ctx, "() => 1"))
	refused(t, err, "isthmus: JSON text and function: it has no form in JSON")
	_, err = JSONStringify(ctx, nil)
	refused(t, err, "isthmus: JSON text and undefined: it has no form in JSON")
	_, err = JSONStringify(nil, nil)
	refused(t, err, "isthmus: JSONStringify: the context is nil")
	_, err = JSONStringify(ctx, js(t, ctx, "({ toJSON() { throw new Error('no') } })"))
	refused(t, err, "Error: no")
	_, err = JSONStringify(nil, js(t, ctx, "1n"))
	refused(t, err, "TypeError: Do not know how to serialize a BigInt")
	nan, _ := NewValue(ctx.Isolate(), js(t, ctx, "NaN").Number())
	text, err := json.Marshal([]any{Undefined(nil), Null(nil), nan, js(t, ctx, "() => 1"), js(t, ctx, "'\\u2028'"), &Value{}, js(t, ctx, "({})")})
	if err != nil || string(text) != `[null,null,null,null,"\u2028",null,{}]` {
		t.Fatal(string(text), err)
	}
}
