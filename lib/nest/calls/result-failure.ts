import { throwError } from 'rxjs';
import type { ResultKind } from '../steps/result-kind.js';

/** An error as a method of this kind delivers it. Where the kind is not known yet it is thrown, which `await` hides. */
export function failure(kind: ResultKind, error: unknown): unknown {
  switch (kind) {
    case 'promise':
      return Promise.reject(error);
    case 'observable':
      return throwError(() => error);
    case 'iterable':
      return failingIterable(error);
    case 'sync':
    case 'unknown':
      throw error;
  }
}

/** Fails when it is read, as an async generator does. */
async function* failingIterable(error: unknown): AsyncGenerator<never> {
  throw error;
}
