package native

/*
#include <stdlib.h>
#include "values.h"

#cgo noescape igo_name_new
#cgo noescape igo_bigint_new
#cgo noescape igo_bigint_read
#cgo noescape igo_string_read
#cgo noescape igo_array_read
*/
import "C"

import (
	"encoding/binary"
	"unsafe"
)

// Operation is one of those that Operate does; values.h says what each is about.
type Operation uint32

// The operations. Those before OpGet need no context.
const (
	OpClass             Operation = C.IGO_CLASS
	OpTraits            Operation = C.IGO_TRAITS
	OpStrictEquals      Operation = C.IGO_STRICT_EQUALS
	OpSame              Operation = C.IGO_SAME
	OpToBool            Operation = C.IGO_TO_BOOL
	OpSymbolNew         Operation = C.IGO_SYMBOL_NEW
	OpSymbolFor         Operation = C.IGO_SYMBOL_FOR
	OpSymbolKnown       Operation = C.IGO_SYMBOL_KNOWN
	OpSymbolDescription Operation = C.IGO_SYMBOL_DESCRIPTION
	OpConstructorName   Operation = C.IGO_CONSTRUCTOR_NAME
	OpHash              Operation = C.IGO_HASH
	OpDateRead          Operation = C.IGO_DATE_READ
	OpCollectionSize    Operation = C.IGO_COLLECTION_SIZE
	OpArrayLength       Operation = C.IGO_ARRAY_LENGTH
	OpGet               Operation = C.IGO_GET
	OpSet               Operation = C.IGO_SET
	OpHas               Operation = C.IGO_HAS
	OpHasOwn            Operation = C.IGO_HAS_OWN
	OpDelete            Operation = C.IGO_DELETE
	OpDefine            Operation = C.IGO_DEFINE
	OpKeys              Operation = C.IGO_KEYS
	OpPrototype         Operation = C.IGO_PROTOTYPE
	OpSetPrototype      Operation = C.IGO_SET_PROTOTYPE
	OpFreeze            Operation = C.IGO_FREEZE
	OpInstanceOf        Operation = C.IGO_INSTANCE_OF
	OpToString          Operation = C.IGO_TO_STRING
	OpToNumber          Operation = C.IGO_TO_NUMBER
	OpToObject          Operation = C.IGO_TO_OBJECT
	OpJSONWrite         Operation = C.IGO_JSON_WRITE
	OpObjectNew         Operation = C.IGO_OBJECT_NEW
	OpArrayNew          Operation = C.IGO_ARRAY_NEW
	OpDateNew           Operation = C.IGO_DATE_NEW
	OpRegExpNew         Operation = C.IGO_REGEXP_NEW
	OpRegExpSource      Operation = C.IGO_REGEXP_SOURCE
	OpRegExpFlags       Operation = C.IGO_REGEXP_FLAGS
	OpMapNew            Operation = C.IGO_MAP_NEW
	OpMapGet            Operation = C.IGO_MAP_GET
	OpMapSet            Operation = C.IGO_MAP_SET
	OpSetNew            Operation = C.IGO_SET_NEW
	OpSetAdd            Operation = C.IGO_SET_ADD
	OpCollectionHas     Operation = C.IGO_COLLECTION_HAS
	OpCollectionDelete  Operation = C.IGO_COLLECTION_DELETE
	OpCollectionClear   Operation = C.IGO_COLLECTION_CLEAR
	OpCollectionEntries Operation = C.IGO_COLLECTION_ENTRIES
)

// NeedsContext tells whether an operation is about a context, too.
func (o Operation) NeedsContext() bool { return o >= OpGet }

