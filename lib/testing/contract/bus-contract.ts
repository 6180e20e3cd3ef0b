import type { Bus } from '../../tiers/index.js';
import { rejectionOf, type TestRunner } from './test-runner.js';
import { BusRecorder } from './bus-recorder.js';

/** Buses as the contract takes them: of three nodes, none of them started yet. */
export interface BusUnderTest {
  readonly buses: readonly [Bus, Bus, Bus];
  /** Ends what `make` began. The contract has closed the buses. */
  dispose(): void | Promise<void>;
}

/** What the bus contract is told; `T` is what its `make` gives, which the other functions get back. */
export interface BusContractOptions<T extends BusUnderTest = BusUnderTest> {
  /** What the suite is called. */
  readonly name: string;
  make(): Promise<T>;
  /** Whose nodes the bus says it reaches. */
  readonly scope: Bus['scope'];
  /** Lets some time pass, on the way to what a test waits for: `(ms) => new Promise((done) => setTimeout(done, ms))`, or `(ms) => clock.advance(ms)`. */
  wait(ms: number): void | Promise<void>;
  /** Takes the connection of the first bus away. With it and `mend`, what then happens is tested. */
  cut?(made: T): void | Promise<void>;
  /** Gives the first bus its connection back. */
  mend?(made: T): void | Promise<void>;
  /** How long one test may take, in milliseconds. @defaultValue 30,000 */
  readonly testTimeoutMs?: number;
}

const CHANNEL = 'strata:contract';
const DEFAULT_TEST_TIMEOUT_MS = 30_000;
/** Waiting for something that must not come takes this long. */
const QUIET_MS = 50;
/** Texts that carriers stumble over. A message is well-formed Unicode, since whoever writes one encodes it. */
const TEXTS = [
  '',
  ' ',
  'a\r\nb',
  '\0',
  '{}',
  '"quoted" \\ `text`',
  'ä a\u0308 😀 \u2028',
  '*1\r\n$4\r\nPING\r\n',
  '__proto__',
  'null',
  'x'.repeat(100_000),
];

/**
 * Describes what every bus must keep, as tests of the runner that is handed in. Each test gets buses of its own from `make`.
 */
