import process from 'node:process';
import { resourceLimits } from 'node:worker_threads';
import { describe, expect, it } from '@jest/globals';
import { systemHeap, youngGenerationBytes } from '../../../lib/cache/memory/system-heap.js';

const MB = 2 ** 20;

describe('the young generation, which V8 counts into its limit', () => {
  it.each<[string[], string | undefined, number]>([
    [[], undefined, 48],
    [['--max-old-space-size=256'], '', 48],
    [['--max-semi-space-size=64'], undefined, 192],
    [['--max_semi_space_size=64'], undefined, 192],
    [['--max-semi-space-size', '64'], undefined, 192],
    // V8 takes the next power of two.
    [['--max-semi-space-size=100'], undefined, 384],
    [[], '--no-warnings --max-semi-space-size=32', 96],
    // The last one counts, and the command line more than the environment.
    [['--max-semi-space-size=8', '--max-semi-space-size=4'], '--max-semi-space-size=32', 12],
  ])('with %j and NODE_OPTIONS %j has %d MB', (flags, nodeOptions, megabytes) => {
    expect(youngGenerationBytes(flags, nodeOptions)).toBe(megabytes * MB);
  });
});

describe('the heap of this process', () => {
  it('is in use up to a part of its limit, and tells of no collection while nobody listens', () => {
    const { usedBytes, limitBytes, collection } = systemHeap.read();
    expect(usedBytes).toBeGreaterThan(MB);
    expect(limitBytes).toBeGreaterThan(usedBytes);
    const { maxOldGenerationSizeMb: megabytes = limitBytes / MB } = resourceLimits;
    expect(limitBytes).toBe(megabytes * MB);
    expect(collection).toBeUndefined();
  });

  it('holds no process when it is listened to', () => {
    const before = process.getActiveResourcesInfo();
    const stop = systemHeap.onCollected(() => {});
    systemHeap.read();
    expect(process.getActiveResourcesInfo()).toEqual(before);
    stop();
    stop();
  });
});
