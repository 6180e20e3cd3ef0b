import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { createCache as theirs } from 'cache-manager';
import { Keyv } from 'keyv';
import { Keyv as Keyv6 } from 'keyv6';
import { createCache as ours } from '../../lib/compat/cache-manager/index.js';
import { MANAGER_CASES, type Kit } from './manager-cases.js';

// Stores fail here on purpose.
Logger.overrideLogger(false);

const common = {
  Keyv,
  Keyv6: Keyv6 as unknown as typeof Keyv,
  pass: async (ms: number) => {
    await jest.advanceTimersByTimeAsync(ms);
    // What runs in the background has as many turns as it likes.
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  },
};

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
});

afterEach(() => {
  jest.useRealTimers();
});

describe.each([
  { name: 'cache-manager 7', side: 'theirs', kit: { createCache: theirs, ...common } },
  { name: 'nestjs-strata/cache-manager', side: 'ours', kit: { createCache: ours, ...common } },
] as const)('$name', ({ side, kit }) => {
  it.each(MANAGER_CASES)(
    '$title',
    async (each) => {
      // The type of ours is proven to fit in test/types.
      const seen = await each.run(kit as unknown as Kit);
      expect(seen).toEqual('same' in each ? each.same : each[side]);
    },
    30_000,
  );
});

describe('a difference', () => {
  it.each(MANAGER_CASES.filter((each) => !('same' in each)))('is one, and has its reason: $title', (each) => {
    expect(each.ours).not.toEqual(each.theirs);
    expect(each.because).toMatch(/\w/);
  });
});
