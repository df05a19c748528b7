package zlib

import (
	"bytes"
	"compress/gzip"
	stdzlib "compress/zlib"
	"errors"
	"hash/crc32"
	"io"
	"math/rand"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"isthmus/bindings/go/clib"
	"isthmus/bindings/go/internal/expect"
)

func TestChecksums(t *testing.T) {
	for _, text := range []string{"", "a", "hello, hello"} {
		got := expect.Must[uint64](t)(Crc32(0, []byte(text)))
		expect.Same(t, got, uint64(crc32.ChecksumIEEE([]byte(text))))
		expect.Same(t, Crc32Z(0, []byte(text)), got)
	}
	whole := Crc32Z(0, []byte("abcdef"))
	combined := expect.Must[uint64](t)(Crc32Combine(Crc32Z(0, []byte("abc")), Crc32Z(0, []byte("def")), 3))
	expect.Same(t, combined, whole)
	_, err := Crc32Combine(1<<32, 0, 0)
	expect.Fails(t, err, clib.ErrRange,
		"zlib.crc32_combine: crc1: expected an integer from 0 to 4294967295, got 4294967296")
	table := expect.Must[[]uint32](t)(GetCrcTable())
	expect.Same(t, table[255], crc32.IEEETable[255])
}

func TestCompressing(t *testing.T) {
	plain := bytes.Repeat([]byte("hello, "), 1000)
	for _, level := range []int32{-1, 0, 1, 9} {
		packed := expect.Must[[]byte](t)(Compress2With(plain, level))
		if got := expect.Must[[]byte](t)(Uncompress(10000, packed)); !bytes.Equal(got, plain) {
			t.Fatal("it is something else")
		}
		reader, err := stdzlib.NewReader(bytes.NewReader(packed))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(reader); err != nil || !bytes.Equal(got, plain) {
			t.Fatal("Go reads something else", err)
		}
	}
	if got := expect.Must[[]byte](t)(Uncompress(10, expect.Must[[]byte](t)(Compress2(nil)))); len(got) != 0 {
		t.Fatal(got)
	}
}

func TestFailures(t *testing.T) {
	packed := expect.Must[[]byte](t)(Compress([]byte("hello")))
	_, err := Uncompress(1, packed)
	var failure *ZError
	if !errors.As(err, &failure) || failure.Code != Z_BUF_ERROR {
		t.Fatal(err)
	}
	expect.Same(t, err.Error(), "zlib.uncompress: buffer error")
	if !errors.Is(err, &ZError{clib.Failure{Code: Z_BUF_ERROR}}) {
		t.Fatal("errors.Is does not see it")
	}
	_, err = Uncompress(100, []byte("no such data"))
	if !errors.Is(err, &ZError{clib.Failure{Code: Z_DATA_ERROR}}) {
		t.Fatal(err)
	}
	_, err = Uncompress(1<<62, packed)
	expect.Fails(t, err, clib.ErrRange, "zlib.uncompress: dest: a buffer of 4611686018427387904 elements is too large")
	_, err = Compress2With(nil, 10)
	expect.Same(t, err.Error(), "zlib.compress2: stream error")
	_, err = CallZError(7)
	expect.Fails(t, err, clib.ErrRange, "zlib.zError: code: expected an integer from -6 to 2, got 7")
}

// through runs a deflate stream with small buffers.
func deflated(t *testing.T, plain []byte, windowBits int32) []byte {
	t.Helper()
	d := expect.Must[*Deflate](t)(NewDeflateWith(6, windowBits, 8, Z_DEFAULT_STRATEGY))
	defer d.Close()
	var packed []byte
	if err := d.SetNextIn(plain); err != nil {
		t.Fatal(err)
	}
	out := make([]byte, 100)
	for {
		if err := d.SetNextOut(out); err != nil {
			t.Fatal(err)
		}
		code := expect.Must[int32](t)(d.Deflate(Z_FINISH))
		packed = append(packed, out[:len(out)-len(expect.Must[[]byte](t)(d.NextOut()))]...)
		if code == Z_STREAM_END {
			break
		}
		runtime.GC()
	}
	expect.Same(t, expect.Must[uint64](t)(d.TotalIn()), uint64(len(plain)))
	expect.Same(t, expect.Must[uint64](t)(d.TotalOut()), uint64(len(packed)))
	return packed
}

