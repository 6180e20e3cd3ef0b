/*
 * A thread of the stress tests. It reads, loads under fences, puts and invalidates keys at random, and throws at the first
 * value that is torn, of another key, or older than an invalidation that had returned before it was asked for.
 */
import { parentPort, workerData } from 'node:worker_threads';

const { urls, memory, keys, truth, least, progress, index, operations, seed } = workerData;
const { attach } = await import(urls.memory);
const { RecordTable } = await import(urls.table);
const { Entries } = await import(urls.entries);
const { SpaceName, RecordName } = await import(urls.names);

const attached = attach(memory);
const entries = new Entries(new RecordTable(attached.words, attached.geometry));
const space = new SpaceName('stress', attached.seed);
const names = Array.from({ length: keys }, (_, key) => new RecordName(space, `key:${key}`));
const own = Array.from({ length: keys }, (_, key) => new RecordName(space, `own:${key}`));
const ENTRY = 0;
/** How many words values have. */
const SPREAD = [3, 8, 16, 25, 25, 40, 80, 200];
const LARGE = 2_000;

let state = seed | 0;
function random(below) {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return (state >>> 0) % below;
}

/** A value says its key and version, and each of its words follows from them and from its length. */
function valueOf(key, version) {
  const words = new Int32Array(lengthOf(key, version));
  words[0] = key;
  words[1] = version;
  let word = seedOf(key, version, words.length);
  for (let at = 2; at < words.length; at++) words[at] = word = next(word, at);
  return new Uint8Array(words.buffer);
}

function versionOf(key, bytes) {
  const words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length >>> 2);
  const version = words[1];
  if (words[0] !== key) throw new Error(`foreign: key ${words[0]} under ${key}`);
  let isWhole = bytes.length === 4 * lengthOf(key, version);
  let word = seedOf(key, version, words.length);
  for (let at = 2; at < words.length; at++) isWhole &&= words[at] === (word = next(word, at));
  if (!isWhole) throw new Error(`torn: key ${key}, version ${version}, ${bytes.length} bytes`);
  return version;
}

function lengthOf(key, version) {
  return (key & 63) === 0 ? LARGE : SPREAD[(key * 7 + version) & 7] + (key & 3);
}

function seedOf(key, version, length) {
  return Math.imul(key + 1, 0x9e3779b1) ^ Math.imul(version, 0xc2b2ae35) ^ length;
}

function next(word, at) {
  return (Math.imul(word ^ (word >>> 15), 0x85ebca6b) + at) | 0;
}

function read(key) {
  const atLeast = Atomics.load(least, key);
  const bytes = entries.table.value(ENTRY, names[key], 0);
  if (bytes === undefined) return 0;
  const version = versionOf(key, bytes);
  if (version < atLeast) throw new Error(`resurrected: key ${key}, version ${version} after ${atLeast}`);
  if (version > Atomics.load(truth, key)) throw new Error(`from the future: key ${key}, version ${version}`);
  return 1;
}

/** As a cache does it: a fence, then the value, then the write that the fence permits. */
function load(key) {
  const fence = entries.guards.fence(names[key], 60_000, 0);
  entries.write(names[key], valueOf(key, Atomics.load(truth, key)), Infinity, fence, 0);
}

function invalidate(key) {
  const version = Atomics.add(truth, key, 1) + 1;
  entries.remove(names[key], 0);
  for (let seen = Atomics.load(least, key); seen < version;) {
    const before = Atomics.compareExchange(least, key, seen, version);
    if (before === seen) break;
    seen = before;
  }
}

let hits = 0;
for (let done = 0; done < operations; done++) {
  // Few of the keys are asked for often, so that threads meet.
  const key = random(4) === 0 ? random(8) : random(keys);
  const dice = random(100);
  if (dice < 70) hits += read(key);
  else if (dice < 85) load(key);
  else if (dice < 90) invalidate(key);
  else if (dice < 95) entries.write(own[key], valueOf(key, random(1_000)), Infinity, undefined, 0);
  else {
    const bytes = entries.table.value(ENTRY, own[key], 0);
    if (bytes !== undefined) versionOf(key, bytes);
  }
  if ((done & 255) === 0) Atomics.store(progress, index, done);
}
parentPort.postMessage({ hits });
