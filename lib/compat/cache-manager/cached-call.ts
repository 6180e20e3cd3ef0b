import type { CallHandler } from '@nestjs/common';
import { EmptyError, finalize, lastValueFrom, of, tap, throwError, type Observable } from 'rxjs';
import { isStream } from './handler-kind.js';
import type { Manager } from './manager.js';
import { plainCopy } from './plain-copy.js';
import { recordIn, type HttpReply } from './reply-record.js';
import type { Outcome } from './response-flights.js';

/** A call of a handler whose answer is kept under a key. */
export interface CachedCall {
  readonly key: string;
  readonly next: CallHandler<unknown>;
  /** The reply to an HTTP request. */
  readonly reply: HttpReply | undefined;
  /** Milliseconds to keep the answer; asked only where the handler is called. */
  ttl(): Promise<number | undefined>;
  /** Told once, before the handler is called or its answer replayed. */
  found(value: unknown, isHit: boolean): void;
  /** The answer could not be kept. */
  failed(error: unknown): void;
}

/** Beside the entry of a body stands, where there is something to say, what its reply was like. */
const RECORD_PREFIX = 'nestjs-strata:reply:';

/** Answers from the cache, or by the handler, which runs once for all who ask for the key meanwhile. */
export async function answer(manager: Manager, call: CachedCall): Promise<Observable<unknown>> {
  const { key, next, reply } = call;
  let isOurs = false;
  let outcome: Outcome;
  try {
    const ask = (): Promise<Outcome> => {
      isOurs = true;
      return lookUpOrRun(manager, call);
    };
    outcome = (await manager.isAtHand(key)) ? await ask() : await manager.responses.run(key, ask);
  } catch (error) {
    // The cache failed, not the handler, whose failure is an outcome.
    call.failed(error);
    return next.handle();
  }
  if (outcome.kind === 'failed') {
    if (!isOurs) call.found(undefined, false);
    return throwError(() => outcome.error);
  }
  if (outcome.kind === 'ran') {
    if (isOurs) return of(outcome.value);
    call.found(undefined, false);
    if (!outcome.isShareable) return next.handle();
  } else if (manager.settings.isStrict && outcome.value === null) {
    call.found(undefined, false);
    return next.handle();
  } else {
    call.found(outcome.value, true);
  }
  try {
    reply?.replay(outcome.record, outcome.value);
  } catch (error) {
    // A store may hold anything; the body is an answer without it.
    call.failed(error);
  }
  // Several callers have this value in common; the first of them may change it.
  const isShared = !isOurs && manager.settings.memory.clone !== 'none';
  return of(isShared ? plainCopy(outcome.value) : outcome.value);
}

/** Answers with all that the handler emits, as it emits it; kept is what was a single value. */
export async function answerLive(manager: Manager, call: CachedCall): Promise<Observable<unknown>> {
  const { key, next } = call;
  const kept = await manager.api.get(key).catch(call.failed);
  const isHit = kept !== undefined && !(manager.settings.isStrict && kept === null);
  call.found(kept, isHit);
  if (isHit) return of(kept);
  const ttl = await keepFor(call);
  const fence = manager.fence();
  let values = 0;
  let last: unknown;
  return next.handle().pipe(
    tap({
      next: (value) => {
        values++;
        last = value;
      },
      complete: () => {
        const keeps = values === 1 && last !== undefined && !isStream(last) && ttl !== 'not at all';
        if (keeps && fence.permits(key)) void manager.keep(key, last, ttl).catch(call.failed);
      },
    }),
    finalize(() => fence.close()),
  );
}

async function lookUpOrRun(manager: Manager, call: CachedCall): Promise<Outcome> {
  const { key, reply } = call;
  const recordKey = RECORD_PREFIX + key;
  let ran: Extract<Outcome, { kind: 'ran' }> | undefined;
  let failure: { readonly error: unknown } | undefined;
  let ttl: number | undefined;
  const run = async (): Promise<unknown> => {
    call.found(undefined, false);
    const keep = await keepFor(call);
    ttl = keep === 'not at all' ? undefined : keep;
    reply?.begin();
    let value: unknown;
    try {
      value = await lastValueFrom(call.next.handle());
    } catch (error) {
      // A handler that emits nothing answers with nothing.
      if (!(error instanceof EmptyError)) {
        failure = { error };
        throw error;
      }
    }
    const isShareable = !isStream(value) && reply?.isPrivate !== true;
    ran = { kind: 'ran', value, record: reply?.record(value), isShareable: isShareable && keep !== 'not at all' };
    return value;
  };
  // Asked for together; most answers have none.
  const record = reply === undefined ? undefined : manager.look(recordKey);
  let found;
  try {
    found = await manager.load(key, run, {
      ttlOf: () => ttl ?? manager.settings.ttl,
      keeps: (value) =>
        ran?.isShareable === true && value !== undefined && !(manager.settings.isStrict && value === null),
    });
  } catch (error) {
    if (failure !== undefined) return { kind: 'failed', error: failure.error };
    // The handler has answered: whatever became of the cache, that is the answer.
    if (ran === undefined) throw error;
    call.failed(error);
  }
  if (ran === undefined) return { kind: 'hit', value: found?.value, record: recordIn(await record) };
  if (ran.isShareable && ran.record !== undefined) await manager.keep(recordKey, ran.record, ttl).catch(call.failed);
  return ran;
}

/** How long to keep the answer; a function of the user that cannot say keeps it out. */
async function keepFor(call: CachedCall): Promise<number | undefined | 'not at all'> {
  try {
    return await call.ttl();
  } catch (error) {
    call.failed(error);
    return 'not at all';
  }
}