// The classes of a Value, as OpClass gives them.
const (
	ClassNone              = C.IST_CLASS_NONE
	ClassArray             = C.IST_CLASS_ARRAY
	ClassArguments         = C.IST_CLASS_ARGUMENTS
	ClassDate              = C.IST_CLASS_DATE
	ClassRegExp            = C.IST_CLASS_REGEXP
	ClassError             = C.IST_CLASS_ERROR
	ClassMap               = C.IST_CLASS_MAP
	ClassSet               = C.IST_CLASS_SET
	ClassWeakMap           = C.IST_CLASS_WEAK_MAP
	ClassWeakSet           = C.IST_CLASS_WEAK_SET
	ClassPromise           = C.IST_CLASS_PROMISE
	ClassProxy             = C.IST_CLASS_PROXY
	ClassGenerator         = C.IST_CLASS_GENERATOR
	ClassModuleNamespace   = C.IST_CLASS_MODULE_NAMESPACE
	ClassArrayBuffer       = C.IST_CLASS_ARRAY_BUFFER
	ClassSharedArrayBuffer = C.IST_CLASS_SHARED_ARRAY_BUFFER
	ClassInt8Array         = C.IST_CLASS_INT8_ARRAY
	ClassUint8Array        = C.IST_CLASS_UINT8_ARRAY
	ClassUint8ClampedArray = C.IST_CLASS_UINT8_CLAMPED_ARRAY
	ClassInt16Array        = C.IST_CLASS_INT16_ARRAY
	ClassUint16Array       = C.IST_CLASS_UINT16_ARRAY
	ClassInt32Array        = C.IST_CLASS_INT32_ARRAY
	ClassUint32Array       = C.IST_CLASS_UINT32_ARRAY
	ClassFloat32Array      = C.IST_CLASS_FLOAT32_ARRAY
	ClassFloat64Array      = C.IST_CLASS_FLOAT64_ARRAY
	ClassBigInt64Array     = C.IST_CLASS_BIGINT64_ARRAY
	ClassBigUint64Array    = C.IST_CLASS_BIGUINT64_ARRAY
	ClassDataView          = C.IST_CLASS_DATA_VIEW
	ClassExternal          = C.IST_CLASS_EXTERNAL
)

// The traits of a Value, as OpTraits gives them, ored.
const (
	TraitAsync     = C.IST_TRAIT_ASYNC
	TraitGenerator = C.IST_TRAIT_GENERATOR
	TraitBoolean   = C.IST_TRAIT_BOOLEAN
	TraitNumber    = C.IST_TRAIT_NUMBER
	TraitString    = C.IST_TRAIT_STRING
	TraitSymbol    = C.IST_TRAIT_SYMBOL
	TraitBigInt    = C.IST_TRAIT_BIGINT
	TraitMap       = C.IST_TRAIT_MAP
	TraitSet       = C.IST_TRAIT_SET
	TraitModule    = C.IST_TRAIT_MODULE
)

// The symbols that OpSymbolKnown takes.
const (
	SymbolAsyncIterator      = C.IST_SYMBOL_ASYNC_ITERATOR
	SymbolHasInstance        = C.IST_SYMBOL_HAS_INSTANCE
	SymbolIsConcatSpreadable = C.IST_SYMBOL_IS_CONCAT_SPREADABLE
	SymbolIterator           = C.IST_SYMBOL_ITERATOR
	SymbolMatch              = C.IST_SYMBOL_MATCH
	SymbolReplace            = C.IST_SYMBOL_REPLACE
	SymbolSearch             = C.IST_SYMBOL_SEARCH
	SymbolSplit              = C.IST_SYMBOL_SPLIT
	SymbolToPrimitive        = C.IST_SYMBOL_TO_PRIMITIVE
	SymbolToStringTag        = C.IST_SYMBOL_TO_STRING_TAG
	SymbolUnscopables        = C.IST_SYMBOL_UNSCOPABLES
)

// Which keys OpKeys and Entries list, ored.
const (
	KeysEnumerable = C.IST_KEYS_ENUMERABLE
	KeysInherited  = C.IST_KEYS_INHERITED
	KeysSymbols    = C.IST_KEYS_SYMBOLS
	KeysNoStrings  = C.IST_KEYS_NO_STRINGS
)

// Operate does an operation about Subject and Args. context may be nil for those that need none.
func Operate(what Operation, isolate, context unsafe.Pointer, f *Frame) Status {
	return Status(C.igo_operate(C.uint32_t(what), C.uintptr_t(uintptr(isolate)),
		C.uintptr_t(uintptr(context)), C.uintptr_t(f.Address())))
}

// ReadJSON makes the value of a JSON text, Args[0].
func ReadJSON(context unsafe.Pointer, f *Frame) Status {
	return Status(C.igo_json_read(C.uintptr_t(uintptr(context)), C.uintptr_t(f.Address())))
}

