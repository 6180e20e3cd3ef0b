import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createBrotliDecompress, createGunzip } from 'node:zlib';
import { UsageError } from './usage-error.mjs';

const FIRST_LENGTH = 2 ** 16;

/** What to do about what the system and the decompressors complain of, by the start of the code. */
const ADVICE = [
  ['ENOENT', 'a path starts from the folder that holds package.json'],
  ['EISDIR', 'give the files in it'],
  ['Z_BUF_ERROR', 'the file is cut off; fetch it again'],
  ['Z_DATA_ERROR', 'it is not gzip; name plain text without .gz'],
  ['ERR__ERROR_FORMAT', 'it is not brotli; name plain text without .br'],
  // A Map has no room for more.
  ['RangeError', 'it has more than 16 million keys; give the lines of a part of the keys, and sizes for that part'],
];

/**
 * The requests of a trace as numbers, 0 for the key that came first, 1 for the next one, and so on, and how many keys
 * there are. The file is read as a stream; what stays in memory is four bytes a request, and for text each key once.
 */
export async function readTrace(file) {
  const requests = new Requests();
  const isBinary = /\.u32(\.gz|\.br)?$/.test(file);
  const decoder = isBinary ? numbersOf(file, requests) : linesOf(requests);
  const stages = [createReadStream(file), ...decompressors(file), decoder];
  try {
    await pipeline(stages);
  } catch (error) {
    throw error instanceof UsageError ? error : unreadable(file, error);
  }
  if (requests.length === 0) throw new UsageError(`${file} has no keys; it must have one a line`);
  return { ids: requests.ids(), unique: requests.unique };
}

/** What the user reads when a trace cannot be read. */
export function unreadable(file, error) {
  const advice = ADVICE.find(([code]) => (error.code ?? error.name).startsWith(code))?.[1];
  return new UsageError(`cannot read ${file}: ${error.message}${advice === undefined ? '' : `; ${advice}`}`);
}

function decompressors(file) {
  if (file.endsWith('.gz')) return [createGunzip()];
  if (file.endsWith('.br')) return [createBrotliDecompress()];
  return [];
}

/** Keys numbered by first appearance, in an array that grows. */
class Requests {
  length = 0;
  #numbers = new Map();
  #ids = new Int32Array(FIRST_LENGTH);

  add(key) {
    let id = this.#numbers.get(key);
    if (id === undefined) {
      id = this.#numbers.size;
      this.#numbers.set(key, id);
    }
    if (this.length === this.#ids.length) {
      const longer = new Int32Array(this.length * 2);
      longer.set(this.#ids);
      this.#ids = longer;
    }
    this.#ids[this.length++] = id;
  }

  get unique() {
    return this.#numbers.size;
  }

  ids() {
    return this.#ids.subarray(0, this.length);
  }
}

/** Text, one key a line; blank lines are none, and line ends may be those of Windows. */
function linesOf(requests) {
  return async (chunks) => {
    const decoder = new TextDecoder();
    let rest = '';
    for await (const chunk of chunks) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
      rest = lines.pop();
      for (const line of lines) addLine(requests, line);
    }
    addLine(requests, rest + decoder.decode());
  };
}

function addLine(requests, line) {
  const key = line.endsWith('\r') ? line.slice(0, -1) : line;
  if (key !== '') requests.add(key);
}

function numbersOf(file, requests) {
  return async (chunks) => {
    let rest = Buffer.alloc(0);
    for await (const chunk of chunks) {
      const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      const whole = bytes.length - (bytes.length % 4);
      for (let at = 0; at < whole; at += 4) requests.add(bytes.readUInt32LE(at));
      rest = bytes.subarray(whole);
    }
    if (rest.length > 0) throw new UsageError(`${file} ends in the middle of a number; it must be 4 bytes each`);
  };
}
