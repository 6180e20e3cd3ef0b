import { redisBus, redisTier } from '../../lib/backends/redis/index.js';
import { createCache, defineCache } from '../../lib/cache/index.js';

/** What the parent says. */
export type Order = { readonly callers: number; readonly key: string; readonly loadMs: number };

/** What this node tells: that it is there, that its loader runs, and how its callers fared. */
export type Told =
  | { readonly told: 'ready' }
  | { readonly told: 'loading' }
  | { readonly told: 'served'; readonly values: readonly string[]; readonly errors: number; readonly worstMs: number };

/* A node of a stampede: has as many callers ask for a cold key as it is told to, all at once. */
const url = process.argv[2] as string;
const cache = createCache(defineCache<string, string>('hot', { ttl: '1m', lock: true }), {
  tiers: [redisTier({ url })],
  bus: redisBus({ url }),
});
const tell = (told: Told): void => void process.send?.(told);

async function obey({ callers, key, loadMs }: Order): Promise<void> {
  let worstMs = 0;
  const ask = async (): Promise<string> => {
    const startedMs = performance.now();
    try {
      return await cache.getOrLoad(key, async () => {
        tell({ told: 'loading' });
        await new Promise((resolve) => setTimeout(resolve, loadMs));
        return `by ${process.pid}`;
      });
    } finally {
      worstMs = Math.max(worstMs, performance.now() - startedMs);
    }
  };
  const settled = await Promise.allSettled(Array.from({ length: callers }, ask));
  const values = settled.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  tell({ told: 'served', values: [...new Set(values)], errors: callers - values.length, worstMs });
}

process.on('message', (order) => void obey(order as Order)); // the parent sends nothing else
process.on('disconnect', () => process.exit());
// Connected, so that the callers begin at the same time everywhere.
await cache.get('any');
tell({ told: 'ready' });
