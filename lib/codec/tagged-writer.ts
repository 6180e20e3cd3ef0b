import { show } from '../core/index.js';
import type { ClassRegistry } from './class-codec.js';
import { CodecError } from './codec-error.js';
import { defineOwn } from './own-property.js';
import { isTag, MAX_BIGINT, MAX_DEPTH, MAX_HOLES, tag, TAGS } from './tags.js';
import { binaryForm } from './views.js';

/** Counted where they stand: what is shared in many places counts in each. */
const MAX_OBJECTS = 2 ** 20;

/**
 * Rewrites a value into one that JSON keeps whole: whatever JSON lacks becomes a tag. What needs no tag is not copied, so
 * a plain value costs one pass over it.
 *
 * Objects that occur twice are written twice. Properties under symbols and the named properties of arrays are left out.
 */
export class TaggedWriter {
  /** The objects from the root down to the present one, and the way between them. */
  private readonly ancestors: object[] = [];
  private readonly steps: (string | number)[] = [];
  private objects = 0;

  constructor(private readonly classes: ClassRegistry) {}

  /** The value as JSON can write it. */
  rewrite(value: unknown): unknown {
    try {
      return this.write(value);
    } catch (error) {
      if (error instanceof CodecError) throw error;
      this.refuse('throws when it is read', { cause: error });
    }
  }

  private write(value: unknown): unknown {
    if (isItself(value)) return value;
    switch (typeof value) {
      case 'object':
        return this.object(value as object);
      case 'number':
        return tag(TAGS.number, Object.is(value, -0) ? '-0' : String(value));
      case 'bigint':
        if (value > MAX_BIGINT || value < -MAX_BIGINT) this.refuse('is a bigint of more than 65536 bits');
        return tag(TAGS.bigint, String(value));
      case 'undefined':
        return tag(TAGS.undefined, true);
      default:
        this.refuse(`is ${typeof value === 'symbol' ? `a symbol (${show(value)})` : show(value)}`);
    }
  }

  private object(value: object): unknown {
    if (++this.objects > MAX_OBJECTS) this.refuse(`is beyond the ${MAX_OBJECTS} objects that a value may hold`);
    if (this.ancestors.includes(value)) this.refuse('leads back to an object that holds it (a circular structure)');
    if (this.ancestors.length === MAX_DEPTH) this.refuse(`is nested more than ${MAX_DEPTH} levels deep`);
    this.ancestors.push(value);
    const written = Array.isArray(value) ? this.array(value) : this.instance(value);
    this.ancestors.pop();
    return written;
  }

  private array(value: readonly unknown[]): unknown {
    // Also of another class of array, or JSON would ask it for its own text.
    let copy: unknown[] | undefined = Object.getPrototypeOf(value) === Array.prototype ? undefined : [...value];
    let holes = 0;
    for (let i = 0; i < value.length; i++) {
      const element = value[i];
      let written: unknown;
      if (element === undefined && !Object.hasOwn(value, i)) {
        if (++holes > MAX_HOLES) this.refuse(`is an array with more than ${MAX_HOLES} holes`);
        written = tag(TAGS.hole, true);
      } else {
        written = isItself(element) ? element : this.at(i, element);
      }
      if (copy === undefined && written !== element) copy = value.slice(0, i);
      if (copy !== undefined) copy[i] = written;
    }
    return copy ?? value;
  }

  private instance(value: object): unknown {
    const prototype: object | null = Object.getPrototypeOf(value);
    if (prototype === Object.prototype || prototype === null) return this.plain(value);
    const registered = this.classes.of(prototype);
    if (registered !== undefined) return tag(TAGS.class, [registered.name, this.write(registered.encode(value))]);
    // The commonest first, before its kind is asked for by name.
    if (prototype === Date.prototype) return this.builtIn(value, 'Date');
    const kind = Object.prototype.toString.call(value).slice('[object '.length, -1);
    const builtIn = this.builtIn(value, kind);
    if (builtIn !== undefined) return builtIn;
    const { toJSON } = value as { readonly toJSON?: unknown };
    if (typeof toJSON === 'function') return this.write(Reflect.apply(toJSON, value, ['']));
    if (kind !== 'Object') this.refuse(`is an object of the kind ${kind}, whose state cannot be read`);
    const names = Object.keys(value);
    if (names.length === 0 && hasMembers(prototype)) {
      this.refuse(`is ${show(value)} without a property of its own: its state is hidden`);
    }
    return this.properties({}, value, names);
  }