export function busContract<T extends BusUnderTest>(runner: TestRunner, options: BusContractOptions<T>): void {
  const { describe, expect } = runner;

  type Body = (at: { made: T; buses: BusUnderTest['buses']; seen: Recorders }) => Promise<void>;

  /** A test with started, connected buses, and a recorder at each, which fails also when a bus reports trouble. */
  const it = (title: string, body: Body): void =>
    itThroughTrouble(title, async (at) => {
      await body(at);
      expect(at.seen.flatMap(({ errors }) => errors)).toEqual([]);
    });
  const itThroughTrouble = (title: string, body: Body): void => {
    const run = async (): Promise<void> => {
      const made = await options.make();
      const recorder = (): BusRecorder => new BusRecorder((ms) => options.wait(ms));
      const seen: Recorders = [recorder(), recorder(), recorder()];
      try {
        for (const [at, bus] of made.buses.entries()) bus.start(CHANNEL, (seen[at] as BusRecorder).listener);
        await Promise.all(seen.map((each) => each.until((now) => now.connections.length > 0)));
        await body({ made, buses: made.buses, seen });
      } finally {
        await Promise.all(made.buses.map((bus) => bus.close()));
        await made.dispose();
      }
    };
    runner.it(title, run, options.testTimeoutMs ?? DEFAULT_TEST_TIMEOUT_MS);
  };

  describe(`${options.name} keeps the contract of buses`, () => {
    it('has a name and says whom it reaches', async ({ buses }) => {
      for (const bus of buses) {
        expect(/^[\w-]{1,64}$/.test(bus.name)).toBe(true);
        expect(bus.scope).toBe(options.scope);
      }
    });

    it('says once that it is connected, and that something may be missing before that', async ({ seen }) => {
      await options.wait(QUIET_MS);
      for (const { calls } of seen) expect(calls).toEqual(['connected unknown']);
    });

    it('delivers to every node, the sender included', async ({ buses, seen }) => {
      await buses[1].publish(['hello']);
      for (const each of seen) {
        await each.until((now) => now.messages.length > 0);
        expect(each.messages).toEqual(['hello']);
      }
    });

    it('delivers each message once, and nothing that nobody sent', async ({ buses, seen }) => {
      await buses[0].publish(['1']);
      await buses[1].publish(['2']);
      await buses[2].publish(['3']);
      for (const each of seen) await each.until((now) => now.messages.length >= 3);
      await options.wait(QUIET_MS);
      for (const each of seen) expect(each.messages.toSorted()).toEqual(['1', '2', '3']);
    });

    it('delivers what was published together in its order', async ({ buses, seen }) => {
      const texts = Array.from({ length: 1_000 }, (_, at) => `message ${at}`);
      await buses[0].publish(texts);
      for (const each of seen) {
        await each.until((now) => now.messages.length >= texts.length);
        expect(each.messages).toEqual(texts);
      }
    });

    it('delivers what was published one after the other in its order, awaited or not', async ({ buses, seen }) => {
      const texts = Array.from({ length: 300 }, (_, at) => `message ${at}`);
      const published: Promise<void>[] = [];
      for (const [at, text] of texts.entries()) {
        const publishing = buses[0].publish([text]);
        if (at % 7 === 0) await publishing;
        else published.push(publishing);
      }
      await Promise.all(published);
      for (const each of seen) {
        await each.until((now) => now.messages.length >= texts.length);
        expect(each.messages).toEqual(texts);
      }
    });

    it('keeps the order of each sender while all send', async ({ buses, seen }) => {
      const textsOf = (sender: number): string[] => Array.from({ length: 200 }, (_, at) => `${sender}: ${at}`);
      await Promise.all(buses.flatMap((bus, sender) => textsOf(sender).map((text) => bus.publish([text]))));
      for (const each of seen) {
        await each.until((now) => now.messages.length >= 600);
        for (const sender of [0, 1, 2]) {
          expect(each.messages.filter((text) => text.startsWith(`${sender}: `))).toEqual(textsOf(sender));
        }
      }
    });

    it('carries any text', async ({ buses, seen }) => {
      await buses[2].publish(TEXTS);
      for (const each of seen) {
        await each.until((now) => now.messages.length >= TEXTS.length);
        expect(each.messages.every((text, at) => text === TEXTS[at])).toBe(true);
      }
    });

    it('takes an empty batch and delivers nothing', async ({ buses, seen }) => {
      await buses[0].publish([]);
      await buses[0].publish(['after']);
      for (const each of seen) {
        await each.until((now) => now.messages.length > 0);
        expect(each.messages).toEqual(['after']);
      }
    });

    it('does not look at a batch again after it was handed over', async ({ buses, seen }) => {
      const batch = ['before'];
      const publishing = buses[0].publish(batch);
      batch[0] = 'changed';
      batch.push('added');
      await publishing;
      for (const each of seen) {
        await each.until((now) => now.messages.length > 0);
        expect(each.messages).toEqual(['before']);
      }
    });

    it('delivers nothing after it was closed, and goes on with the others', async ({ buses, seen }) => {
      await buses[0].close();
      await buses[1].publish(['later']);
      await seen[1].until((now) => now.messages.length > 0);
      await seen[2].until((now) => now.messages.length > 0);
      await options.wait(QUIET_MS);
      expect(seen.map(({ messages }) => messages)).toEqual([[], ['later'], ['later']]);
    });

    it('rejects what is published after it was closed', async ({ buses }) => {
      await buses[0].close();
      expect((await rejectionOf(() => buses[0].publish(['late']))) instanceof Error).toBe(true);
    });

    it('can be closed more than once', async ({ buses }) => {
      await buses[0].close();
      expect(await rejectionOf(() => buses[0].close())).toBe(undefined);
    });

    if (options.cut !== undefined && options.mend !== undefined) {
      const { cut, mend } = options;
      itThroughTrouble('says when it is cut off, and when it is back', async ({ made, seen }) => {
        await cut(made);
        await seen[0].until((now) => now.disconnections > 0);
        await mend(made);
        await seen[0].until((now) => now.connections.length > 1);
        expect(seen[0].disconnections).toBe(1);
      });

      itThroughTrouble(
        'has delivered all it missed, or says that something may be missing',
        async ({ made, buses, seen }) => {
          await buses[1].publish(['before']);
          await seen[0].until((now) => now.messages.length > 0);
          await cut(made);
          await seen[0].until((now) => now.disconnections > 0);
          const missed = Array.from({ length: 50 }, (_, at) => `missed ${at}`);
          await buses[1].publish(missed);
          await mend(made);
          await seen[0].until((now) => now.connections.length > 1);
          await buses[1].publish(['after']);
          await seen[0].until((now) => now.messages.includes('after'));
          const all = ['before', ...missed, 'after'];
          const received = seen[0].messages;
          expect(received).toEqual(all.filter((text) => received.includes(text)));
          if (seen[0].connections.at(-1) === 'complete') expect(received).toEqual(all);
        },
      );
    }
  });
}

type Recorders = readonly [BusRecorder, BusRecorder, BusRecorder];
