package isthmus

import (
	"isthmus/bindings/go/internal/native"
)

// What a value is never changes, so what was asked once is known. The kinds that a value tells itself
// (undefined, null, booleans, numbers, strings, symbols, BigInts, objects, functions) are known always;
// for the others the isolate is asked, and none of them is the answer when that is closed.

// kind is the class of a value.
func (v *Value) kind() uint32 {
	if v.plain().Type < native.Object {
		return native.ClassNone
	}
	if known := v.class.Load(); known != 0 {
		return known - 1
	}
	result, err := ask("class", native.OpClass, v)
	if err != nil {
		return native.ClassNone
	}
	class := uint32(result.number())
	v.class.Store(class + 1)
	return class
}

// has tells whether a value has a trait.
func (v *Value) has(trait uint32) bool {
	if v.plain().Type < native.Object {
		return false
	}
	result, err := ask("traits", native.OpTraits, v)
	return err == nil && uint32(result.number())&trait != 0
}

// description names a value's kind, with an article where it has one.
func (v *Value) description() string {
	switch n := v.plain(); n.Type {
	case native.Undefined, native.Null:
		return typeName(n)
	case native.Object:
	default:
		return "a " + typeName(n)
	}
	if name, err := v.constructorName("description"); err == nil && name != "" && name != "Object" {
		return article(name)
	}
	return "an object"
}

func article(name string) string {
	switch name[0] {
	case 'A', 'E', 'I', 'O', 'U':
		return "an " + name
	}
	return "a " + name
}

// TypeOf gives what typeof v does, such as "object" for null.
func (v *Value) TypeOf() string {
	if v.IsNull() {
		return "object"
	}
	return typeName(v.plain())
}

// IsUndefined tells whether v is undefined.
func (v *Value) IsUndefined() bool { return v.plain().Type == native.Undefined }

// IsNull tells whether v is null.
func (v *Value) IsNull() bool { return v.plain().Type == native.Null }

// IsNullOrUndefined tells what v == null does.
func (v *Value) IsNullOrUndefined() bool { return v.IsNull() || v.IsUndefined() }

// IsTrue tells whether v is true, and not merely something that counts as true.
func (v *Value) IsTrue() bool { return v.IsBoolean() && v.native.Bits&1 != 0 }

// IsFalse tells whether v is false, and not merely something that counts as false.
func (v *Value) IsFalse() bool { return v.IsBoolean() && v.native.Bits&1 == 0 }

// IsName tells whether v is a string or a symbol.
func (v *Value) IsName() bool { return v.IsString() || v.IsSymbol() }

// IsString tells whether v is a string; an object that holds one is none.
func (v *Value) IsString() bool { return v.plain().Type == native.String }

// IsSymbol tells whether v is a symbol.
func (v *Value) IsSymbol() bool { return v.plain().Type == native.Symbol }

// IsFunction tells whether v can be called.
func (v *Value) IsFunction() bool { return v.plain().Type == native.Function }

// IsObject tells whether v is an object; functions are.
func (v *Value) IsObject() bool { return v.plain().Type == native.Object || v.IsFunction() }

// IsBigInt tells whether v is a BigInt.
func (v *Value) IsBigInt() bool { return v.plain().Type == native.BigInt }

// IsBoolean tells whether v is true or false.
func (v *Value) IsBoolean() bool { return v.plain().Type == native.Bool }

// IsNumber tells whether v is a number; NaN is one.
func (v *Value) IsNumber() bool { return isNumber(v.plain()) }

// IsInt32 tells whether v is a number that is a 32-bit integer; -0 is none.
func (v *Value) IsInt32() bool { return v.plain().Type == native.Int32 }

// IsUint32 tells whether v is a number that is an unsigned 32-bit integer; -0 is none.
func (v *Value) IsUint32() bool {
	if v.IsInt32() {
		return int32(v.native.Bits) >= 0
	}
	number := numberIn(v.plain())
	return v.IsNumber() && number > 0 && number == float64(uint32(int64(number)))
}

// IsExternal tells whether v stands for a pointer of the embedder's.
func (v *Value) IsExternal() bool { return v.kind() == native.ClassExternal }

// IsDate tells whether v is a Date.
func (v *Value) IsDate() bool { return v.kind() == native.ClassDate }

