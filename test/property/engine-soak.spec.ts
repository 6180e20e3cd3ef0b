import { describe, expect, it } from '@jest/globals';
import { soak } from './engine-soak.js';

const isLong = process.env['npm_lifecycle_event'] === 'test:soak';
const steps = Number(process.env['SOAK_STEPS'] ?? (isLong ? 10_000_000 : 50_000));
const seed = Number(process.env['SOAK_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

describe('MemoryCache', () => {
  it(
    `stays sound over ${steps.toLocaleString('en')} random calls of all policies (SOAK_SEED=${seed})`,
    () => {
      const done: string[] = [];
      soak(steps, seed, Math.max(200, Math.round(steps / 2_000)), (line) => done.push(line));
      expect(done).toHaveLength(12);
    },
    60_000 + steps,
  );
});
