import { describe, expect, it } from '@jest/globals';
import { checkImports } from './import-rules.js';
import { readSources, sources, tell } from './sources.js';

describe('import table', () => {
  it('holds for every import of the library', () => {
    const { files, imports, violations } = checkImports(readSources('lib'));

    tell('import table', { files, imports, violations: violations.length });
    expect(violations).toEqual([]);
    expect(files).toBeGreaterThan(20);
    expect(imports).toBeGreaterThan(files);
  });

  describe('when a violation is planted', () => {
    it.each([
      [
        'a value from the layer above',
        'lib/engine/lru.ts',
        `import { createCache } from '../cache/index.js';`,
        'engine imports cache',
      ],
      [
        'a type from the layer above',
        'lib/core/clock.ts',
        `import type { Slot } from '../engine/index.js';`,
        'core imports engine',
      ],
      [
        'a re-export from the layer above',
        'lib/core/clock.ts',
        `export * from '../engine/index.js';`,
        'core imports engine',
      ],
      [
        'an import() from the layer above',
        'lib/core/clock.ts',
        `const engine = await import('../engine/index.js');`,
        'core imports engine',
      ],
      [
        'a type by import()',
        'lib/core/clock.ts',
        `let slot: import('../engine/index.js').Slot;`,
        'core imports engine',
      ],
      [
        'Node in core',
        'lib/core/hash.ts',
        `import { createHash } from 'node:crypto';`,
        'core imports the package "node:crypto"',
      ],
      [
        'Nest in cache',
        'lib/cache/cache.ts',
        `import { Injectable } from '@nestjs/common';`,
        'cache imports the package',
      ],
      [
        'a folder that comes later in its layer',
        'lib/cache/keys/key-name.ts',
        `import { write } from '../changes/write.js';`,
        'cache/keys imports cache/changes',
      ],
      [
        'what puts the folders together',
        'lib/cache/loads/loads.ts',
        `import { createCache } from '../create-cache.js';`,
        'cache/loads imports cache/;',
      ],
      [
        'a folder that has no place in the order',
        'lib/cache/misc/loads.ts',
        `import { write } from '../changes/write.js';`,
        'no place in the order',
      ],
      [
        'RxJS in engine',
        'lib/engine/store.ts',
        `import type { Observable } from 'rxjs';`,
        'engine imports the package "rxjs"',
      ],
      [
        'a peer of its name only',
        'lib/cache/cache.ts',
        `import 'rxjs-extras';`,
        'cache imports the package "rxjs-extras"',
      ],
      [
        'a file of another layer',
        'lib/cache/cache.ts',
        `import { now } from '../core/clock.js';`,
        'from another layer import its index.js',
      ],
      ['the index of its own layer', 'lib/cache/cache.ts', `import { Loader } from './index.js';`, 'its own layer'],
      [
        'a sibling backend',
        'lib/backends/redis/bus.ts',
        `import { x } from '../keyv/index.js';`,
        'backends/redis imports backends/keyv',
      ],
      [
        'the codec in a file of the engine',
        'lib/engine/store.ts',
        `import { x } from '../codec/index.js';`,
        'engine imports codec',
      ],
      ['a file outside lib', 'lib/core/clock.ts', `import { x } from '../../test/x.js';`, 'outside lib'],
      ['a reference directive', 'lib/core/clock.ts', `/// <reference types="node" />`, 'by a directive'],
      ['an unknown layer', 'lib/helpers/text.ts', `import { x } from '../core/index.js';`, 'does not have'],
    ])('finds %s', (_what, file, line, rule) => {
      const { violations } = checkImports(sources({ [file]: `// the import is on the second line\n${line}\n` }));

      expect(violations).toEqual([{ at: `${file}:2`, rule: expect.stringContaining(rule) }]);
    });
  });

  it('permits what the table permits', () => {
    const { imports, violations } = checkImports(
      sources({
        'lib/cache/cache.ts': `import { a } from '../core/index.js'; import type { Observable } from 'rxjs'; import { b } from './loads.js';`,
        'lib/engine/snapshot/snapshot.ts': `import { encode } from '../../codec/index.js';`,
        'lib/engine/policy/lru.ts': `import { Slots } from '../slots/slot-table.js'; import { a } from '../../core/index.js';`,
        'lib/backends/redis/index.ts': `import { redisTier } from './redis.tier.js'; import 'node:net';`,
        'lib/index.ts': `export { MemoryCache } from './engine/index.js';`,
      }),
    );

    expect(violations).toEqual([]);
    expect(imports).toBe(9);
  });
});
