// The layout of inspection, where Node 20 shows the same: what fits on one line, how long arrays
// are grouped, where holes are.
import { inspect } from "isthmus:host";
import { equal, test } from "./assert.mjs";

const cases = [
  [() => [, 1, , , 2, ,], "[ <1 empty item>, 1, <2 empty items>, 2, <1 empty item> ]"],
  [() => [,], "[ <1 empty item> ]"],
  [() => new Array(5), "[ <5 empty items> ]"],
  [() => Object.assign([, 2], { x: 1 }), "[ <1 empty item>, 2, x: 1 ]"],
  [
    () => Array.from({ length: 30 }, (_, i) => i),
    [
      "[",
      "   0,  1,  2,  3,  4,  5,  6,  7,  8,",
      "   9, 10, 11, 12, 13, 14, 15, 16, 17,",
      "  18, 19, 20, 21, 22, 23, 24, 25, 26,",
      "  27, 28, 29",
      "]",
    ].join("\n"),
  ],
  [
    () => Array.from({ length: 120 }, (_, i) => i * 7),
    [
      "[",
      "    0,   7,  14,  21,  28,  35,  42,  49,  56,  63,  70,  77,",
      "   84,  91,  98, 105, 112, 119, 126, 133, 140, 147, 154, 161,",
      "  168, 175, 182, 189, 196, 203, 210, 217, 224, 231, 238, 245,",
      "  252, 259, 266, 273, 280, 287, 294, 301, 308, 315, 322, 329,",
      "  336, 343, 350, 357, 364, 371, 378, 385, 392, 399, 406, 413,",
      "  420, 427, 434, 441, 448, 455, 462, 469, 476, 483, 490, 497,",
      "  504, 511, 518, 525, 532, 539, 546, 553, 560, 567, 574, 581,",
      "  588, 595, 602, 609, 616, 623, 630, 637, 644, 651, 658, 665,",
      "  672, 679, 686, 693,",
      "  ... 20 more items",
      "]",
    ].join("\n"),
  ],
  [
    () => Array.from({ length: 27 }, (_, i) => "item" + i),
    [
      "[",
      "  'item0',  'item1',  'item2',",
      "  'item3',  'item4',  'item5',",
      "  'item6',  'item7',  'item8',",
      "  'item9',  'item10', 'item11',",
      "  'item12', 'item13', 'item14',",
      "  'item15', 'item16', 'item17',",
      "  'item18', 'item19', 'item20',",
      "  'item21', 'item22', 'item23',",
      "  'item24', 'item25', 'item26'",
      "]",
    ].join("\n"),
  ],
  [
    () => Array.from({ length: 101 }, (_, i) => "a"),
    [
      "[",
      "  'a', 'a', 'a', 'a', 'a', 'a', 'a', 'a', 'a', 'a', 'a', 'a',",
      "  'a', 'a', 'a', 'a', 'a', 'a', 'a', 'a', 'a', 'a', 'a', 'a',",
      "  'a', 'a', 'a', 'a', 'a', 'a', 'a', 'a', 'a', 'a', 'a', 'a',",
      "  'a', 'a', 'a', 'a', 'a', 'a', 'a', 'a', 'a', 'a', 'a', 'a',",
      "  'a', 'a', 'a', 'a', 'a', 'a', 'a', 'a', 'a', 'a', 'a', 'a',",
      "  'a', 'a', 'a', 'a', 'a', 'a', 'a', 'a', 'a', 'a', 'a', 'a',",
      "  'a', 'a', 'a', 'a', 'a', 'a', 'a', 'a', 'a', 'a', 'a', 'a',",
      "  'a', 'a', 'a', 'a', 'a', 'a', 'a', 'a', 'a', 'a', 'a', 'a',",
      "  'a', 'a', 'a', 'a',",
      "  ... 1 more item",
      "]",
    ].join("\n"),
  ],
  [
    () => Array.from({ length: 7 }, (_, i) => ({ i })),
    [
      "[",
      "  { i: 0 }, { i: 1 },",
      "  { i: 2 }, { i: 3 },",
      "  { i: 4 }, { i: 5 },",
      "  { i: 6 }",
      "]",
    ].join("\n"),
  ],
  [
    () => Array.from({ length: 20 }, (_, i) => "x".repeat(i)),
    [
      "[",
      "  '',                   'x',",
      "  'xx',                 'xxx',",
      "  'xxxx',               'xxxxx',",
      "  'xxxxxx',             'xxxxxxx',",
      "  'xxxxxxxx',           'xxxxxxxxx',",
      "  'xxxxxxxxxx',         'xxxxxxxxxxx',",
      "  'xxxxxxxxxxxx',       'xxxxxxxxxxxxx',",
      "  'xxxxxxxxxxxxxx',     'xxxxxxxxxxxxxxx',",
      "  'xxxxxxxxxxxxxxxx',   'xxxxxxxxxxxxxxxxx',",
      "  'xxxxxxxxxxxxxxxxxx', 'xxxxxxxxxxxxxxxxxxx'",
      "]",
    ].join("\n"),
  ],
  [
    () => Array.from({ length: 20 }, (_, i) => "日本".repeat(i % 3)),
    [
      "[",
      "  '', '日本', '日本日本',",
      "  '', '日本', '日本日本',",
      "  '', '日本', '日本日本',",
      "  '', '日本', '日本日本',",
      "  '', '日本', '日本日本',",
      "  '', '日本', '日本日本',",
      "  '', '日本'",
      "]",
    ].join("\n"),
  ],
  [
    () => Array.from({ length: 10 }, (_, i) => -i / 3),
    [
      "[",
      "  -0,",
      "  -0.3333333333333333,",
      "  -0.6666666666666666,",
      "  -1,",
      "  -1.3333333333333333,",
      "  -1.6666666666666667,",
      "  -2,",
      "  -2.3333333333333335,",
      "  -2.6666666666666665,",
      "  -3",
      "]",
    ].join("\n"),
  ],
  [
    () => Array.from({ length: 10 }, (_, i) => BigInt(i)),
    ["[", "  0n, 1n, 2n, 3n, 4n,", "  5n, 6n, 7n, 8n, 9n", "]"].join("\n"),
  ],
  [
    () => Array.from({ length: 100 }, (_, i) => i),
    [
      "[",
      "   0,  1,  2,  3,  4,  5,  6,  7,  8,  9, 10, 11,",
      "  12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23,",
      "  24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35,",
      "  36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47,",
      "  48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59,",
      "  60, 61, 62, 63, 64, 65, 66, 67, 68, 69, 70, 71,",
      "  72, 73, 74, 75, 76, 77, 78, 79, 80, 81, 82, 83,",
      "  84, 85, 86, 87, 88, 89, 90, 91, 92, 93, 94, 95,",
      "  96, 97, 98, 99",
      "]",
    ].join("\n"),
  ],
  [
    () =>
      Object.assign(
        Array.from({ length: 100 }, (_, i) => i),
        { x: 1 },
      ),
    [
      "[",
      "  0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11,",
      "  12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23,",
      "  24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35,",
      "  36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47,",
      "  48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59,",
      "  60, 61, 62, 63, 64, 65, 66, 67, 68, 69, 70, 71,",
      "  72, 73, 74, 75, 76, 77, 78, 79, 80, 81, 82, 83,",
      "  84, 85, 86, 87, 88, 89, 90, 91, 92, 93, 94, 95,",
      "  96, 97, 98, 99,",
      "  x: 1",
      "]",
    ].join("\n"),
  ],
  [
    () =>
      Object.assign(
        Array.from({ length: 10 }, (_, i) => i),
        { x: 1 },
      ),
    ["[", "  0,    1, 2, 3, 4,", "  5,    6, 7, 8, 9,", "  x: 1", "]"].join("\n"),
  ],
  [
    () => {
      const a = [];
      a[150] = 1;
      a[200] = 2;
      return a;
    },
    "[ <150 empty items>, 1, <49 empty items>, 2 ]",
  ],
  [
    () => {
      const a = Array(300).fill(0);
      delete a[5];
      return a;
    },
    [
      "[",
      "  0,              0, 0, 0, 0,",
      "  <1 empty item>, 0, 0, 0, 0,",
      "  0,              0, 0, 0, 0,",
      "  0,              0, 0, 0, 0,",
      "  0,              0, 0, 0, 0,",
      "  0,              0, 0, 0, 0,",
      "  0,              0, 0, 0, 0,",
      "  0,              0, 0, 0, 0,",
      "  0,              0, 0, 0, 0,",
      "  0,              0, 0, 0, 0,",
      "  0,              0, 0, 0, 0,",
      "  0,              0, 0, 0, 0,",
      "  0,              0, 0, 0, 0,",
      "  0,              0, 0, 0, 0,",
      "  0,              0, 0, 0, 0,",
      "  0,              0, 0, 0, 0,",
      "  0,              0, 0, 0, 0,",
      "  0,              0, 0, 0, 0,",
      "  0,              0, 0, 0, 0,",
      "  0,              0, 0, 0, 0,",
      "  ... 200 more items",
      "]",
    ].join("\n"),
  ],
  [
    () => {
      const a = [];
      for (let i = 0; i < 300; i += 2) a[i] = i;
      return a;
    },
    [
      "[",
      "  0,              <1 empty item>, 2,              <1 empty item>, 4,",
      "  <1 empty item>, 6,              <1 empty item>, 8,              <1 empty item>,",
      "  10,             <1 empty item>, 12,             <1 empty item>, 14,",
      "  <1 empty item>, 16,             <1 empty item>, 18,             <1 empty item>,",
      "  20,             <1 empty item>, 22,             <1 empty item>, 24,",
      "  <1 empty item>, 26,             <1 empty item>, 28,             <1 empty item>,",
      "  30,             <1 empty item>, 32,             <1 empty item>, 34,",
      "  <1 empty item>, 36,             <1 empty item>, 38,             <1 empty item>,",
      "  40,             <1 empty item>, 42,             <1 empty item>, 44,",
      "  <1 empty item>, 46,             <1 empty item>, 48,             <1 empty item>,",
      "  50,             <1 empty item>, 52,             <1 empty item>, 54,",
      "  <1 empty item>, 56,             <1 empty item>, 58,             <1 empty item>,",
      "  60,             <1 empty item>, 62,             <1 empty item>, 64,",
      "  <1 empty item>, 66,             <1 empty item>, 68,             <1 empty item>,",
      "  70,             <1 empty item>, 72,             <1 empty item>, 74,",
      "  <1 empty item>, 76,             <1 empty item>, 78,             <1 empty item>,",
      "  80,             <1 empty item>, 82,             <1 empty item>, 84,",
      "  <1 empty item>, 86,             <1 empty item>, 88,             <1 empty item>,",
      "  90,             <1 empty item>, 92,             <1 empty item>, 94,",
      "  <1 empty item>, 96,             <1 empty item>, 98,             <1 empty item>,",
      "  ... 199 more items",
      "]",
    ].join("\n"),
  ],
  [() => Array(101), "[ <101 empty items> ]"],
  [
    () => {
      const a = [1];
      a[2 ** 32 - 2] = 3;
      return a;
    },
    "[ 1, <4294967293 empty items>, 3 ]",
  ],
  [
    () => ({ k: Array.from({ length: 50 }, (_, i) => i * i) }),
    [
      "{",
      "  k: [",
      "       0,    1,    4,    9,   16,   25,   36,   49,",
      "      64,   81,  100,  121,  144,  169,  196,  225,",
      "     256,  289,  324,  361,  400,  441,  484,  529,",
      "     576,  625,  676,  729,  784,  841,  900,  961,",
      "    1024, 1089, 1156, 1225, 1296, 1369, 1444, 1521,",
      "    1600, 1681, 1764, 1849, 1936, 2025, 2116, 2209,",
      "    2304, 2401",
      "  ]",
      "}",
    ].join("\n"),
  ],
  [
    () => ({ aaaaaaaaaaaaaaa: 1, bbbbbbbbbbbbbbbbbb: 2, cccccccccccccccccc: 3, dddd: 4 }),
    [
      "{",
      "  aaaaaaaaaaaaaaa: 1,",
      "  bbbbbbbbbbbbbbbbbb: 2,",
      "  cccccccccccccccccc: 3,",
      "  dddd: 4",
      "}",
    ].join("\n"),
  ],
  [
    () => ({ aaaaaaaaaaaaaaa: 1, bbbbbbbbbbbbbbbbbb: 2, cccccccccccccccccc: 3, dddddddd: 4 }),
    [
      "{",
      "  aaaaaaaaaaaaaaa: 1,",
      "  bbbbbbbbbbbbbbbbbb: 2,",
      "  cccccccccccccccccc: 3,",
      "  dddddddd: 4",
      "}",
    ].join("\n"),
  ],
  [
    () => ({
      aaaaaaaaaaaaaaa: 1,
      bbbbbbbbbbbbbbbbbb: 2,
      cccccccccccccccccc: 3,
      ddddddddd: 4,
      e: { f: [1, 2, 3] },
    }),
    [
      "{",
      "  aaaaaaaaaaaaaaa: 1,",
      "  bbbbbbbbbbbbbbbbbb: 2,",
      "  cccccccccccccccccc: 3,",
      "  ddddddddd: 4,",
      "  e: { f: [ 1, 2, 3 ] }",
      "}",
    ].join("\n"),
  ],
  [
    () => ({ a: [{ b: { c: { d: 1 } } }], x: [[[]]], y: [[[[]]]], z: [[[[1]]]] }),
    [
      "{",
      "  a: [ { b: [Object] } ],",
      "  x: [ [ [] ] ],",
      "  y: [ [ [Array] ] ],",
      "  z: [ [ [Array] ] ]",
      "}",
    ].join("\n"),
  ],
  [() => [[[[[[1]]]]]], "[ [ [ [Array] ] ] ]"],
  [
    () => ({
      users: [
        {
          id: 1,
          name: "Ada Lovelace",
          tags: ["math", "code"],
          address: { city: "London", zip: "123" },
        },
        { id: 2, name: "Alan Turing", tags: ["logic"], address: { city: "Wilmslow", zip: "456" } },
      ],
      total: 2,
    }),
    [
      "{",
      "  users: [",
      "    { id: 1, name: 'Ada Lovelace', tags: [Array], address: [Object] },",
      "    { id: 2, name: 'Alan Turing', tags: [Array], address: [Object] }",
      "  ],",
      "  total: 2",
      "}",
    ].join("\n"),
  ],
  [
    () => ({
      matrix: [
        [1, 0, 0],
        [0, 1, 0],
        [0, 0, 1],
      ],
    }),
    "{ matrix: [ [ 1, 0, 0 ], [ 0, 1, 0 ], [ 0, 0, 1 ] ] }",
  ],
  [
    () => ({ longString: "x".repeat(70), other: 1 }),
    [
      "{",
      "  longString: 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx',",
      "  other: 1",
      "}",
    ].join("\n"),
  ],
  [
    () => ["x".repeat(80), "y"],
    [
      "[",
      "  'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx',",
      "  'y'",
      "]",
    ].join("\n"),
  ],
];

test("layout", () => {
  for (const [make, expected] of cases) equal(inspect(make()), expected, String(make).slice(6));
});
