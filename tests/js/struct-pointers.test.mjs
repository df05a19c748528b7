// Pointer fields are set only from branded objects, keep them alive, and are checked again before every call.
import { test, equal, deepEqual, throws, ok } from "./assert.mjs";
import * as pointers from "ffi:pointers";

const { Person } = pointers;

test("text fields are copies that live as long as the instance", () => {
  const p = new Person({ name: "Änne", age: 3 });
  equal(p.name, "Änne");
  equal(pointers.person_name_length(p), 5);
  p.name = "x".repeat(1000);
  equal(pointers.person_name_length(p), 1000);
  p.name = null;
  equal(p.name, null);
  equal(pointers.person_name_length(p), 9999);
  equal(pointers.person_name_length({ name: "abc" }), 3);
  throws(() => { p.name = 5; }, { name: "TypeError" });
  throws(() => { p.name = "a\0b"; }, { name: "TypeError", message: /NUL/ });
});

test("pointers to structs", () => {
  const friend = new Person({ name: "Bo", age: 40 });
  const p = new Person({ name: "Al" });
  equal(p.friend, null);
  equal(pointers.person_friend_age(p), -1);
  let settable = true;
  try {
    p.friend = friend;
  } catch {
    settable = false;
  }
  if (settable) {
    equal(pointers.person_friend_age(p), 40);
    equal(p.friend.age, 40);
    equal(p.friend, friend);
    friend[Symbol.dispose]();
    throws(() => pointers.person_friend_age(p), { name: "Error" });
  }
  for (const bad of [5, 0x1000, 4096n, "0x1000", new Uint8Array(8), {}, new pointers.Point()]) {
    throws(() => { p.friend = bad; }, { name: "TypeError" });
  }
});

test("counted pointers keep their buffer and are cut to it", () => {
  const p = new Person();
  const photo = new Uint8Array([1, 2, 3]);
  p.photo = photo;
  equal(p.photo_size, 3);
  equal(pointers.person_photo_sum(p), 6);
  photo[0] = 10;
  equal(pointers.person_photo_sum(p), 15);
  throws(() => { p.photo_size = 4; }, { name: "RangeError" });
  equal(pointers.person_photo_sum(p), 15);
  p.photo_size = 1;
  equal(pointers.person_photo_sum(p), 10);
  p.photo = null;
  equal(p.photo_size, 0);
  equal(pointers.person_photo_sum(p), 0);
  throws(() => { p.photo = 5; }, { name: "TypeError" });
  throws(() => { p.photo = new Float64Array(1); }, { name: "TypeError" });
});

test("a counted pointer whose buffer was detached", () => {
  const p = new Person();
  const photo = new Uint8Array([1, 2, 3]);
  p.photo = photo;
  structuredClone(photo.buffer, { transfer: [photo.buffer] });
  throws(() => pointers.person_photo_sum(p), { name: /Error$/, message: /^pointers\.person_photo_sum: / });
});

test("opaque pointers cannot be set", () => {
  const p = new Person();
  throws(() => { p.secret = 5; }, TypeError);
  throws(() => new Person({ secret: 5 }), TypeError);
});

test("inout on a struct with pointers", () => {
  const p = new Person({ name: "Al", age: 1 });
  pointers.person_birthday(p);
  equal(p.age, 2);
  equal(p.name, "Al");
});

test("buffers of structs", () => {
  equal(pointers.points_sum([{ x: 1, y: 2 }, new pointers.Point({ x: 3, y: 4 })]), 46);
  equal(pointers.points_sum([]), 0);
  throws(() => pointers.points_sum([{ x: "1" }]), { name: "TypeError" });
  throws(() => pointers.points_sum([5]), { name: "TypeError" });
});

test("a literal's counted field refuses what can shrink", () => {
  const resizable = new ArrayBuffer(3, { maxByteLength: 8 });
  throws(() => pointers.person_photo_sum({ photo: new Uint8Array(resizable) }), {
    name: "TypeError",
    message: "pointers.person_photo_sum: p.photo: a resizable buffer cannot be used here",
  });
});
