import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type { LinkNews } from '../../../lib/cache/index.js';
import { LinkLog } from '../../../lib/nest/module/link-log.js';
import { FakeClock } from '../../../lib/testing/index.js';

const SECOND_MS = 1_000;
const failed: LinkNews = { link: 'tier', name: 'redis', kind: 'trouble', error: new Error('connect ECONNREFUSED') };
const over: LinkNews = { link: 'tier', name: 'redis', kind: 'over' };

function setUp() {
  const lines: string[] = [];
  for (const level of ['log', 'warn'] as const) {
    jest.spyOn(Logger.prototype, level).mockImplementation((line: string) => void lines.push(`${level}: ${line}`));
  }
  const clock = new FakeClock();
  return { log: new LinkLog(clock), clock, lines };
}

describe('the log of tiers and buses that fail', () => {
  afterEach(() => void jest.restoreAllMocks());

  it('says when trouble begins, once a minute while it lasts, and when it is over', () => {
    const { log, clock, lines } = setUp();
    for (let second = 0; second < 90; second++) {
      log.tell(failed);
      clock.advance(SECOND_MS);
    }
    log.tell(over);
    log.tell(over);
    const line = 'warn: tier "redis" fails, and the caches go on without it until it answers: connect ECONNREFUSED';
    expect(lines).toEqual([line, line, 'log: tier "redis" answers again']);
  });

  it('says no more where it fails and answers every second', () => {
    const { log, clock, lines } = setUp();
    for (let second = 0; second < 120; second++) {
      log.tell(second % 2 === 0 ? failed : over);
      clock.advance(SECOND_MS);
    }
    expect(lines.map((line) => line.slice(0, 4))).toEqual(['warn', 'log:', 'warn', 'log:']);
  });

  it('says nothing of what was never in trouble, and tells a tier from a bus of its name', () => {
    const { log, lines } = setUp();
    log.tell(over);
    log.tell(failed);
    log.tell({ ...failed, link: 'bus', error: 'gone' });
    expect(lines).toEqual([
      expect.stringContaining('tier "redis" fails'),
      'warn: bus "redis" fails, and memory serves only what is a few seconds old until it is heard: gone',
    ]);
  });
});
