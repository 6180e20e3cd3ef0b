/*
 * Readers with a skewed taste ask a city guide the same questions twice, without the caches and with them, and a table
 * says what that made of latency and of work for the database. Asks this machine only, for less than a minute.
 */
import { Presets, SingleBar } from 'cli-progress';
import { type Bounds, drive, type PhaseResult } from './drive.js';
import { GuideApp } from './guide-app.js';
import { table } from './report.js';
import { requestMix } from './request-mix.js';

const SEED = 20_261;
const PHASE: Bounds = { requests: 5_000, milliseconds: 12_000, readers: 8 };
const START_DEADLINE_MS = 25_000;
const DEADLINE_MS = 58_000;
const WITHOUT = 'without cache';
const WITH = 'with cache';

async function main(): Promise<void> {
  setTimeout(() => fail(new Error('the load took longer than a minute')), DEADLINE_MS).unref();
  const port = Number(process.env.PORT ?? 3000);
  const running = await GuideApp.running(port);
  console.log(running ? `driving the app at ${running.address}` : `no app answers on port ${port}: starting one`);

  const phases = new Map<string, PhaseResult>();
  // Beside a running app, whose database nobody else may open, a second one needs a database of its own.
  phases.set(
    WITHOUT,
    await phase(WITHOUT, await own({ STRATA_CACHE: 'off', ...(running && { STRATA_DATA: 'memory' }) })),
  );
  phases.set(WITH, await phase(WITH, running ?? (await own({ STRATA_CACHE: 'on' }))));

  console.log(`\n${table(phases)}`);
  const failures = [...phases.values()].reduce((sum, result) => sum + result.failures, 0);
  if (failures > 0) throw new Error(`${failures} requests were not answered with 200`);
}

function own(environment: NodeJS.ProcessEnv): Promise<GuideApp> {
  console.log('starting an app …');
  return GuideApp.start(environment, AbortSignal.timeout(START_DEADLINE_MS));
}

async function phase(name: string, app: GuideApp): Promise<PhaseResult> {
  const show = display(name);
  try {
    return await drive(app, requestMix(SEED), PHASE, (share) => show.update(share));
  } finally {
    show.end();
    await app.stop();
  }
}

/** A bar in a terminal, two lines elsewhere. */
function display(name: string): { update(share: number): void; end(): void } {
  if (!process.stdout.isTTY) {
    console.log(`${name}: asking …`);
    return { update() {}, end: () => console.log(`${name}: done`) };
  }
  const bar = new SingleBar({ format: `${name.padEnd(WITHOUT.length)} |{bar}| {percentage}%` }, Presets.shades_classic);
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
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}

main().catch(fail);
