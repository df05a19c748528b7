package main

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"strings"
	"testing"

	"isthmus/bindings/go/libs/zlib"
)

func TestThereAndBack(t *testing.T) {
	plain := strings.Repeat("a line of text\n", 10000)
	var packed, back bytes.Buffer
	if err := compress(strings.NewReader(plain), &packed); err != nil {
		t.Fatal(err)
	}
	reader, err := gzip.NewReader(bytes.NewReader(packed.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(reader); err != nil || string(text) != plain {
		t.Fatal("Go reads something else", err)
	}
	if err := decompress(bytes.NewReader(packed.Bytes()), &back); err != nil || back.String() != plain {
		t.Fatal("something else came back", err)
	}
	err = decompress(bytes.NewReader(packed.Bytes()[:packed.Len()/2]), io.Discard)
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Fatal(err)
	}
	err = decompress(strings.NewReader("this is not compressed"), io.Discard)
	var failure *zlib.ZError
	if !errors.As(err, &failure) || failure.Code != zlib.Z_DATA_ERROR {
		t.Fatal(err)
	}
}
