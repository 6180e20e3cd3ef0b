import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type { LinkNews } from '../../../lib/cache/index.js';
import { LinkLog } from '../../../lib/nest/module/link-log.js';
import { FakeClock } from '../../../lib/testing/index.js';

const SECOND_MS = 1_000;
const failed: LinkNews = { link: 'tier', name: 'redis', error: new Error('connect ECONNREFUSED 10.0.0.7:6379') };

function setUp() {
  const lines: string[] = [];
  jest.spyOn(Logger.prototype, 'warn').mockImplementation((line: string) => void lines.push(line));
  const clock = new FakeClock();
  return { log: new LinkLog(clock), clock, lines };
}

describe('the log of tiers and buses that fail', () => {
  afterEach(() => void jest.restoreAllMocks());

  it('says why, and again after a minute', () => {
    const { log, clock, lines } = setUp();
    for (let second = 0; second < 90; second++) {
      log.tell(failed);
      clock.advance(SECOND_MS);
    }
    const line =
      'tier "redis" failed (the caches go on without it while it does not answer): connect ECONNREFUSED 10.0.0.7:6379';
    expect(lines).toEqual([line, line]);
  });

  it('tells apart a tier and a bus, and two servers whose tiers have one name', () => {
    const { log, lines } = setUp();
    log.tell(failed);
    log.tell({ ...failed, error: new Error('connect ECONNREFUSED 10.0.0.8:6379') });
    log.tell({ link: 'bus', name: 'redis', error: 'gone' });
    expect(lines).toEqual([
      expect.stringContaining('10.0.0.7'),
      expect.stringContaining('10.0.0.8'),
      'bus "redis" failed (while it is not heard, memory serves only what is a few seconds old): gone',
    ]);
  });

  it('says ten lines a minute at most, whatever the reasons', () => {
    const { log, clock, lines } = setUp();
    for (let second = 0; second < 59; second++) {
      log.tell({ ...failed, error: new Error(`no reply for ${second} s`) });
      clock.advance(SECOND_MS);
    }
    expect(lines).toHaveLength(10);
  });
});
