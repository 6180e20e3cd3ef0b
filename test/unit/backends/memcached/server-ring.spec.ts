import { describe, expect, it } from '@jest/globals';
import { ServerRing } from '../../../../lib/backends/memcached/server-ring.js';

const SERVERS = ['10.0.0.1:11211', '10.0.0.2:11211', '10.0.0.3:11211', '10.0.0.4:11211'];
const KEYS = Array.from({ length: 20_000 }, (_, i) => `strata:users/e/${i}`);

function owners(servers: readonly string[]): string[] {
  const ring = new ServerRing(servers);
  return KEYS.map((key) => servers[ring.serverOf(key)] as string);
}

function shares(of: readonly string[]): number[] {
  return SERVERS.map((server) => of.filter((owner) => owner === server).length / of.length);
}

describe('ServerRing', () => {
  it('gives each server about its share', () => {
    for (const share of shares(owners(SERVERS))) {
      expect(share).toBeGreaterThan(0.25 * 0.75);
      expect(share).toBeLessThan(0.25 * 1.25);
    }
  });

  it('does not care for the order of the list', () => {
    expect(owners(SERVERS.toReversed())).toEqual(owners(SERVERS));
  });

  describe('when a server is added', () => {
    it('moves keys to the new one only, and about its share', () => {
      const before = owners(SERVERS.slice(0, 3));
      const after = owners(SERVERS);
      const moved = after.filter((owner, i) => owner !== before[i]);

      expect(new Set(moved)).toEqual(new Set([SERVERS[3]]));
      expect(moved.length / KEYS.length).toBeLessThan(0.25 * 1.25);
    });
  });

  it('gives everything to the only server', () => {
    expect(new Set(owners(SERVERS.slice(0, 1)))).toEqual(new Set(SERVERS.slice(0, 1)));
  });

  it('places keys where every earlier version placed them', () => {
    expect(
      owners(SERVERS)
        .slice(0, 24)
        .map((owner) => SERVERS.indexOf(owner))
        .join(''),
    ).toBe('310103202222103003300121');
  });
});
