import { describe, expect, it, jest } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

// Before anything that could load them: what is not installed fails like this.
const missing = (name: string) => (): never => {
  throw new Error(`Cannot find package '${name}'`);
};
jest.unstable_mockModule('ioredis', missing('ioredis'));
jest.unstable_mockModule('lmdb', missing('lmdb'));

const { Test } = await import('@nestjs/testing');
const { CacheModule, defineCache } = await import('../../lib/index.js');
const { redisBus, redisTier } = await import('../../lib/backends/redis/index.js');
const { lmdbTier } = await import('../../lib/backends/lmdb/index.js');

const Users = defineCache<string, string>('users');
const url = 'redis://127.0.0.1:1';
const path = mkdtempSync(join(tmpdir(), 'strata-missing-'));

describe('an app whose tier or bus needs a package that is not installed', () => {
  it.each([
    ['a Redis tier', () => ({ tiers: [redisTier({ url })] }), 'npm install ioredis'],
    ['a Redis bus', () => ({ bus: redisBus({ url }) }), 'npm install ioredis'],
    ['a Redis bus over pub/sub', () => ({ bus: redisBus({ url, transport: 'pubsub' }) }), 'npm install ioredis'],
    ['a tier on disk', () => ({ tiers: [lmdbTier({ path, maxBytes: '1mb' })] }), 'npm install lmdb'],
  ])('fails at bootstrap with the command that installs it: %s', async (_, options, command) => {
    const module = await Test.createTestingModule({
      imports: [CacheModule.forRoot({ caches: [Users], ...options() })],
    }).compile();
    await expect(module.init()).rejects.toThrow(command);
    rmSync(path, { recursive: true, force: true });
  });

  it('starts when nothing uses them', async () => {
    const off = { caches: [Users], tiers: [redisTier({ url })], defaults: { enabled: false } };
    const module = await Test.createTestingModule({ imports: [CacheModule.forRoot(off)] }).compile();
    await module.init();
    await module.close();
  });
});
