import { CacheMisuseError, show } from './errors.js';

const MAX_DEPTH = 32;
const MAX_NODES = 10_000;
/** How many characters a canonical text may have. */
export const MAX_TEXT_LENGTH = 2 ** 20;
/** A bigint of so many bits has more digits than that; its text is not even begun. */
const MAX_BIGINT_BITS = 3_500_000n;

const IDENTIFIER = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u;

/* Writes key values. Each production can be told by how it begins, and ends where it is seen to end, so the texts of two
 * different values cannot meet:
 *
 *   value    = primitive | [class] '{' properties '}' | [class] '[' elements ']' [extras]
 *            | [class ':'] kind '(' contents ')' [extras]
 *   element  = value | '<hole>'
 *   extras   = '{' properties '}'        own properties beside the elements or contents, when there are any
 *   class    = identifier | JSON string  its name, where it is not Object, Array or the built-in kind itself
 *
 * A name before a brace is a class of the user's and before a parenthesis a kind that is built in, so a class of the
 * user's that is called `Date` is no date.
 */
export class CanonicalWriter {
  private readonly path: (string | number)[] = [];
  private readonly ancestors: object[] = [];
  private nodes = 0;
  private written = 0;

  /** `subject` names the value in messages, for example `the key`. */
  constructor(private subject: string) {}

  /** The text of one value; several values may share a writer, and then its limits hold for them together. */
  text(value: unknown, subject = this.subject): string {
    this.subject = subject;
    let text: string;
    try {
      text = this.write(value);
    } catch (error) {
      if (error instanceof CacheMisuseError) throw error;
      this.refuse('throws when it is read', { cause: error });
    }
    if (text.length > MAX_TEXT_LENGTH) this.refuse(TOO_LONG);
    return text;
  }

  private write(value: unknown): string {
    this.countNode();
    switch (typeof value) {
      case 'string':
        return this.string(value);
      case 'number':
        // `String(-0)` is '0', as it is to be.
        return this.counted(String(value));
      case 'bigint':
        return this.bigint(value);
      case 'boolean':
      case 'undefined':
        return String(value);
      case 'object':
        return value === null ? 'null' : this.object(value);
      default:
        this.refuse(`is ${typeof value === 'symbol' ? `a symbol (${show(value)})` : show(value)}`);
    }
  }

  private string(value: string): string {
    this.reserve(value.length);
    return this.counted(quote(value));
  }

  private bigint(value: bigint): string {
    const high = BigInt.asIntN(64, value) === value ? 0n : value >> MAX_BIGINT_BITS;
    if (high !== 0n && high !== -1n) this.refuse(TOO_LONG);
    return this.counted(`${value}n`);
  }

  private object(value: object): string {
    if (this.ancestors.includes(value)) this.refuse('leads back to an object that holds it (a circular structure)');
    if (this.ancestors.length === MAX_DEPTH) this.refuse(`is nested more than ${MAX_DEPTH} levels deep`);
    this.ancestors.push(value);
    const text = Array.isArray(value) ? this.array(value) : this.instance(value);
    this.ancestors.pop();
    return text;
  }

  private array(value: readonly unknown[]): string {
    if (value.length > MAX_NODES) this.refuse(TOO_MANY);
    const elements: string[] = [];
    let holes = 0;
    for (let i = 0; i < value.length; i++) {
      if (Object.hasOwn(value, i)) {
        elements.push(this.at(i, value[i]));
      } else {
        this.countNode();
        elements.push('<hole>');
        holes++;
      }
    }
    return `${this.className(value, 'Array')}[${elements.join(',')}]${this.extras(value, value.length - holes)}`;
  }

  /** An object that is no array. Its tag tells what is built in, also where another realm made it. */
  private instance(value: object): string {
    const description = Object.prototype.toString.call(value);
    if (description === '[object Object]') return this.record(value);
    const tag = description.slice('[object '.length, -1);
    const contents = this.contents(value, tag);
    if (contents === undefined) this.refuse(`is an object of the kind ${tag}, whose state cannot be read`);
    const className = this.className(value, tag);
    const hasElements = ArrayBuffer.isView(value) || tag === 'String';
    return `${className && `${className}:`}${tag}(${contents})${hasElements ? '' : this.extras(value)}`;
  }

  private record(value: object): string {
    const className = this.className(value, 'Object');
    const properties = this.properties(value, Object.keys(value));
    if (properties === '' && className !== '' && hasMembers(value)) {
      this.refuse(`is an instance of ${className} without a property of its own: its state is hidden`);
    }
    return `${className}{${properties}}`;
  }

  /* The state of a built-in object, read by the built-in's own accessors: they refuse an object that only pretends to be
   * one, and no subclass can replace them. */
  private contents(value: object, tag: string): string | undefined {
    switch (tag) {
      case 'Date': {
        const time = Date.prototype.getTime.call(value);
        return Number.isNaN(time) ? 'NaN' : new Date(time).toISOString();
      }
      case 'Map': {
        const pairs: string[] = [];
        Map.prototype.forEach.call(value, (held, key) =>
          pairs.push(`${this.at(pairs.length, key)}=>${this.at(pairs.length, held)}`),
        );
        return pairs.sort().join(',');
      }
      case 'Set': {
        const elements: string[] = [];
        Set.prototype.forEach.call(value, (held) => elements.push(this.at(elements.length, held)));
        return elements.sort().join(',');
      }
      case 'RegExp':
        return ['source', 'flags'].map((name) => this.string(Reflect.get(RegExp.prototype, name, value))).join(',');
      case 'URL':
        return this.string(Reflect.get(URL.prototype, 'href', value));
      case 'URLSearchParams':
        return this.string(URLSearchParams.prototype.toString.call(value));
      case 'String':
        return this.string(String.prototype.valueOf.call(value));
      case 'Number':
        return this.counted(String(Number.prototype.valueOf.call(value)));
      case 'BigInt':
        return this.bigint(BigInt.prototype.valueOf.call(value));
      case 'Boolean':
        return String(Boolean.prototype.valueOf.call(value));
      default:
        return this.binary(value, tag);
    }
  }

