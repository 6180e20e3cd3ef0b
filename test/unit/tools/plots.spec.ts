import { describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { drawPlots } from '../../../tools/plots/plots.mjs';

const folder = join(process.cwd(), 'docs/plots');

describe('npm run plots', () => {
  it('has drawn the plots of the documentation from the data beside them', async () => {
    const plots = await drawPlots(folder);
    expect(plots.map(({ file }) => file)).toEqual(['hit-ratio.svg', 'peers.svg']);
    for (const { file, content } of plots) expect(await readFile(join(folder, file), 'utf8')).toBe(content);
  });

  it('names each line, axis and unit', async () => {
    const [ratios, peers] = await drawPlots(folder);
    for (const name of ['adaptive', 'lru', 'optimum', 'entries in the cache']) {
      expect(ratios?.content).toContain(`>${name}</text>`);
    }
    for (const name of ['lru-cache', 'MemoryCache, lru', 'Million operations a second', 'with ttl']) {
      expect(peers?.content).toContain(`>${name}</text>`);
    }
  });

  it('draws no figure that is none', async () => {
    for (const { content } of await drawPlots(folder)) expect(content).not.toMatch(/NaN|undefined|Infinity/);
  });
});
