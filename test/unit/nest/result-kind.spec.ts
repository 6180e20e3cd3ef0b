import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { EMPTY, Observable, Subject } from 'rxjs';
import type { AnyMethod } from '../../../lib/nest/operations/method-types.js';
import { declaredKind, kindOf } from '../../../lib/nest/steps/result-kind.js';

class Thenable {
  then(): void {}
}
class User {}
class Pages {
  [Symbol.asyncIterator](): AsyncIterator<number> {
    return { next: async () => ({ done: true, value: undefined }) };
  }
}
/** A class of the same name, as from another copy of RxJS. */
const OtherObservable = { Observable: class Observable {} }.Observable;

/** The kind of a method that declares to return a type. */
function kindDeclared(returnType: unknown, original: AnyMethod = () => undefined): string {
  const prototype = {};
  Reflect.defineMetadata('design:returntype', returnType, prototype, 'method');
  return declaredKind({ prototype, name: 'method', original, wrapper: original, operations: [] });
}

describe('the kind of a method', () => {
  it.each([
    ['Promise', Promise, 'promise'],
    ['a thenable class', Thenable, 'promise'],
    ['Observable', Observable, 'observable'],
    ['a Subject', Subject, 'observable'],
    ['Observable of another copy of RxJS', OtherObservable, 'observable'],
    ['a class with an async iterator', Pages, 'iterable'],
    ['String', String, 'sync'],
    ['Boolean', Boolean, 'sync'],
    ['Array', Array, 'sync'],
    ['Date', Date, 'sync'],
    ['a class of the user', User, 'sync'],
    ['Object, which a union becomes', Object, 'unknown'],
    ['Function, which a class imported as a type becomes', Function, 'unknown'],
    ['nothing', undefined, 'unknown'],
  ])('that declares to return %s', (_, returnType, kind) => {
    expect(kindDeclared(returnType)).toBe(kind);
  });

  it('is that of its function before that of its declaration', () => {
    expect(kindDeclared(Promise, async function* () {})).toBe('iterable');
    expect(kindDeclared(Object, async () => undefined)).toBe('promise');
    expect(kindDeclared(Promise, function* () {})).toBe('sync');
  });
});

describe('the kind of a result', () => {
  it.each([
    ['a promise', Promise.resolve(), 'promise'],
    ['a thenable', new Thenable(), 'promise'],
    ['an Observable', EMPTY, 'observable'],
    ['an AsyncIterable', new Pages(), 'iterable'],
    ['a text', 'text', 'sync'],
    ['null', null, 'sync'],
    ['undefined', undefined, 'sync'],
    ['an object with a property called then', { then: 'later' }, 'sync'],
  ])('%s', (_, result, kind) => {
    expect(kindOf(result)).toBe(kind);
  });
});
