import { describe, expect, it } from '@jest/globals';
import { checkAmbient } from './ambient-rules.js';
import { readSources, sources, tell } from './sources.js';

describe('time and chance', () => {
  it('come from a port everywhere outside core', () => {
    const { files, identifiers, violations } = checkAmbient(readSources('lib'));

    tell('time and chance', { files, identifiers, violations: violations.length });
    expect(violations).toEqual([]);
    expect(identifiers).toBeGreaterThan(1000);
  });

  it.each([
    ['setTimeout(run, 5);', 'setTimeout'],
    ['globalThis.setInterval(run, 5);', 'setInterval'],
    ['const later = setImmediate;', 'setImmediate'],
    ['const at = Date.now();', 'Date.now'],
    ['const at = +new Date();', 'new Date()'],
    ['const at = globalThis.performance.now();', 'performance.now'],
    ['const { now } = Date;', 'Date'],
    ['const clock = performance;', 'performance'],
    ['const die = Math.random();', 'Math.random'],
    ['const id = crypto.randomUUID();', 'crypto.randomUUID'],
  ])('finds `%s`', (line, what) => {
    const { violations } = checkAmbient(sources({ 'lib/cache/loads.ts': `\n${line}` }));

    expect(violations).toEqual([{ at: 'lib/cache/loads.ts:2', rule: expect.stringContaining(`uses ${what};`) }]);
  });

  it.each(['clock.now();', 'this.clock.setTimeout(run);', 'new Date(0);', 'Math.min(1, 2);', 'queueMicrotask(run);'])(
    'permits `%s`',
    (line) => {
      expect(checkAmbient(sources({ 'lib/cache/loads.ts': line })).violations).toEqual([]);
    },
  );

  it('exempts core, which makes the ports', () => {
    expect(checkAmbient(sources({ 'lib/core/clock.ts': 'setTimeout(run, Date.now());' })).violations).toEqual([]);
  });
});
