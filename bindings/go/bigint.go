package isthmus

import (
	"math/big"
	"runtime"

	"isthmus/bindings/go/internal/native"
)

// BigInt gives what BigInt(v) does: the BigInt itself, or the integer that a number, boolean or text
// stands for. It is nil when there is none; ToBigInt says why.
func (v *Value) BigInt() *big.Int {
	whole, _ := v.ToBigInt()
	return whole
}

// ToBigInt is BigInt with the reason why there is none.
func (v *Value) ToBigInt() (*big.Int, error) {
	if v.IsBigInt() {
		return v.readBigInt()
	}
	ctx := (*Context)(nil)
	if v != nil {
		ctx = v.ctx
	}
	if ctx == nil || ctx.err != nil {
		return nil, typeError("ToBigInt", "a BigInt, or a value of a context", v)
	}
	global, err := ctx.Global()
	if err != nil {
		return nil, err
	}
	defer global.Release()
	made, err := global.MethodCall("BigInt", v)
	if err != nil {
		return nil, err
	}
	defer made.Release()
	if !made.IsBigInt() {
		return nil, typeError("ToBigInt", "a BigInt", made)
	}
	return made.readBigInt()
}

func (v *Value) readBigInt() (*big.Int, error) {
	iso := v.ctx.iso
	if err := iso.enter(nil); err != nil {
		return nil, err
	}
	defer iso.leave()
	handle, err := v.ctx.handleOf("ToBigInt", v)
	if err != nil {
		return nil, err
	}
	whole, status := iso.readBigInt(handle)
	runtime.KeepAlive(v)
	if status != native.OK {
		return nil, statusError("ToBigInt", status)
	}
	return whole, nil
}

// readBigInt reads a BigInt of the isolate, which is entered. It uses the operation's frame.
func (iso *isolate) readBigInt(v native.Value) (*big.Int, native.Status) {
	frame := iso.frame()
	frame.Subject = v
	words := make([]uint64, 4)
	negative, count, status := native.ReadBigInt(iso.handle, frame, words)
	if status == native.ErrLimit {
		words = make([]uint64, count)
		negative, count, status = native.ReadBigInt(iso.handle, frame, words)
	}
	if status != native.OK {
		return nil, status
	}
	bits := make([]big.Word, count)
	for i := range bits {
		bits[i] = big.Word(words[i])
	}
	whole := new(big.Int).SetBits(bits)
	if negative {
		whole.Neg(whole)
	}
	return whole, native.OK
}

// mostBits is how many bits V8 lets a BigInt have.
const mostBits = 1 << 30

// NewBigInt makes a BigInt, of at most 2^30 bits.
func NewBigInt(ctx *Context, x *big.Int) (*Value, error) {
	if ctx == nil {
		return nil, argumentError("NewBigInt", "the context is nil")
	}
	if x == nil {
		return nil, argumentError("NewBigInt", "the number is nil")
	}
	if err := ctx.enter(); err != nil {
		return nil, err
	}
	defer ctx.leave()
	made, err := ctx.makeBigInt("NewBigInt", x)
	if err != nil {
		return nil, err
	}
	return ctx.value(made), nil
}

// makeBigInt makes a BigInt with the context entered; the handle is the caller's to free.
func (ctx *Context) makeBigInt(op string, x *big.Int) (native.Value, error) {
	if x.BitLen() > mostBits {
		return native.Value{}, statusError(op, native.ErrLimit)
	}
	frame := ctx.iso.frame()
	frame.Begin(0, native.WantValue)
	words := make([]uint64, len(x.Bits()))
	for i, word := range x.Bits() {
		words[i] = uint64(word)
	}
	status := native.NewBigInt(ctx.handle, x.Sign() < 0, words, frame)
	if status != native.OK {
		return native.Value{}, ctx.failed(op, status, frame)
	}
	return frame.Result, nil
}
