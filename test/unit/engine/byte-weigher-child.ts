import process from 'node:process';
import v8 from 'node:v8';
import vm from 'node:vm';
import { approximateBytes } from '../../../lib/engine/weight/byte-weigher.js';

/*
 * Weighs values of many kinds, and measures by how much each makes the heap grow, in a process that does nothing else.
 * Tells them as one line of JSON: a name, the estimate and the growth of each.
 */
v8.setFlagsFromString('--expose-gc');
const collectGarbage = vm.runInNewContext('gc') as () => void;

const BATCH_BYTES = 2 ** 20;
const BATCHES = 5;

function usedBytes(): number {
  // What was held weakly goes in the second round.
  collectGarbage();
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Heap growth for one more value of the kind: the median over the batches, each measured on top of the last. */
function measuredBytes(make: (i: number) => unknown, estimate: number): number {
  const count = Math.max(32, Math.min(20_000, Math.ceil(BATCH_BYTES / estimate)));
  const batches = Array.from({ length: BATCHES }, () => new Array<unknown>(count).fill(null));
  // Shapes, code and caches that the first values make are not theirs.
  for (let i = 0; i < 30; i++) make(BATCHES * count + i);
  let before = usedBytes();
  const measurements = batches.map((batch, number) => {
    for (let i = 0; i < count; i++) batch[i] = make(number * count + i);
    const after = usedBytes();
    const growth = (after - before) / count;
    before = after;
    return growth;
  });
  // Looked at afterwards, so that none of them was garbage while it was measured.
  if (batches.flat().includes(null)) throw new Error('a value was not kept');
  return measurements.sort((a, b) => a - b)[Math.floor(BATCHES / 2)] ?? NaN;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Text made anew on each call, flat and shared with nothing, as a database driver makes it. */
function text(length: number, i: number, filler = 'x'): string {
  return decoder.decode(encoder.encode(String(i).padStart(8, '0').padEnd(length, filler)));
}

class Account {
  readonly id: number;
  readonly email: string;
  readonly createdAt: Date;
  readonly roles: string[];
  constructor(i: number) {
    this.id = i;
    this.email = text(24, i);
    this.createdAt = new Date(1.7e12 + i);
    this.roles = [text(11, i), 'user'];
  }
}

function userJson(i: number): string {
  return JSON.stringify({
    id: i,
    email: text(24, i),
    firstName: text(9, i),
    lastName: text(14, i + 1),
    active: i % 2 === 0,
    score: i + 0.5,
    createdAt: '2026-01-31T12:00:00.000Z',
    nickname: null,
  });
}

function orderJson(i: number): string {
  return JSON.stringify({
    id: text(36, i),
    customer: {
      id: i,
      name: text(18, i),
      address: { street: text(22, i + 1), city: text(12, i), zip: text(9, i + 7) },
    },
    lines: [1, 2, 3, 4].map((line) => ({
      sku: text(12, i * 7 + line),
      quantity: line,
      price: line + 0.99,
      title: text(30, i),
    })),
    tags: [text(11, i), text(12, i), text(13, i)],
    total: i + 0.25,
  });
}

const FORTY = 'x'.repeat(40);
const KILO = 'x'.repeat(1_024);

const numbers = (count: number): number[] => Array.from({ length: count }, (_, k) => k);

const KINDS: readonly (readonly [string, (i: number) => unknown])[] = [
  ['a flat object from JSON', (i) => JSON.parse(userJson(i))],
  ['a nested object from JSON', (i) => JSON.parse(orderJson(i))],
  [
    'a page of 20 objects from JSON',
    (i) =>
      JSON.parse(
        `{"total":20,"items":[${numbers(20)
          .map((k) => userJson(i * 20 + k))
          .join()}]}`,
      ),
  ],
  [
    'a flat literal',
    (i) => ({ id: i, name: text(20, i), email: text(24, i), age: 42, active: true, city: text(12, i) }),
  ],
  [
    'a nested literal',
    (i) => ({
      id: i,
      owner: { id: i, name: text(20, i), home: { x: i + 0.5, y: i + 0.25 } },
      list: [{ a: i }, { a: i }],
    }),
  ],
  ['an empty object', () => ({})],
  [
    'an object of 60 properties',
    (i) =>
      JSON.parse(
        `{${numbers(60)
          .map((k) => `"p${k}":${i}`)
          .join()}}`,
      ),
  ],
  [
    'an object of 300 properties named by what they hold',
    (i) =>
      JSON.parse(
        `{${numbers(300)
          .map((k) => `"record-${i}-${k}":${i}`)
          .join()}}`,
      ),
  ],
  [
    'an object of 10 large indices',
    (i) =>
      JSON.parse(
        `{${numbers(10)
          .map((k) => `"${k * 7_919 + 100_003}":${i}`)
          .join()}}`,
      ),
  ],
  [
    'an object of 50 small indices',
    (i) =>
      JSON.parse(
        `{${numbers(50)
          .map((k) => `"${k}":${i}`)
          .join()}}`,
      ),
  ],
  ['an instance of a class', (i) => new Account(i)],
  ['a one-byte string of 8', (i) => text(8, i)],
  ['a one-byte string of 100', (i) => text(100, i)],
  ['a one-byte string of 5,000', (i) => text(5_000, i)],
  ['a two-byte string of 20', (i) => text(20, i, 'я')],
  ['a two-byte string of 1,000', (i) => text(1_000, i, '漢')],
  ['a long string with one emoji', (i) => decoder.decode(encoder.encode(`${text(2_000, i)}😀`))],
  ['a Buffer of 40 bytes from the pool', () => Buffer.from(FORTY)],
  ['a Buffer of 1 KB from the pool', () => Buffer.from(KILO)],
  ['a Buffer of 1 KB', () => Buffer.alloc(1_024)],
  ['a Buffer of 64 KB', () => Buffer.allocUnsafe(65_536)],
  ['a Uint8Array of 32 bytes', () => new Uint8Array(32)],
  ['a Float64Array of 200', () => new Float64Array(200)],
  ['an ArrayBuffer of 1 KB', () => new ArrayBuffer(1_024)],
  ['a DataView', () => new DataView(new ArrayBuffer(500))],
  ['an empty array', () => []],
  ['an array of 100 fractions', (i) => numbers(100).map((k) => k + i + 0.5)],
  ['an array of 50 strings', (i) => numbers(50).map((k) => text(16, i * 50 + k))],
  ['an array of 30 objects', (i) => numbers(30).map((k) => ({ id: k, name: text(12, i * 30 + k) }))],
  [
    'an array of 5,000 objects',
    (i) => numbers(5_000).map((k) => ({ id: k, name: text(12, i * 5_000 + k), at: k + 0.5 })),
  ],
  ['an array of 20,000 integers', () => numbers(20_000)],
  ['a Map of 100 strings', (i) => new Map(numbers(100).map((k) => [text(12, i * 100 + k), text(20, k)]))],
  ['a Map of 3,000 objects', (i) => new Map(numbers(3_000).map((k) => [k, { id: k, name: text(20, i * 3_000 + k) }]))],
  ['a Set of 200 strings', (i) => new Set(numbers(200).map((k) => text(14, i * 200 + k)))],
  ['a Date', (i) => new Date(1.7e12 + i)],
  ['a RegExp', (i) => new RegExp(`^${text(8, i)}$`)],
  [
    'a nested combination',
    (i) => ({
      account: new Account(i),
      byDay: new Map(numbers(10).map((k) => [text(11, k), { hits: k, ratio: k + 0.5, at: new Date(1.7e12 + k) }])),
      body: Buffer.from(FORTY),
      tags: new Set(numbers(6).map((k) => text(12, i * 6 + k))),
    }),
  ],
];

const results = KINDS.map(([name, make]) => {
  const estimate = approximateBytes(make(1));
  return { name, estimate, measured: measuredBytes(make, estimate) };
});
process.stdout.write(`${JSON.stringify(results)}\n`);
