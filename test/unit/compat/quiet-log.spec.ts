import { describe, expect, it } from '@jest/globals';
import { QuietLog } from '../../../lib/compat/cache-manager/quiet-log.js';
import { FakeClock } from '../../../lib/testing/index.js';

describe('QuietLog', () => {
  it('tells the first failure of each subject at once, then one line a minute with how many there were', () => {
    const clock = new FakeClock();
    const lines: string[] = [];
    const log = new QuietLog(clock, { warn: (line: string) => lines.push(line) });
    const fail = (): void => log.warn('primary', 'it failed', new Error('no answer'));
    for (let at = 0; at < 5; at++) fail();
    log.warn('other', 'it failed');
    clock.advance(60_000);
    fail();
    clock.advance(60_000);
    fail();
    expect(lines).toEqual([
      'it failed: no answer',
      'it failed',
      'it failed: no answer (and 4 times since it was told last)',
      'it failed: no answer',
    ]);
  });
});