// NewError makes an error of that class.
func NewError(context unsafe.Pointer, name, message string, f *Frame) Status {
	n, m := C.CString(name), C.CString(message)
	defer C.free(unsafe.Pointer(n))
	defer C.free(unsafe.Pointer(m))
	return Status(C.igo_error_make(C.uintptr_t(uintptr(context)), n, m, C.uintptr_t(f.Address())))
}

// NewBigInt makes a BigInt of its absolute value, the least word first.
func NewBigInt(context unsafe.Pointer, negative bool, words []uint64, f *Frame) Status {
	return Status(C.igo_bigint_new(C.uintptr_t(uintptr(context)), C.bool(negative),
		(*C.uint64_t)(unsafe.Pointer(unsafe.SliceData(words))), C.size_t(len(words)), C.uintptr_t(f.Address())))
}

// ReadBigInt reads Subject, and gives how many words it takes. With fewer it is ErrLimit.
func ReadBigInt(isolate unsafe.Pointer, f *Frame, words []uint64) (negative bool, count int, status Status) {
	var sign C.bool
	size := C.size_t(len(words))
	status = Status(C.igo_bigint_read(C.uintptr_t(uintptr(isolate)), C.uintptr_t(f.Address()), &sign,
		(*C.uint64_t)(unsafe.Pointer(unsafe.SliceData(words))), &size))
	return bool(sign), int(size), status
}

// NewName makes a string for a property's name, of UTF-8; a handle that outlives callbacks.
func NewName(isolate unsafe.Pointer, name string) (made Value, status Status) {
	status = Status(C.igo_name_new(C.uintptr_t(uintptr(isolate)), (*C.char)(unsafe.Pointer(unsafe.StringData(name))),
		C.size_t(len(name)), (*C.ist_value)(unsafe.Pointer(&made))))
	return made, status
}

// ReadString reads Subject into a buffer, or with nil into the frame. Result is of type WTF8; on
// ErrLimit its length is what there must be room for at least.
func ReadString(isolate unsafe.Pointer, f *Frame, into []byte) Status {
	return Status(C.igo_string_read(C.uintptr_t(uintptr(isolate)), C.uintptr_t(f.Address()),
		unsafe.Pointer(unsafe.SliceData(into)), C.size_t(len(into))))
}

// ReadArray reads elements of Subject, an array, from start on, and gives how many there were. Those
// that are handles are the caller's.
func ReadArray(context unsafe.Pointer, f *Frame, start int, into []Value) (int, Status) {
	var read C.uint32_t
	status := C.igo_array_read(C.uintptr_t(uintptr(context)), C.uintptr_t(f.Address()), C.uint32_t(start),
		unsafe.Pointer(unsafe.SliceData(into)), C.uint32_t(len(into)), &read)
	return int(read), Status(status)
}

// Entries gives the names of Subject's properties that the flags list, and what they are, when that
// is asked for; handles are the caller's.
func Entries(context unsafe.Pointer, f *Frame, flags uint32, wanted bool) ([]string, []Value, Status) {
	var texts C.igo_texts
	var values *C.ist_value
	var count C.uint32_t
	into := &values
	if !wanted {
		into = nil
	}
	status := C.igo_entries(C.uintptr_t(uintptr(context)), C.uintptr_t(f.Address()), C.uint32_t(flags), &texts, into,
		&count)
	if status != C.IST_OK {
		return nil, nil, Status(status)
	}
	defer C.free(unsafe.Pointer(texts.bytes))
	defer C.free(unsafe.Pointer(values))
	names := splitTexts(unsafe.Slice((*byte)(unsafe.Pointer(texts.bytes)), texts.length), int(count))
	if !wanted {
		return names, nil, OK
	}
	return names, append([]Value(nil), unsafe.Slice((*Value)(unsafe.Pointer(values)), count)...), OK
}

// splitTexts gives texts that lie one behind the other, each behind its length. They share memory.
func splitTexts(bytes []byte, count int) []string {
	all := string(bytes)
	texts := make([]string, count)
	for at, i := 0, 0; i < count; i++ {
		length := int(binary.NativeEndian.Uint32(bytes[at:]))
		texts[i] = all[at+4 : at+4+length]
		at += 4 + length
	}
	return texts
}
