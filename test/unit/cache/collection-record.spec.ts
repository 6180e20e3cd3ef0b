import { GCProfiler, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from '@jest/globals';
import { CollectionRecord } from '../../../lib/cache/memory/collection-record.js';

const LIMIT = 1_000;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** A record, and how often what was recorded has been taken out. */
function recording() {
  let taken = 0;
  const record = new CollectionRecord(() => {
    const profiler = new GCProfiler();
    const stop = profiler.stop.bind(profiler);
    profiler.stop = () => {
      taken++;
      return stop();
    };
    return profiler;
  });
  return { record, taken: () => taken };
}

describe('CollectionRecord', () => {
  it('tells of the last collection of the whole heap, once the use has changed', () => {
    const { record } = recording();
    expect(record.last(800, LIMIT)).toBeUndefined();
    collectGarbage();
    const collection = record.last(600, LIMIT);
    expect(collection?.liveBytes).toBeGreaterThan(2 ** 20);
    expect(record.last(700, LIMIT)).toBe(collection);
    collectGarbage();
    expect(record.last(600, LIMIT)).not.toBe(collection);
    record.end();
    expect(record.last(600, LIMIT)).toBeUndefined();
    record.end();
  });

  it('keeps no more than what 16 calls recorded where the use stays the same', () => {
    const { record, taken } = recording();
    for (let asked = 0; asked <= 160; asked++) record.last(800, LIMIT);
    expect(taken()).toBe(10);
    record.end();
  });
});