  private binary(value: object, tag: string): string | undefined {
    if (tag === 'ArrayBuffer' || tag === 'SharedArrayBuffer') {
      const type = tag === 'ArrayBuffer' ? ArrayBuffer : SharedArrayBuffer;
      Reflect.get(type.prototype, 'byteLength', value); // throws unless it is one
      return this.hex(new Uint8Array(value as ArrayBufferLike));
    }
    if (!ArrayBuffer.isView(value)) return undefined;
    this.reserve(2 * value.byteLength);
    if (tag === 'Uint8Array' || tag === 'Uint8ClampedArray' || tag === 'DataView') {
      return this.hex(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
    }
    // Elements as numbers, so that 0 and -0 are equal here too.
    return this.counted(Array.prototype.map.call(value, String).join(','));
  }

  private hex(bytes: Uint8Array): string {
    this.reserve(2 * bytes.length);
    let text = '';
    for (const byte of bytes) text += (byte < 16 ? '0' : '') + byte.toString(16);
    return this.counted(text);
  }

  private properties(value: object, names: string[]): string {
    for (const symbol of Object.getOwnPropertySymbols(value)) {
      if (!Object.prototype.propertyIsEnumerable.call(value, symbol)) continue;
      this.refuse(`has a property under a symbol (${show(symbol)})`);
    }
    let text = '';
    for (const name of inOrder(names)) {
      if (text !== '') text += ',';
      text += `${this.string(name)}:${this.at(name, (value as Record<string, unknown>)[name])}`;
    }
    return text;
  }

  /** The own properties after the first `elements`: indices come before names. */
  private extras(value: object, elements = 0): string {
    const properties = this.properties(value, Object.keys(value).slice(elements));
    return properties && `{${properties}}`;
  }

  /** The class's name as it stands in the text; empty for the built-in one itself and for an object without a class. */
  private className(value: object, builtIn: string): string {
    const prototype: object | null = Object.getPrototypeOf(value);
    // The commonest two, before anything is looked up.
    if (prototype === null || prototype === (builtIn === 'Object' ? Object : Array).prototype) return '';
    const isRoot = Object.getPrototypeOf(prototype) === null;
    const constructor: unknown = Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value;
    if (typeof constructor !== 'function' || constructor.prototype !== prototype) {
      // An empty one, such as that of what querystring.parse() returns, gives its objects neither a class nor data.
      if (isRoot && Reflect.ownKeys(prototype).length === 0) return '';
      this.refuse('inherits from an object that is not the prototype of a class, and may hold data');
    }
    const name = String(constructor.name);
    // The class of another realm has the same name, and for Object the same place.
    if (name === builtIn && (isRoot || builtIn !== 'Object')) return '';
    return this.counted(IDENTIFIER.test(name) ? name : quote(name));
  }

  private at(step: string | number, value: unknown): string {
    this.path.push(step);
    const text = this.write(value);
    this.path.pop();
    return text;
  }

  private countNode(): void {
    if (++this.nodes > MAX_NODES) this.refuse(TOO_MANY);
  }

  private reserve(length: number): void {
    if (this.written + length > MAX_TEXT_LENGTH) this.refuse(TOO_LONG);
  }

  private counted(text: string): string {
    this.reserve(text.length);
    this.written += text.length;
    return text;
  }

  private refuse(problem: string, options?: ErrorOptions): never {
    const place = this.path.map((step) =>
      typeof step === 'string' && IDENTIFIER.test(step) ? `.${step}` : `[${show(step)}]`,
    );
    throw new CacheMisuseError(
      `${this.subject}${place.length === 0 ? '' : ` at ${place.join('')}`} ${problem}, so it cannot be a cache key or part of one; ` +
        'give a key function that picks what tells one value from another',
      options,
    );
  }
}

const TOO_MANY = `holds more than ${MAX_NODES} values`;
const TOO_LONG = `has a text of more than ${MAX_TEXT_LENGTH} characters`;

/** The text as JSON writes it, lone surrogates escaped. */
export function quote(text: string): string {
  if (text.length > 48) return JSON.stringify(text);
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    // Control characters, '"', '\' and surrogates are for JSON.stringify to escape, or not.
    if (unit < 0x20 || unit === 0x22 || unit === 0x5c || unit >= 0xd800) return JSON.stringify(text);
  }
  return `"${text}"`;
}

/** Sorts in place, which property names seldom need: most objects are written in one order, and many in this. */
function inOrder(names: string[]): string[] {
  for (let i = 1; i < names.length; i++) {
    if ((names[i - 1] as string) > (names[i] as string)) return names.sort();
  }
  return names;
}

/** Whether its classes give it methods or accessors: something to show that is not an own property. */
function hasMembers(value: object): boolean {
  let prototype: object | null = Object.getPrototypeOf(value);
  while (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
    if (Reflect.ownKeys(prototype).length > 1) return true;
    prototype = Object.getPrototypeOf(prototype);
  }
  return false;
}