  private plain(value: object): unknown {
    const { toJSON } = value as { readonly toJSON?: unknown };
    if (typeof toJSON === 'function') return this.write(Reflect.apply(toJSON, value, ['']));
    const names = Object.keys(value);
    const written = this.properties(undefined, value, names);
    return isTag(names) ? tag(TAGS.literal, written) : written;
  }

  /** The properties, written; in the object itself when none of them changes and there is no `copy` to fill. */
  private properties(copy: object | undefined, value: object, names: readonly string[]): object {
    for (let i = 0; i < names.length; i++) {
      const name = names[i] as string;
      const property = (value as Record<string, unknown>)[name];
      const written = isItself(property) ? property : this.at(name, property);
      if (copy === undefined && written !== property) {
        copy = {};
        for (const earlier of names.slice(0, i)) {
          defineOwn(copy, earlier, (value as Record<string, unknown>)[earlier]);
        }
      }
      if (copy !== undefined) defineOwn(copy, name, written);
    }
    return copy ?? value;
  }

  /* The state of a built-in object, read by the built-in's own accessors: they refuse an object that only pretends to be
   * one, and work on those of another realm. */
  private builtIn(value: object, kind: string): unknown {
    switch (kind) {
      case 'Date':
        return tag(TAGS.date, dateText(Date.prototype.getTime.call(value)));
      case 'Map': {
        const pairs: unknown[] = [];
        Map.prototype.forEach.call(value, (held, key) => {
          pairs.push(this.at(pairs.length, key), this.at(pairs.length + 1, held));
        });
        return tag(TAGS.map, pairs);
      }
      case 'Set': {
        const elements: unknown[] = [];
        Set.prototype.forEach.call(value, (held) => void elements.push(this.at(elements.length, held)));
        return tag(TAGS.set, elements);
      }
      case 'RegExp':
        return tag(
          TAGS.regexp,
          ['source', 'flags'].map((name) => Reflect.get(RegExp.prototype, name, value)),
        );
      case 'URL':
        return tag(TAGS.url, Reflect.get(URL.prototype, 'href', value));
      case 'Error':
        return tag(TAGS.error, this.error(value as Error));
      default: {
        const form = binaryForm(value, kind);
        return form && tag(TAGS.bytes, form);
      }
    }
  }

  private error(error: Error): object {
    const fields = Object.keys(error);
    const written: Record<string, unknown> = { name: String(error.name), message: String(error.message) };
    if (typeof error.stack === 'string') written['stack'] = error.stack;
    for (const name of ['cause', 'errors'] as const) {
      if (!Object.hasOwn(error, name) || fields.includes(name)) continue;
      written[name] = this.at(name, (error as unknown as Record<string, unknown>)[name]);
    }
    if (fields.length > 0) written['fields'] = this.properties({}, error, fields);
    return written;
  }

  private at(step: string | number, value: unknown): unknown {
    this.steps.push(step);
    const written = this.write(value);
    this.steps.pop();
    return written;
  }

  private refuse(problem: string, options?: ErrorOptions): never {
    const path = this.steps.map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`)).join('');
    throw new CodecError(
      'unencodable',
      `the value${path === '' ? '' : ` at ${path}`} ${problem}, so it has no form in bytes; leave it out of what is cached, ` +
        'or register its class: taggedSerializer({ classes: [classCodec(YourClass)] })',
      { ...options, path },
    );
  }
}

/** Whether JSON writes it as it is. */
function isItself(value: unknown): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return true;
    case 'number':
      return Number.isFinite(value) && (value !== 0 || 1 / value > 0);
    default:
      return value === null;
  }
}

function dateText(time: number): string | null {
  return Number.isNaN(time) ? null : new Date(time).toISOString();
}

/** Whether a class gives its instances methods or accessors: something to show that is not an own property. */
function hasMembers(prototype: object | null): boolean {
  for (let at = prototype; at !== null && Object.getPrototypeOf(at) !== null; at = Object.getPrototypeOf(at)) {
    if (Reflect.ownKeys(at).length > 1) return true;
  }
  return false;
}
