function inner(value) {
	return value.missing.deeper;
}
setTimeout(() => console.log("not reached"), 0);
console.log("before");
inner({});