// IsArgumentsObject tells whether v is what a function has as arguments.
func (v *Value) IsArgumentsObject() bool { return v.kind() == native.ClassArguments }

// IsBigIntObject tells whether v is an object around a BigInt, as Object(1n) makes.
func (v *Value) IsBigIntObject() bool { return v.has(native.TraitBigInt) }

// IsBooleanObject tells whether v is an object around a boolean.
func (v *Value) IsBooleanObject() bool { return v.has(native.TraitBoolean) }

// IsNumberObject tells whether v is an object around a number.
func (v *Value) IsNumberObject() bool { return v.has(native.TraitNumber) }

// IsStringObject tells whether v is an object around a string.
func (v *Value) IsStringObject() bool { return v.has(native.TraitString) }

// IsSymbolObject tells whether v is an object around a symbol.
func (v *Value) IsSymbolObject() bool { return v.has(native.TraitSymbol) }

// IsNativeError tells whether v is an Error, or of a class that inherits from it.
func (v *Value) IsNativeError() bool { return v.kind() == native.ClassError }

// IsRegExp tells whether v is a RegExp.
func (v *Value) IsRegExp() bool { return v.kind() == native.ClassRegExp }

// IsAsyncFunction tells whether v is an async function, which may make generators.
func (v *Value) IsAsyncFunction() bool { return v.has(native.TraitAsync) }

// IsGeneratorFunction tells whether v is a function that makes generators.
func (v *Value) IsGeneratorFunction() bool { return v.has(native.TraitGenerator) }

// IsGeneratorObject tells whether v is a generator.
func (v *Value) IsGeneratorObject() bool { return v.kind() == native.ClassGenerator }

// IsPromise tells whether v is a promise.
func (v *Value) IsPromise() bool { return v.kind() == native.ClassPromise }

// IsMap tells whether v is a Map.
func (v *Value) IsMap() bool { return v.kind() == native.ClassMap }

// IsSet tells whether v is a Set.
func (v *Value) IsSet() bool { return v.kind() == native.ClassSet }

// IsMapIterator tells whether v iterates over a Map.
func (v *Value) IsMapIterator() bool { return v.has(native.TraitMap) }

// IsSetIterator tells whether v iterates over a Set.
func (v *Value) IsSetIterator() bool { return v.has(native.TraitSet) }

// IsWeakMap tells whether v is a WeakMap.
func (v *Value) IsWeakMap() bool { return v.kind() == native.ClassWeakMap }

// IsWeakSet tells whether v is a WeakSet.
func (v *Value) IsWeakSet() bool { return v.kind() == native.ClassWeakSet }

// IsArray tells whether v is an array. A Proxy of one is not, unlike with Array.isArray.
func (v *Value) IsArray() bool { return v.kind() == native.ClassArray }

// IsArrayBuffer tells whether v is an ArrayBuffer.
func (v *Value) IsArrayBuffer() bool { return v.kind() == native.ClassArrayBuffer }

// IsSharedArrayBuffer tells whether v is a SharedArrayBuffer.
func (v *Value) IsSharedArrayBuffer() bool { return v.kind() == native.ClassSharedArrayBuffer }

// IsArrayBufferView tells whether v is a typed array or a DataView.
func (v *Value) IsArrayBufferView() bool { return v.IsTypedArray() || v.IsDataView() }

// IsTypedArray tells whether v is a typed array, of whatever elements.
func (v *Value) IsTypedArray() bool {
	kind := v.kind()
	return kind >= native.ClassInt8Array && kind <= native.ClassBigUint64Array
}

// IsUint8Array tells whether v is a Uint8Array.
func (v *Value) IsUint8Array() bool { return v.kind() == native.ClassUint8Array }

// IsUint8ClampedArray tells whether v is a Uint8ClampedArray.
func (v *Value) IsUint8ClampedArray() bool { return v.kind() == native.ClassUint8ClampedArray }

// IsInt8Array tells whether v is an Int8Array.
func (v *Value) IsInt8Array() bool { return v.kind() == native.ClassInt8Array }

// IsUint16Array tells whether v is a Uint16Array.
func (v *Value) IsUint16Array() bool { return v.kind() == native.ClassUint16Array }

// IsInt16Array tells whether v is an Int16Array.
func (v *Value) IsInt16Array() bool { return v.kind() == native.ClassInt16Array }

