import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type { MemoryNews } from '../../../lib/cache/index.js';
import { MemoryLog } from '../../../lib/nest/module/memory-log.js';
import { FakeClock } from '../../../lib/testing/index.js';

const MB = 2 ** 20;

function news(kind: MemoryNews['kind'], entries = 0): MemoryNews {
  return { kind, heap: { usedBytes: 80 * MB, limitBytes: 100 * MB }, bytes: entries * MB, entries };
}

function setUp() {
  const lines: string[] = [];
  for (const level of ['log', 'warn'] as const) {
    jest.spyOn(Logger.prototype, level).mockImplementation((line: string) => void lines.push(line));
  }
  const clock = new FakeClock();
  return { log: new MemoryLog(clock), clock, lines };
}

describe('the log of memory that is given back', () => {
  afterEach(() => void jest.restoreAllMocks());

  it('says when the heap becomes short, once a minute while it is, and when it has room again', () => {
    const { log, clock, lines } = setUp();
    for (let second = 0; second < 90; second++) {
      log.tell(news('pressed', 1));
      clock.advance(1_000);
    }
    log.tell(news('relieved'));
    expect(lines).toEqual([
      expect.stringContaining(
        'the heap is short, 80 % of 100.0 MB are in use: caches gave back 1 entries, about 1.0 MB',
      ),
      expect.stringContaining('caches gave back 60 entries, about 60.0 MB'),
      expect.stringContaining('the heap has room again'),
    ]);
  });

  it('does not say more where the heap is short and has room again every second', () => {
    const { log, clock, lines } = setUp();
    for (let second = 0; second < 120; second++) {
      log.tell(news(second % 2 === 0 ? 'pressed' : 'relieved', 1));
      clock.advance(1_000);
    }
    expect(lines.map((line) => line.includes('short'))).toEqual([true, false, true, false]);
  });
});
