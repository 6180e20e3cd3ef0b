import { describe, expect, it } from '@jest/globals';
import { FaultProxy, startRedis, startRedisCluster } from '../servers/index.js';
import { check, type Bounds, type Findings } from './checker.js';
import { run, type RunPlan, type RunResult } from './coherence-run.js';

const isLong = process.env['npm_lifecycle_event'] === 'test:soak';
/** How many operations are checked; a tenth as many on a cluster. `.ci/run` plays 250,000 more of them as a stage of its own. */
const OPERATIONS = Number(process.env['STRATA_COHERENCE_OPERATIONS'] ?? (isLong ? 5_000_000 : 60_000));
const SEED = Number(process.env['STRATA_SEED'] ?? Math.trunc(Math.random() * 2 ** 31));

/** The bus: 250 ms. A loss: 3 s of silence, looked for every second, twice; and what a timer is late. */
const BOUNDS: Bounds = { connectedMs: 250, cutOffMs: 3_000 + 1_000 + 100 + 250, settlingMs: 3_000, recoveryMs: 8_000 };

function summary(name: string, seed: number, { operations, history, faults, failures }: RunResult, found: Findings) {
  const made = [...faults].map(([fault, count]) => `${fault} ${count}`).join(', ');
  return [
    `coherence, ${name}: ${operations} operations, ${history.changes.length} changes, seed ${seed}`,
    `  faults: ${made}`,
    `  held against changes: ${found.checkedConnected} reads while connected, ${found.checkedCutOff} while cut off`,
    `  oldest value served: ${found.worstConnectedMs.toFixed(0)} of ${BOUNDS.connectedMs} ms connected, ${found.worstCutOffMs.toFixed(0)} of ${BOUNDS.cutOffMs} ms cut off`,
    `  violations: ${found.violations.length}`,
    ...found.violations
      .slice(0, 3)
      .map(({ kind, stalenessMs, read, slice }) =>
        [`  ${kind}, ${read.cache} ${read.key}, ${stalenessMs.toFixed(0)} ms:`, ...slice].join('\n    '),
      ),
    ...failures.map((failure) => `  ${failure}`),
    '',
  ].join('\n');
}

async function expectCoherence(name: string, plan: RunPlan): Promise<void> {
  const result = await run(plan);
  const found = check(result.history, BOUNDS);
  process.stdout.write(summary(name, plan.seed, result, found));
  expect(result.failures).toEqual([]);
  expect(result.operations).toBeGreaterThanOrEqual(plan.operations);
  expect(found.checkedConnected + found.checkedCutOff).toBeGreaterThan(plan.operations / 100);
  expect(found.violations).toHaveLength(0);
}

describe('promise Fence: no node shows an older value for longer than the staleness bound', () => {
  it(
    'four processes over one Redis, killed, paused, cut off and slowed',
    async () => {
      const server = await startRedis();
      const proxies = await Promise.all([1, 2, 3, 4].map(() => FaultProxy.start({ port: server.port })));
      try {
        await expectCoherence('one Redis', {
          seed: SEED,
          operations: OPERATIONS,
          servers: [server],
          isCluster: false,
          proxies,
        });
      } finally {
        await Promise.all(proxies.map((proxy) => proxy.stop()));
        await server.stop();
      }
    },
    600_000 + OPERATIONS,
  );

  it(
    'four processes over a Redis Cluster',
    async () => {
      const cluster = await startRedisCluster();
      try {
        await expectCoherence('Redis Cluster', {
          seed: SEED,
          operations: OPERATIONS / 10,
          servers: cluster.nodes,
          isCluster: true,
          proxies: [],
        });
      } finally {
        await cluster.stop();
      }
    },
    600_000 + OPERATIONS,
  );
});
