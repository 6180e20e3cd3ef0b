import { describe, expect, it } from '@jest/globals';
import { Subject } from 'rxjs';
import { Emitter, type CacheEvent } from '../../../lib/core/index.js';
import { EventRecorder } from '../../../lib/testing/index.js';

function event(type: CacheEvent['type'], key: string): CacheEvent<string> {
  return { type, cache: 'users', at: 0, key };
}

describe('EventRecorder', () => {
  it('records events in order, and their types', () => {
    const source = new Emitter<CacheEvent<string>>();
    source.emit(event('hit', 'before'));
    const recorder = new EventRecorder(source);
    source.emit(event('miss', 'a'));
    source.emit(event('put', 'a'));
    expect(recorder.events).toEqual([event('miss', 'a'), event('put', 'a')]);
    expect(recorder.types()).toEqual(['miss', 'put']);
  });

  it('picks the events of one type', () => {
    const source = new Emitter<CacheEvent<string>>();
    const recorder = new EventRecorder(source);
    for (const key of ['a', 'b']) {
      source.emit(event('miss', key));
      source.emit(event('put', key));
    }
    expect(recorder.of('put').map(({ key }) => key)).toEqual(['a', 'b']);
    expect(recorder.of('evict')).toEqual([]);
  });

  it('records nothing after stop, keeps what it has, and lets go of its source', () => {
    const source = new Emitter<CacheEvent<string>>();
    const recorder = new EventRecorder(source);
    source.emit(event('hit', 'a'));
    recorder.stop();
    source.emit(event('hit', 'b'));
    expect(recorder.types()).toEqual(['hit']);
    expect(source.observed).toBe(false);
  });

  it('records an RxJS observable as well', () => {
    const source = new Subject<CacheEvent<string>>();
    const recorder = new EventRecorder(source);
    source.next(event('hit', 'a'));
    expect(recorder.types()).toEqual(['hit']);
  });
});
