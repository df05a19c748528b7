// Compresses what comes in on standard input to a gzip file on standard output, piece by piece: C reads
// and writes Go's own buffers. With -d the other way round.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"isthmus/bindings/go/libs/zlib"
)

const (
	asGzip   = zlib.MAX_WBITS + 16
	asEither = zlib.MAX_WBITS + 32 // gzip or zlib, as the data says
)

// A stream is one of zlib's two, of which more is alike than not.
type stream interface {
	SetNextIn([]byte) error
	NextIn() ([]byte, error)
	SetNextOut([]byte) error
	NextOut() ([]byte, error)
	Close() error
}

// through gives a stream all that comes in, and takes from it all that comes out.
func through(s stream, step func(flush int32) (int32, error), in io.Reader, out io.Writer) error {
	read, written := make([]byte, 16<<10), make([]byte, 16<<10)
	flush := int32(zlib.Z_NO_FLUSH)
	for code := int32(zlib.Z_OK); code != zlib.Z_STREAM_END; {
		rest, err := s.NextIn()
		if err != nil {
			return err
		}
		if len(rest) == 0 && flush == zlib.Z_NO_FLUSH {
			n, err := in.Read(read)
			if errors.Is(err, io.EOF) {
				flush = zlib.Z_FINISH
			} else if err != nil {
				return err
			}
			if err := s.SetNextIn(read[:n]); err != nil {
				return err
			}
		}
		if err := s.SetNextOut(written); err != nil {
			return err
		}
		if code, err = step(flush); err != nil {
			return err
		}
		free, err := s.NextOut()
		if err != nil {
			return err
		}
		made := written[:len(written)-len(free)]
		if code == zlib.Z_BUF_ERROR && len(made) == 0 && flush == zlib.Z_FINISH {
			return io.ErrUnexpectedEOF
		}
		if _, err := out.Write(made); err != nil {
			return err
		}
	}
	return s.Close()
}

func compress(in io.Reader, out io.Writer) error {
	s, err := zlib.NewDeflateWith(zlib.Z_BEST_COMPRESSION, asGzip, 8, zlib.Z_DEFAULT_STRATEGY)
	if err != nil {
		return err
	}
	return through(s, s.Deflate, in, out)
}

func decompress(in io.Reader, out io.Writer) error {
	s, err := zlib.NewInflateWith(asEither)
	if err != nil {
		return err
	}
	return through(s, s.InflateWith, in, out)
}

func main() {
	run := compress
	if len(os.Args) > 1 && os.Args[1] == "-d" {
		run = decompress
	}
	if err := run(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
