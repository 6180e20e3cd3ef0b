import { describe, expect, it } from '@jest/globals';
import { runInNewContext } from 'node:vm';
import { classCodec, CodecError, taggedSerializer, type ClassCodec } from '../../../lib/codec/index.js';

const tagged = taggedSerializer();

function roundTrip(value: unknown, classes: readonly ClassCodec[] = []): unknown {
  const serializer = taggedSerializer({ classes });
  return serializer.decode(serializer.encode(value));
}

/** An array of that length with only these elements. */
function withHoles(length: number, ...elements: readonly (readonly [index: number, element: unknown])[]): unknown[] {
  const array: unknown[] = [];
  array.length = length;
  for (const [index, element] of elements) array[index] = element;
  return array;
}

function textOf(value: unknown): string {
  return Buffer.from(tagged.encode(value)).toString();
}

function decodeText(text: string): unknown {
  return tagged.decode(Buffer.from(text));
}

/** What encoding a value fails with. */
function failureOf(value: unknown): CodecError {
  try {
    tagged.encode(value);
  } catch (error) {
    if (error instanceof CodecError) return error;
    throw error;
  }
  throw new Error('it was encoded');
}

class Money {
  readonly #cents: bigint;
  constructor(
    cents: bigint,
    readonly currency: string,
  ) {
    this.#cents = cents;
  }
  get cents(): bigint {
    return this.#cents;
  }
}
class User {
  friends: User[] = [];
  constructor(readonly name: string) {}
}
class Admin extends User {}

const money = classCodec(Money, {
  encode: ({ cents, currency }) => [cents, currency],
  decode: (stored) => new Money(...(stored as [bigint, string])),
});

describe('a tagged value', () => {
  it('is plain JSON where JSON is enough', () => {
    expect(textOf({ a: [1, 'x', null, true], b: {} })).toBe('{"a":[1,"x",null,true],"b":{}}');
  });

  it('reads as documented where it is not', () => {
    expect(textOf([undefined, NaN, 12n, new Date(0), new Map([['a', 1]]), new Set([2])])).toBe(
      '[{"$undefined":true},{"$number":"NaN"},{"$bigint":"12"},{"$date":"1970-01-01T00:00:00.000Z"},{"$map":["a",1]},{"$set":[2]}]',
    );
    expect(textOf([Uint16Array.of(1), /a/g, new URL('https://a/'), { $date: 1 }, withHoles(2, [1, 1])])).toBe(
      '[{"$bytes":["Uint16Array","AQA="]},{"$regexp":["a","g"]},{"$url":"https://a/"},{"$":{"$date":1}},[{"$hole":true},1]]',
    );
  });

  it('leaves the value as it was', () => {
    const value = Object.freeze({
      list: Object.freeze([1, undefined]),
      at: new Date(0),
      deep: Object.freeze({ n: 1n }),
    });
    tagged.encode(value);
    expect(value).toEqual({ list: [1, undefined], at: new Date(0), deep: { n: 1n } });
  });

  it('keeps the largest bigint that is allowed', () => {
    expect(roundTrip([2n ** 65_536n, -(2n ** 65_536n)])).toEqual([2n ** 65_536n, -(2n ** 65_536n)]);
  });

  it('keeps an invalid date', () => {
    expect((roundTrip(new Date(NaN)) as Date).getTime()).toBeNaN();
  });

  it('keeps what belongs to another realm', () => {
    const value: unknown = runInNewContext(
      `({ at: new Date(5), map: new Map([[1, new Set([2])]]), list: [1, , 3], error: new TypeError('no') })`,
    );
    expect(roundTrip(value)).toEqual({
      at: new Date(5),
      map: new Map([[1, new Set([2])]]),
      list: withHoles(3, [0, 1], [2, 3]),
      error: new TypeError('no'),
    });
  });

  it('has typed arrays with memory of their own', () => {
    const bytes = roundTrip(Uint8Array.of(1, 2, 3)) as Uint8Array;
    expect(bytes.buffer.byteLength).toBe(3);
  });

  it('is written in full for each place where an object stands', () => {
    const shared = { a: 1 };
    const { left, right } = roundTrip({ left: shared, right: shared }) as Record<string, object>;
    expect(left).toEqual(shared);
    expect(left).not.toBe(right);
  });

  it('is what toJSON says of an object that is not built in', () => {
    const decimal = Object.assign(Object.create({ toJSON: () => ({ amount: 1n }) }) as object, { hidden: () => 1 });
    expect(roundTrip({ decimal, own: { toJSON: () => new Date(1) } })).toEqual({
      decimal: { amount: 1n },
      own: new Date(1),
    });
  });
});