func TestStreams(t *testing.T) {
	plain := make([]byte, 20000)
	rand.New(rand.NewSource(1)).Read(plain)
	packed := deflated(t, plain, MAX_WBITS+16)
	reader, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(reader); err != nil || !bytes.Equal(got, plain) {
		t.Fatal("Go reads something else", err)
	}
	i := expect.Must[*Inflate](t)(NewInflateWith(MAX_WBITS + 32))
	defer i.Close()
	i.SetNextIn(packed)
	out := make([]byte, len(plain))
	i.SetNextOut(out)
	expect.Same(t, expect.Must[int32](t)(i.Inflate()), Z_STREAM_END)
	if !bytes.Equal(out, plain) {
		t.Fatal("it is something else")
	}
}

func TestAStreamThatIsClosed(t *testing.T) {
	d := expect.Must[*Deflate](t)(NewDeflate())
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
	}
	_, err := d.Deflate(Z_FINISH)
	expect.Fails(t, err, clib.ErrClosed, "zlib.Deflate.deflate: the Deflate is closed")
	err = d.SetNextIn(nil)
	expect.Fails(t, err, clib.ErrClosed, "zlib.Deflate.next_in: the Deflate is closed")
	_, err = NewDeflateWith(10, MAX_WBITS, 8, 0)
	expect.Same(t, err.Error(), "zlib.Deflate: stream error")
}

func TestGzipFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.gz")
	file := expect.Must[*GzFile](t)(NewGzFileWith(path, "wb9"))
	expect.Same(t, expect.Must[int32](t)(file.Puts("line 1\nline 2\n")), 14)
	expect.Same(t, expect.Must[int32](t)(file.Write([]byte("rest"))), 4)
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	file = expect.Must[*GzFile](t)(NewGzFile(path))
	defer file.Close()
	at, line, err := file.Gets(100)
	if err != nil || at != 0 || line != "line 1\n" {
		t.Fatal(at, line, err)
	}
	rest := expect.Must[[]byte](t)(file.Read(100))
	expect.Same(t, string(rest), "line 2\nrest")
	expect.Same(t, expect.Must[int32](t)(file.Eof()), 1)
	at, _, err = file.Gets(100)
	if err != nil || at != -1 {
		t.Fatal(at, err)
	}
	_, err = NewGzFile(path + ".none")
	var failure *GzOpenError
	if !errors.As(err, &failure) || failure.Code != 2 {
		t.Fatal(err)
	}
	_, err = NewGzFile("a\x00b")
	expect.Fails(t, err, clib.ErrArgument, "zlib.GzFile: path: expected a string without NUL characters")
}

func TestStreamsSideBySide(t *testing.T) {
	plain := bytes.Repeat([]byte("side by side "), 500)
	var group sync.WaitGroup
	for range 4 {
		group.Add(1)
		go func() {
			defer group.Done()
			for range 20 {
				packed := deflated(t, plain, MAX_WBITS)
				if got := expect.Must[[]byte](t)(Uncompress(10000, packed)); !bytes.Equal(got, plain) {
					t.Error("it is something else")
				}
			}
		}()
	}
	group.Wait()
}

func TestAMillionRounds(t *testing.T) {
	var before, after runtime.MemStats
	run := func(rounds int) {
		buf := []byte("hello")
		for range rounds {
			Crc32(0, buf)
		}
		for range rounds / 100 {
			d, err := NewDeflate()
			if err != nil {
				t.Fatal(err)
			}
			d.SetNextIn(buf)
			d.Close()
		}
		runtime.GC()
	}
	run(1000)
	runtime.ReadMemStats(&before)
	run(1000000)
	runtime.ReadMemStats(&after)
	if after.HeapAlloc > before.HeapAlloc+1<<20 {
		t.Fatalf("%d bytes became %d", before.HeapAlloc, after.HeapAlloc)
	}
}

func BenchmarkCrc32(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		Crc32(0, nil)
	}
}

func BenchmarkTotalIn(b *testing.B) {
	d, err := NewDeflate()
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		d.TotalIn()
	}
}
