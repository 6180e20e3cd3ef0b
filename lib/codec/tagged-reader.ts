import { show } from '../core/index.js';
import type { ClassRegistry } from './class-codec.js';
import { defineOwn } from './own-property.js';
import { isTag, MAX_BIGINT_DIGITS, MAX_DEPTH, TAGS } from './tags.js';
import { withBytes } from './views.js';

const NUMBERS: ReadonlyMap<unknown, number> = new Map([
  ['NaN', NaN],
  ['Infinity', Infinity],
  ['-Infinity', -Infinity],
  ['-0', -0],
]);

const ERRORS: ReadonlyMap<string, new (message?: string) => Error> = new Map<string, new (message?: string) => Error>(
  [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError].map((type) => [type.name, type]),
);

/** An element that stands for a hole, until its array has been filled. */
const HOLE = Symbol('hole');

/** Turns what JSON.parse made back into the value; in place, as nobody else has seen it. Throws when it is malformed. */
export class TaggedReader {
  constructor(private readonly classes: ClassRegistry) {}

  read(parsed: unknown): unknown {
    const value = this.value(parsed, 0);
    if (value === HOLE) malformed('a hole outside of an array');
    return value;
  }

  private value(parsed: unknown, depth: number): unknown {
    if (typeof parsed !== 'object' || parsed === null) return parsed;
    // Two objects, the tag and its contents, may stand for one.
    if (depth > 2 * MAX_DEPTH + 2) malformed(`more than ${MAX_DEPTH} levels of values`);
    if (Array.isArray(parsed)) return this.array(parsed, depth);
    const names = Object.keys(parsed);
    if (isTag(names)) return this.tagged(parsed as Record<string, unknown>, names[0] as string, depth + 1);
    return this.properties(parsed, names, depth);
  }

  private array(parsed: unknown[], depth: number): unknown[] {
    for (let i = 0; i < parsed.length; i++) {
      const element = parsed[i];
      if (typeof element !== 'object' || element === null) continue;
      const value = this.value(element, depth + 1);
      if (value === HOLE) {
        delete parsed[i];
      } else if (value !== element) {
        parsed[i] = value;
      }
    }
    return parsed;
  }

  private properties(parsed: object, names: readonly string[], depth: number): object {
    for (const name of names) {
      const property = (parsed as Record<string, unknown>)[name];
      if (typeof property !== 'object' || property === null) continue;
      const value = this.contents(property, depth);
      if (value !== property) defineOwn(parsed, name, value);
    }
    return parsed;
  }

  /** A value that is not an element of an array. */
  private contents(parsed: unknown, depth: number): unknown {
    const value = this.value(parsed, depth + 1);
    if (value === HOLE) malformed('a hole outside of an array');
    return value;
  }

  private tagged(parsed: Record<string, unknown>, name: string, depth: number): unknown {
    const contents = parsed[name];
    switch (name) {
      case TAGS.undefined:
        return undefined;
      case TAGS.hole:
        return HOLE;
      case TAGS.number:
        return NUMBERS.get(contents) ?? malformed('a number that is none');
      case TAGS.bigint:
        return bigint(text(contents));
      case TAGS.date:
        return contents === null ? new Date(NaN) : date(text(contents));
      case TAGS.map:
        return this.map(list(contents), depth);
      case TAGS.set:
        return new Set(this.dense(contents, depth));
      case TAGS.regexp: {
        const [source, flags] = list(contents);
        return new RegExp(text(source), text(flags));
      }
      case TAGS.url:
        return new URL(text(contents));
      case TAGS.bytes: {
        const [kind, base64] = list(contents);
        return withBytes(text(kind), text(base64)) ?? malformed('bytes of a kind that is not known');
      }
      case TAGS.error:
        return this.error(record(contents), depth);
      case TAGS.class: {
        const [className, stored] = list(contents);
        const codec = this.classes.named(text(className));
        if (codec === undefined) malformed(`an instance of ${show(className)}, a class that is not registered here`);
        return codec.decode(this.contents(stored, depth));
      }
      case TAGS.literal: {
        const literal = record(contents);
        return this.properties(literal, Object.keys(literal), depth);
      }
      default:
        return malformed(`the tag ${show(name)}, which is not known`);
    }
  }

  private dense(contents: unknown, depth: number): unknown[] {
    return list(contents).map((element) => this.contents(element, depth));
  }

  private map(contents: readonly unknown[], depth: number): Map<unknown, unknown> {
    if (contents.length % 2 === 1) malformed('a map with a key that has no value');
    const map = new Map<unknown, unknown>();
    const flat = this.dense(contents, depth);
    for (let i = 0; i < flat.length; i += 2) map.set(flat[i], flat[i + 1]);
    return map;
  }

  private error(written: Record<string, unknown>, depth: number): Error {
    const name = text(written['name']);
    const message = text(written['message']);
    const error =
      name === 'AggregateError' || 'errors' in written
        ? new AggregateError(this.dense(written['errors'] ?? [], depth), message)
        : new (ERRORS.get(name) ?? Error)(message);
    if (error.name !== name) hidden(error, 'name', name);
    hidden(error, 'stack', 'stack' in written ? text(written['stack']) : undefined);
    if ('cause' in written) hidden(error, 'cause', this.contents(written['cause'], depth));
    if ('fields' in written) {
      for (const [field, value] of Object.entries(record(written['fields']))) {
        const contents = this.contents(value, depth);
        Object.defineProperty(error, field, { value: contents, writable: true, enumerable: true, configurable: true });
      }
    }
    return error;
  }
}

function hidden(error: Error, name: string, value: unknown): void {
  Object.defineProperty(error, name, { value, writable: true, enumerable: false, configurable: true });
}

function bigint(digits: string): bigint {
  return digits.length > MAX_BIGINT_DIGITS ? malformed('a bigint with too many digits') : BigInt(digits);
}

function date(iso: string): Date {
  const parsed = new Date(iso);
  return Number.isNaN(parsed.getTime()) ? malformed('a date that is none') : parsed;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : malformed('something else where a tag has text');
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : malformed('something else where a tag has a list');
}

function record(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    malformed('something else where a tag has properties');
  return value as Record<string, unknown>;
}

function malformed(what: string): never {
  throw new SyntaxError(`it holds ${what}`);
}