// IsUint32Array tells whether v is a Uint32Array.
func (v *Value) IsUint32Array() bool { return v.kind() == native.ClassUint32Array }

// IsInt32Array tells whether v is an Int32Array.
func (v *Value) IsInt32Array() bool { return v.kind() == native.ClassInt32Array }

// IsFloat32Array tells whether v is a Float32Array.
func (v *Value) IsFloat32Array() bool { return v.kind() == native.ClassFloat32Array }

// IsFloat64Array tells whether v is a Float64Array.
func (v *Value) IsFloat64Array() bool { return v.kind() == native.ClassFloat64Array }

// IsBigInt64Array tells whether v is a BigInt64Array.
func (v *Value) IsBigInt64Array() bool { return v.kind() == native.ClassBigInt64Array }

// IsBigUint64Array tells whether v is a BigUint64Array.
func (v *Value) IsBigUint64Array() bool { return v.kind() == native.ClassBigUint64Array }

// IsDataView tells whether v is a DataView.
func (v *Value) IsDataView() bool { return v.kind() == native.ClassDataView }

// IsProxy tells whether v is a Proxy, of an object or a function.
func (v *Value) IsProxy() bool { return v.kind() == native.ClassProxy }

// IsWasmModuleObject tells whether v is a WebAssembly.Module.
func (v *Value) IsWasmModuleObject() bool { return v.has(native.TraitModule) }

// IsModuleNamespaceObject tells whether v is the namespace of a module, as import * gives.
func (v *Value) IsModuleNamespaceObject() bool { return v.kind() == native.ClassModuleNamespace }

// What a value is, with the methods of that kind; an error for a value of another kind.

// AsObject is v as an object. See Object for what makes one of everything.
func (v *Value) AsObject() (*Object, error) {
	if !v.IsObject() {
		return nil, typeError("AsObject", "an object", v)
	}
	return &Object{v}, nil
}

// AsFunction is v as a function.
func (v *Value) AsFunction() (*Function, error) {
	if !v.IsFunction() {
		return nil, typeError("AsFunction", "a function", v)
	}
	return &Function{v}, nil
}

// AsSymbol is v as a symbol.
func (v *Value) AsSymbol() (*Symbol, error) {
	if !v.IsSymbol() {
		return nil, typeError("AsSymbol", "a symbol", v)
	}
	return &Symbol{v}, nil
}

// AsException is v as an error of JavaScript's.
func (v *Value) AsException() (*Exception, error) {
	if err := v.expect("AsException", native.ClassError, "an Error"); err != nil {
		return nil, err
	}
	return &Exception{Value: v}, nil
}

// AsArray is v as an array.
func (v *Value) AsArray() (*Array, error) {
	if err := v.expect("AsArray", native.ClassArray, "an Array"); err != nil {
		return nil, err
	}
	return &Array{&Object{v}}, nil
}

// AsDate is v as a Date.
func (v *Value) AsDate() (*Date, error) {
	if err := v.expect("AsDate", native.ClassDate, "a Date"); err != nil {
		return nil, err
	}
	return &Date{&Object{v}}, nil
}

// AsRegExp is v as a RegExp.
func (v *Value) AsRegExp() (*RegExp, error) {
	if err := v.expect("AsRegExp", native.ClassRegExp, "a RegExp"); err != nil {
		return nil, err
	}
	return &RegExp{&Object{v}}, nil
}

// AsMap is v as a Map.
func (v *Value) AsMap() (*Map, error) {
	if err := v.expect("AsMap", native.ClassMap, "a Map"); err != nil {
		return nil, err
	}
	return &Map{&Object{v}}, nil
}

// AsSet is v as a Set.
func (v *Value) AsSet() (*Set, error) {
	if err := v.expect("AsSet", native.ClassSet, "a Set"); err != nil {
		return nil, err
	}
	return &Set{&Object{v}}, nil
}

// expect is why a value is not of a class; nil when it is.
func (v *Value) expect(op string, class uint32, expected string) error {
	if v.kind() == class {
		return nil
	}
	if v.IsObject() {
		// What cannot be asked any more is not of another kind.
		if _, err := ask(op, native.OpClass, v); err != nil {
			return err
		}
	}
	return typeError(op, expected, v)
}
