import { describe, expect, it } from '@jest/globals';
import { memcachedTier, type MemcachedTierOptions } from '../../../../lib/backends/memcached/index.js';
import { resolveMemcachedOptions } from '../../../../lib/backends/memcached/memcached-tier.options.js';

function problemOf(options: unknown): string {
  try {
    memcachedTier(options as MemcachedTierOptions);
    return 'none';
  } catch (error) {
    return (error as Error).message;
  }
}

describe('memcachedTier', () => {
  it.each([
    ['cache.internal', { name: 'cache.internal:11211', host: 'cache.internal', port: 11_211 }],
    ['10.0.0.1:2000', { name: '10.0.0.1:2000', host: '10.0.0.1', port: 2_000 }],
    ['[::1]:2000', { name: '[::1]:2000', host: '::1', port: 2_000 }],
    ['[2001:DB8::1]', { name: '[2001:db8::1]:11211', host: '2001:db8::1', port: 11_211 }],
    ['Cache:1', { name: 'cache:1', host: 'cache', port: 1 }],
  ])('reads the server %s', (servers, address) => {
    expect(resolveMemcachedOptions({ servers }).servers).toEqual([address]);
  });

  it('has defaults for everything but the servers', () => {
    const { capabilities, guard, name } = memcachedTier({ servers: 'localhost' });

    expect(name).toBe('memcached');
    expect(guard.timeoutMs).toBe(500);
    expect(guard.maxTtlMs).toBe(29 * 86_400_000);
    expect(capabilities).toEqual({
      scope: 'shared',
      atomicFences: true,
      listsKeys: false,
      leases: true,
      maxEntryBytes: 1_047_552,
    });
  });

  it('takes what is given', () => {
    const given = {
      servers: ['a', 'b'],
      name: 'mc',
      ttl: '1h',
      timeout: '50ms',
      maxEntryBytes: 5,
      silence: '2s',
    } as const;
    const { guard, maxEntryBytes, name, silenceMs } = resolveMemcachedOptions(given);

    expect([name, guard.maxTtlMs, guard.timeoutMs, maxEntryBytes, silenceMs]).toEqual(['mc', 3_600_000, 50, 5, 2_000]);
  });

  it.each([
    [{}, 'servers'],
    [{ servers: [] }, 'servers'],
    [{ servers: '' }, 'servers'],
    [{ servers: 'a:0' }, 'servers'],
    [{ servers: 'a:65536' }, 'servers'],
    [{ servers: 'a b' }, 'servers'],
    [{ servers: 'redis://a' }, 'servers'],
    [{ servers: ['a', 'a:11211'] }, 'servers'],
    [{ servers: [7] }, 'servers'],
    [{ servers: 'a', maxEntryBytes: 0 }, 'maxEntryBytes'],
    [{ servers: 'a', silence: 0 }, 'silence'],
    [{ servers: 'a', silence: Infinity }, 'silence'],
    [{ servers: 'a', ttl: '30d' }, 'ttl must be at most 29 days'],
    [{ servers: 'a', timeout: 0 }, 'timeout'],
    [{ server: 'a', servers: 'a' }, 'server is not an option; did you mean servers?'],
    [undefined, 'options must be an object'],
  ])('refuses %j, naming the option', (options, message) => {
    expect(problemOf(options)).toContain(`memcachedTier: `);
    expect(problemOf(options)).toContain(message);
  });

  it('lists no keys, and says what to do instead', async () => {
    const tier = memcachedTier({ servers: 'localhost' });
    const listing = (async () => {
      for await (const _ of tier.keys('strata:users')) return;
    })();

    await expect(listing).rejects.toMatchObject({ code: 'CACHE_MISUSE', message: expect.stringContaining('clear()') });
  });
});
