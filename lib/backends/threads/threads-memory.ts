import process from 'node:process';
import { types } from 'node:util';
import { getEnvironmentData, setEnvironmentData } from 'node:worker_threads';
import { BYTES_RULE, CacheMisuseError, OptionProblems, systemRandom, toBytes } from '../../core/index.js';
import { geometryOf, type Geometry } from './geometry.js';
import { AtomicWords } from './words.js';

/** How a {@link ThreadsMemory} is made. */
export interface ThreadsMemoryOptions {
  /** How many bytes it takes, everything included, now and for ever: bytes, or `'64mb'`, `'1gb'`; 1 MB to 4 GB. */
  readonly maxBytes: number | string;
  /**
   * What an entry usually takes, its key and 28 bytes included; decides how many can be found at a time. Give less where
   * entries are much smaller: they would be evicted before the memory is full. @defaultValue 256
   */
  readonly usualEntryBytes?: number | string;
  /** The largest entry: bytes, up to a 32nd of `maxBytes`. @defaultValue about a 256th of `maxBytes`, from 32 to 512 KB */
  readonly maxEntryBytes?: number | string;
}

/**
 * Memory that threads of one process share. It is a plain object over a `SharedArrayBuffer`: hand it to a worker by
 * `workerData`, in a message, or with {@link shareMemory}; each thread then makes a tier or a store of it.
 */
export interface ThreadsMemory {
  readonly kind: 'nestjs-strata:threads-memory';
  readonly buffer: SharedArrayBuffer;
}

/** What a thread needs to work on a memory. */
export interface AttachedMemory {
  readonly words: AtomicWords;
  readonly geometry: Geometry;
  /** Of all hashes: nobody outside can choose keys that meet in one bucket. */
  readonly seed: number;
  readonly maxEntryBytes: number;
}

const KIND = 'nestjs-strata:threads-memory';
/** Of the header: what it is, and in which version; a thread with another version of this package keeps away. */
const MAGIC_AT = 0;
const MAGIC = 0x53_54_52_31; // STR1
const SEED_AT = 1;
const MAX_BYTES_AT = 2; // in units of 64 bytes
const USUAL_BYTES_AT = 3;
const SEGMENT_BYTES_AT = 4;

const MB = 2 ** 20;
const MIN_SEGMENT_BYTES = 2 ** 16;
const MAX_SEGMENT_BYTES = 2 ** 20;
const USUAL_ENTRY_BYTES = 256;
/** Under this name the workers of a thread find what it shares. */
const SHARED = 'nestjs-strata:threads-memory';

/** Makes a memory for threads to share. It is of this process, and goes when no thread has it any more. */
export function threadsMemory(options: ThreadsMemoryOptions): ThreadsMemory {
  const { maxBytes, usualEntryBytes, segmentBytes } = resolve(options);
  const { totalBytes } = geometryOf({ maxBytes, usualEntryBytes, segmentBytes });
  const buffer = new SharedArrayBuffer(totalBytes);
  const header = new Int32Array(buffer);
  header[SEED_AT] = systemRandom() * 2 ** 32;
  header[MAX_BYTES_AT] = maxBytes / 64;
  header[USUAL_BYTES_AT] = usualEntryBytes;
  header[SEGMENT_BYTES_AT] = segmentBytes;
  header[MAGIC_AT] = MAGIC;
  return { kind: KIND, buffer };
}

/** Lets every worker that this thread starts from now on find the memory by itself, and this thread too. */
export function shareMemory(memory: ThreadsMemory): void {
  attach(memory);
  setEnvironmentData(SHARED, memory as unknown as string); // any value that can be cloned, its types are narrower
}

/** The memory that was given, or that the thread shared which started this one. */
export function attach(given: ThreadsMemory | undefined): AttachedMemory {
  const memory = given ?? sharedMemory();
  if (!isMemory(memory)) {
    throw new CacheMisuseError(
      'the option memory must be what threadsMemory() returned, here or in the thread that started this one; ' +
        'hand it over by workerData, or call shareMemory(memory) before workers are started',
    );
  }
  const cells = new Int32Array(memory.buffer);
  if (cells[MAGIC_AT] !== MAGIC) {
    throw new CacheMisuseError(
      'the option memory was made by another version of nestjs-strata; let all threads load the same one',
    );
  }
  const [seed, maxBytes, usualEntryBytes, segmentBytes] = [SEED_AT, MAX_BYTES_AT, USUAL_BYTES_AT, SEGMENT_BYTES_AT].map(
    (at) => cells[at] as number,
  ) as [number, number, number, number];
  return {
    words: new AtomicWords(cells, process.arch === 'x64' || process.arch === 'ia32'),
    geometry: geometryOf({ maxBytes: maxBytes * 64, usualEntryBytes, segmentBytes }),
    seed,
    maxEntryBytes: segmentBytes / 2,
  };
}

function sharedMemory(): unknown {
  return getEnvironmentData(SHARED);
}

function isMemory(candidate: unknown): candidate is ThreadsMemory {
  if (typeof candidate !== 'object' || candidate === null || !('kind' in candidate) || !('buffer' in candidate)) {
    return false;
  }
  return candidate.kind === KIND && types.isSharedArrayBuffer(candidate.buffer);
}

function resolve(given: ThreadsMemoryOptions) {
  const problems = new OptionProblems('threadsMemory');
  problems.requireObject('options', given);
  problems.refuseUnknown(given, ['maxBytes', 'usualEntryBytes', 'maxEntryBytes']);
  const bytesOf = (option: keyof ThreadsMemoryOptions, fallback: number | undefined, min: number, max: number) => {
    const received = given[option];
    const bytes = received === undefined ? fallback : toBytes(received);
    problems.require(bytes !== undefined, option, BYTES_RULE, received);
    const fits = bytes === undefined || (bytes >= min && bytes <= max);
    problems.require(fits, option, `must be ${min} to ${max} bytes`, received);
    return bytes !== undefined && fits ? bytes : min;
  };
  const maxBytes = Math.floor(bytesOf('maxBytes', undefined, MB, 4_096 * MB) / 64) * 64;
  const usualEntryBytes = Math.ceil(bytesOf('usualEntryBytes', USUAL_ENTRY_BYTES, 64, maxBytes / 32));
  const maxEntryBytes = bytesOf('maxEntryBytes', usualSegmentBytes(maxBytes) / 2, 1_024, maxBytes / 32);
  problems.throwIfAny();
  const segmentBytes = Math.max(MIN_SEGMENT_BYTES, powerOfTwo(2 * maxEntryBytes));
  return { maxBytes, usualEntryBytes, segmentBytes };
}

function usualSegmentBytes(maxBytes: number): number {
  return Math.min(MAX_SEGMENT_BYTES, Math.max(MIN_SEGMENT_BYTES, powerOfTwo(maxBytes / 128)));
}

function powerOfTwo(atLeast: number): number {
  return 2 ** Math.ceil(Math.log2(atLeast));
}