describe('an Error', () => {
  it('keeps its class where that is of the language, its name, stack and cause where code does not see them at once', () => {
    const error = new RangeError('far', { cause: { at: new Date(0) } });
    const back = roundTrip(error) as RangeError;
    expect(back).toBeInstanceOf(RangeError);
    expect([back.name, back.message, back.stack, back.cause]).toEqual([
      'RangeError',
      'far',
      error.stack,
      { at: new Date(0) },
    ]);
    expect(Object.keys(back)).toEqual([]);
  });

  it('of another class is an Error of that name with its fields', () => {
    class NotFound extends Error {
      override name = 'NotFound';
      status = 404;
    }
    const back = roundTrip(new NotFound('gone')) as NotFound;
    expect(back.name).toBe('NotFound');
    expect(Object.entries(back)).toEqual(Object.entries(new NotFound('gone')));
    expect(String(back)).toBe('NotFound: gone');
  });

  it('that stands for several keeps them', () => {
    const back = roundTrip(new AggregateError([new TypeError('a'), 1n], 'both')) as AggregateError;
    expect(back).toBeInstanceOf(AggregateError);
    expect(back.errors).toEqual([new TypeError('a'), 1n]);
  });
});

describe('a registered class', () => {
  it('comes back by its codec', () => {
    const { price } = roundTrip({ price: new Money(5n, 'EUR') }, [money]) as { price: Money };
    expect(price).toBeInstanceOf(Money);
    expect([price.cents, price.currency]).toEqual([5n, 'EUR']);
  });

  it('without a codec of its own comes back with its own properties, whose classes come back too', () => {
    const user = new User('a');
    user.friends.push(new User('b'));
    const back = roundTrip(user, [classCodec(User)]) as User;
    expect(back).toEqual(user);
    expect(back.friends[0]).toBeInstanceOf(User);
  });

  it('does not include its subclasses', () => {
    expect(Object.getPrototypeOf(roundTrip(new Admin('a'), [classCodec(User)]))).toBe(Object.prototype);
  });

  it('that the reader does not know makes the value unreadable', () => {
    const bytes = taggedSerializer({ classes: [money] }).encode(new Money(1n, 'EUR'));
    expect(() => tagged.decode(bytes)).toThrow('"Money", a class that is not registered here');
  });

  it('is refused under a name that is taken, and with half a codec', () => {
    expect(() =>
      taggedSerializer({ classes: [classCodec(User), classCodec(Money, { ...money, name: 'User' })] }),
    ).toThrow('two classes are registered as "User"');
    expect(() => classCodec(User, { encode: () => 1 })).toThrow('has only one of encode and decode');
    expect(() => taggedSerializer({ classes: [User as unknown as ClassCodec] })).toThrow('is not a class codec');
  });
});

