import { readFile, writeFile } from 'node:fs/promises';
import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { HTTP_CASES } from './http-cases.js';
import { MANAGER_CASES } from './manager-cases.js';

const PAGE = new URL('../../docs/migration.md', import.meta.url);
const BEGIN = '<!-- differences: written by `STRATA_MIGRATION_PAGE=1 npm test -- test/compat/migration-page` -->';
const END = '<!-- end of differences -->';

interface Row {
  readonly title: string;
  readonly theirs?: unknown;
  readonly ours?: unknown;
  readonly because?: string;
}

const shown = (value: unknown): string => `\`${inspect(value, { breakLength: Infinity, depth: 9 })}\``;

function table(cases: readonly Row[]): string {
  const rows = cases
    .filter((each) => !('same' in each))
    .map(({ title, theirs, ours, because }) => `| ${title} | ${shown(theirs)} | ${shown(ours)} | ${because} |`);
  return ['| what is done | before | now | why |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

const EXPECTED = `${BEGIN}

Handlers under a \`CacheInterceptor\`, as users of the app see them (\`X-Cache\`, bodies, numbers of calls):

${table(HTTP_CASES)}

The methods of the cache:

${table(MANAGER_CASES)}

${END}`;

/** The same text, however the formatter has laid out its tables. */
const bare = (text: string): string => text.replaceAll(/-{3,}/g, '---').replaceAll(/[ \t]+/g, ' ');

describe('docs/migration.md', () => {
  it('shows every difference that the matrix of both packages has, and no other', async () => {
    let page = await readFile(PAGE, 'utf8');
    const [before = '', rest = ''] = page.split(BEGIN);
    const [, after = ''] = rest.split(END);
    if (process.env['STRATA_MIGRATION_PAGE'] === '1') {
      page = before + EXPECTED + after;
      await writeFile(PAGE, page);
    }
    const told = page.slice(page.indexOf(BEGIN), page.indexOf(END) + END.length);
    expect(bare(told)).toBe(bare(EXPECTED));
  });
});
