import { shownLines } from './shown-text.js';
import type { ValuePreview } from './wire.js';

/** Characters of a whole preview, and of one text in it. */
const MAX_TEXT = 8_000;
const MAX_STRING = 2_000;
const MAX_ITEMS = 100;
const MAX_DEPTH = 6;

/**
 * A value as text that looks like its literal. However large the value is, only what is shown is visited; its getters
 * are not called, nor any method of its own.
 */
export function valuePreview(value: unknown): ValuePreview {
  const writer = new PreviewWriter();
  try {
    writer.write(value, 0);
  } catch (error) {
    // A proxy may throw at any look.
    return { ...unshowable(error), kind: kindOf(value) };
  }
  return { text: shownLines(writer.text, MAX_TEXT), kind: kindOf(value), isTruncated: writer.isTruncated };
}

/** What stands in place of a value that cannot be looked at. */
export function unshowable(error: unknown): ValuePreview {
  return { text: `cannot be shown: ${shownLines(messageOf(error), 200)}`, kind: 'unknown', isTruncated: true };
}

/** `string`, `null`, `array`, or the name of an object's class. */
export function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value !== 'object') return typeof value;
  try {
    const { name } = Object.getPrototypeOf(value)?.constructor ?? {};
    return typeof name === 'string' && name !== '' && name !== 'Object' ? shownLines(name, 60) : 'object';
  } catch {
    return 'object';
  }
}

class PreviewWriter {
  text = '';
  isTruncated = false;
  private readonly around = new Set<object>();

  write(value: unknown, depth: number): void {
    if (typeof value === 'string') return this.string(value);
    if (typeof value === 'bigint') return this.add(`${value}n`);
    if (typeof value === 'function') return this.add(`[function ${value.name || 'anonymous'}]`);
    if (typeof value !== 'object' || value === null) return this.add(String(value));
    if (this.around.has(value)) return this.add('[circular]');
    if (depth >= MAX_DEPTH) return this.cut(`[${kindOf(value)}]`);
    this.around.add(value);
    this.object(value, depth);
    this.around.delete(value);
  }

  private object(value: object, depth: number): void {
    if (value instanceof Date) return this.add(Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString());
    if (value instanceof RegExp || value instanceof URL) return this.add(String(value));
    if (value instanceof Error) return this.add(value.stack ?? String(value));
    if (ArrayBuffer.isView(value)) return this.bytes(value);
    if (Array.isArray(value))
      return this.list('[', ']', value, value.length, depth, (item) => this.write(item, depth + 1));
    if (value instanceof Set) {
      return this.list('Set {', '}', value, value.size, depth, (item) => this.write(item, depth + 1));
    }
    if (value instanceof Map) return this.map(value, depth);
    const names = Object.keys(value);
    const name = kindOf(value);
    this.list(name === 'object' ? '{' : `${name} {`, '}', names, names.length, depth, (property) => {
      const { get, value: held } = Object.getOwnPropertyDescriptor(value, property) ?? {};
      this.add(`${/^[\w$]+$/.test(property) ? property : JSON.stringify(property.slice(0, 200))}: `);
      if (get === undefined) this.write(held, depth + 1);
      else this.add('[getter]');
    });
  }

  private map(value: ReadonlyMap<unknown, unknown>, depth: number): void {
    this.list('Map {', '}', value, value.size, depth, ([key, held]) => {
      this.write(key, depth + 1);
      this.add(' => ');
      this.write(held, depth + 1);
    });
  }

  private list<Item>(
    open: string,
    close: string,
    items: Iterable<Item>,
    count: number,
    depth: number,
    write: (item: Item) => void,
  ): void {
    if (count === 0) return this.add(open + close);
    const indent = '  '.repeat(depth + 1);
    this.add(open);
    let written = 0;
    for (const item of items) {
      if (written === MAX_ITEMS || this.text.length > MAX_TEXT) break;
      this.add(`\n${indent}`);
      write(item);
      this.add(',');
      written++;
    }
    if (written < count) this.cut(`\n${indent}… ${count - written} more`);
    this.add(`\n${'  '.repeat(depth)}${close}`);
  }

  private bytes(value: ArrayBufferView): void {
    const bytes = new Uint8Array(value.buffer, value.byteOffset, Math.min(value.byteLength, MAX_ITEMS));
    const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
    this.add(`${kindOf(value)} of ${value.byteLength} bytes <${hex}`);
    if (value.byteLength > MAX_ITEMS) this.cut(' …');
    this.add('>');
  }

  private string(text: string): void {
    if (text.length <= MAX_STRING) return this.add(JSON.stringify(text));
    this.add(JSON.stringify(text.slice(0, MAX_STRING)).slice(0, -1));
    this.cut(`…" (${text.length} characters)`);
  }

  private cut(text: string): void {
    this.isTruncated = true;
    this.add(text);
  }

  private add(text: string): void {
    if (this.text.length > MAX_TEXT) this.isTruncated = true;
    else this.text += text;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : typeof error;
}