describe('a value that has no form in bytes', () => {
  const circular: { list: unknown[] } = { list: [] };
  circular.list.push({ back: circular });

  it.each<readonly [string, unknown, string, string]>([
    ['a function', { a: [0, () => 1] }, '.a[1]', 'function'],
    ['a symbol', { a: Symbol('s') }, '.a', 'a symbol (Symbol(s))'],
    ['a circular structure', circular, '.list[0].back', 'circular'],
    ['a circular Map', new Map([[1, circular]]), '[1].list[0].back', 'circular'],
    ['a promise', { p: Promise.resolve() }, '.p', 'of the kind Promise'],
    ['hidden state', { m: new Money(1n, '') }, '', ''],
    [
      'a getter that throws',
      {
        get a(): never {
          throw new Error('no');
        },
      },
      '',
      'throws when it is read',
    ],
    ['a bigint that takes long to print', { n: -(2n ** 70_000n) }, '.n', 'more than 65536 bits'],
    ['ten thousand holes', { a: new Array(2 ** 32 - 1) }, '.a', 'more than 10000 holes'],
  ])('is refused with its place: %s', (name, value, path, problem) => {
    if (name === 'hidden state') {
      class Secret {
        readonly #a = 1;
        reveal(): number {
          return this.#a;
        }
      }
      value = { s: new Secret() };
      path = '.s';
      problem = 'its state is hidden';
    }
    const error = failureOf(value);
    expect(error).toMatchObject({ code: 'CACHE_CODEC', failure: 'unencodable', path });
    expect(error.message).toContain(problem);
  });

  it('is one with too many objects, counted in each place where they stand', () => {
    const shared = {};
    const many = Array.from({ length: 2 ** 20 }, () => shared);
    expect(failureOf(many).message).toContain('beyond the 1048576 objects');
  });
});

describe('the depth of a value', () => {
  const nested = (levels: number, wrap: (inner: unknown) => unknown): unknown => {
    let value: unknown = 1;
    for (let i = 0; i < levels; i++) value = wrap(value);
    return value;
  };
  const wraps: readonly (readonly [string, (inner: unknown) => unknown])[] = [
    ['arrays', (inner) => [inner]],
    ['maps', (inner) => new Map([['a', inner]])],
    ['objects that look like tags', (inner) => ({ $: inner })],
    ['errors', (inner) => new Error('', { cause: inner })],
  ];

  it.each(wraps)('may be 256: %s', (_, wrap) => {
    const value = nested(256, wrap);
    expect(textOf(roundTrip(value))).toBe(textOf(value));
  });

  it.each(wraps)('may not be 257: %s', (_, wrap) => {
    expect(failureOf(nested(257, wrap)).message).toContain('more than 256 levels');
  });

  it('is limited in bytes too, however deep they are', () => {
    expect(() => decodeText(`${'['.repeat(1e5)}${']'.repeat(1e5)}`)).toThrow('more than 256 levels');
    expect(() => decodeText(`${'{"$set":['.repeat(2_000)}${']}'.repeat(2_000)}`)).toThrow('more than 256 levels');
  });
});

describe('text that nobody wrote', () => {
  it.each([
    '{"$date":"yesterday"}',
    '{"$date":1}',
    '{"$number":"1"}',
    '{"$bigint":"1.5"}',
    '{"$bigint":1}',
    `{"$bigint":"${'9'.repeat(20_001)}"}`,
    '{"$map":[1]}',
    '{"$map":{}}',
    '{"$set":1}',
    '{"$set":[{"$hole":true}]}',
    '{"$hole":true}',
    '{"a":{"$hole":true}}',
    '{"$regexp":["(","g"]}',
    '{"$regexp":["a","gg"]}',
    '{"$url":"nowhere"}',
    '{"$bytes":["Uint16Array","AQ=="]}',
    '{"$bytes":["Function","AQ=="]}',
    '{"$error":null}',
    '{"$error":{"name":"Error"}}',
    '{"$class":["Function","return process"]}',
    '{"$class":["constructor",1]}',
    '{"$":1}',
    '{"$unheard":1}',
    '{"$__proto__":1}',
    '{',
    '',
  ])('is refused: %s', (text) => {
    expect(() => decodeText(text)).toThrow();
  });

  it('promise Safety: neither executes nor pollutes', () => {
    const hostile = decodeText(
      '{"__proto__":{"$map":[]},"constructor":{"prototype":{"polluted":1}},"e":{"$error":{"name":"x","message":"y","fields":{"__proto__":{"polluted":1}}}}}',
    ) as Record<string, unknown>;
    expect(Object.getPrototypeOf(hostile)).toBe(Object.prototype);
    expect(Object.getOwnPropertyDescriptor(hostile, '__proto__')?.value).toEqual(new Map());
    expect(Object.getPrototypeOf(hostile['e'])).toBe(Error.prototype);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
});
