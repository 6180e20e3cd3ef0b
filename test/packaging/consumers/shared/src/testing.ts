/* What a user tests with: every name of `nestjs-strata/testing` that app.ts does not use, with a test runner of his own. */
import { deepStrictEqual, ok } from 'node:assert';
import {
  busContract,
  ChaosBus,
  ChaosTier,
  FakeClock,
  inProcessHub,
  InProcessTier,
  tierContract,
  type BusCall,
  type BusContractOptions,
  type BusFault,
  type BusUnderTest,
  type ChaosOptions,
  type Corruption,
  type Expectation,
  type FaultRule,
  type InProcessBus,
  type InProcessHub,
  type InProcessHubOptions,
  type InProcessTierOptions,
  type Lie,
  type TestRunner,
  type TierCall,
  type TierContractOptions,
  type TierFault,
  type TierUnderTest,
} from 'nestjs-strata/testing';

export const EXPECTED_OF_TESTING = {
  contracts: { tests: true, failed: [] as string[] },
  faults: ['chaos: read fails', 'chaos: publish fails'],
};

type Test = () => void | Promise<void>;

export async function useTesting() {
  const tests = new Map<string, Test>();
  const runner: TestRunner = {
    describe: (_title, body) => body(),
    it: (title, body) => void tests.set(`${tests.size} ${title}`, body),
    expect: (actual) => ({ ...expectation(actual, false), not: expectation(actual, true) }),
  };
  tierContract(runner, tierOptions());
  busContract(runner, busOptions());
  const failed: string[] = [];
  for (const [title, test] of tests) {
    try {
      await test();
    } catch (error) {
      failed.push(`${title}: ${String(error)}`);
    }
  }
  return { contracts: { tests: tests.size > 100, failed }, faults: await useFaults() };
}

interface MadeTier extends TierUnderTest {
  readonly clock: FakeClock;
}

function tierOptions(): TierContractOptions<MadeTier> {
  return {
    name: 'a tier',
    capabilities: new InProcessTier().capabilities,
    make: async () => {
      const clock = new FakeClock();
      const options: InProcessTierOptions = { clock, ttl: '1h' };
      const tier = new InProcessTier(options);
      return { tier, tierOfAnotherProcess: new ChaosTier(tier.anotherNode()), clock, dispose: () => {} };
    },
    advance: ({ clock }, ms) => clock.advance(ms),
  };
}

function busOptions(): BusContractOptions {
  return {
    name: 'a bus',
    scope: 'process',
    make: async (): Promise<BusUnderTest> => {
      const options: InProcessHubOptions = {};
      const hub: InProcessHub = inProcessHub(options);
      const bus: InProcessBus = hub.bus();
      return { buses: [bus, hub.bus(), new ChaosBus(hub.bus())], dispose: () => {} };
    },
    wait: async () => {},
  };
}

async function useFaults(): Promise<string[]> {
  const options: ChaosOptions = { clock: new FakeClock(), random: () => 0.5 };
  const tier = new ChaosTier(new InProcessTier(), options);
  const how: [Corruption, Lie] = ['flipped', 'short'];
  const ofTier: TierFault[] = [{ kind: 'fail' }, { kind: 'corrupt', how: how[0] }, { kind: 'lie', how: how[1] }];
  const rule: FaultRule<TierCall> = { on: ['read'], times: 1 };
  for (const fault of ofTier) tier.inject(fault, rule);
  const bus = new ChaosBus(inProcessHub().bus(), options);
  const ofBus: BusFault = { kind: 'fail' };
  bus.inject(ofBus, { on: ['publish'] satisfies BusCall[] });
  const reason = (error: Error): string => error.message;
  return [await tier.read('a', [], []).then(String, reason), await bus.publish([]).then(String, reason)];
}

function expectation(actual: unknown, negated: boolean): Expectation {
  const expectThat = (holds: boolean): void => ok(holds !== negated, `not what was expected: ${String(actual)}`);
  return {
    toBe: (expected) => expectThat(Object.is(actual, expected)),
    toEqual: (expected) => expectThat(equals(actual, expected)),
    toContain: (expected) => expectThat((actual as string).includes(expected as string)),
    toBeGreaterThan: (expected) => expectThat((actual as number) > expected),
    toBeLessThanOrEqual: (expected) => expectThat((actual as number) <= expected),
  };
}

function equals(actual: unknown, expected: unknown): boolean {
  try {
    deepStrictEqual(actual, expected);
    return true;
  } catch {
    return false;
  }
}
