import 'reflect-metadata';
import type { AddressInfo } from 'node:net';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { AppModule } from './app.module.js';
import { FolderInUseError } from './database/folder-lock.js';
import { FillService } from './database/fill.service.js';
import { WarmStartService } from './monitoring/warm-start.service.js';
import { Settings } from './settings/settings.js';
import { SettingsError } from './settings/settings-error.js';
import { UpstreamServer } from './upstream/upstream-server.js';

const SHUTDOWN_DEADLINE_MS = 10_000;
const EXAMPLES = [
  '/cities/nearest?lat=52.52&lon=13.41',
  '/cities/search?name=san',
  '/cities/2950159/weather',
  '/strata',
  '/stats',
  '/progress',
];

async function main(): Promise<void> {
  // Before Nest, which would tell of a bad setting as of a defect of the app.
  Settings.from(process.env, process.argv.slice(2));
  const app = await NestFactory.create<NestExpressApplication>(AppModule, {
    logger: ['error', 'warn'],
    abortOnError: false,
  });
  app.set('json spaces', 2);
  const upstream = app.get(UpstreamServer);
  await listening('WEATHER_PORT', upstream.start());
  closeOnSignal(async () => {
    // The guide first: it may be waiting for the weather, and ends that by itself.
    await app.close();
    await upstream.close();
  });
  // Listening comes first: the fill takes a while, and whoever asks meanwhile is told how far it is.
  await listening('PORT', app.listen(app.get(Settings).port));
  printAddresses((app.getHttpServer().address() as AddressInfo).port, upstream.address); // an app on a port has such an address
  printLevels(app.get(Settings));
  app.get(WarmStartService).print();
  const started = performance.now();
  const fill = app.get(FillService);
  await fill.run();
  if (fill.progress.state !== 'ready') return;
  console.log(`${fill.progress.done} cities are ready after ${((performance.now() - started) / 1000).toFixed(1)} s`);
}

/** Waits until a port is listened on, and says which variable chooses another when it is in use. */
async function listening(variable: string, work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    const { code, port } = Object(error) as { code?: unknown; port?: unknown }; // only looked at, whatever was thrown
    if (code !== 'EADDRINUSE') throw error;
    throw new SettingsError(
      `port ${String(port)} is in use; stop what listens there, or take a free one: ${variable}=0 npm start`,
    );
  }
}

function printAddresses(port: number, weatherService: string): void {
  const address = `http://localhost:${port}`;
  console.log(address);
  for (const path of EXAMPLES) console.log(address + path);
  console.log(`${weatherService}/mode (the weather service: PUT {"mode": "fail"} breaks it)`);
}

function printLevels({ levels, cacheFolder, cacheEnabled }: Settings): void {
  if (levels.tiers.length === 0 || !cacheEnabled) return;
  // The address may contain a password.
  const where = { lmdb: cacheFolder, redis: levels.redisUrl && new URL(levels.redisUrl).host };
  console.log(`caches: ${['memory', ...levels.tiers.map((tier) => `${tier} (${where[tier]})`)].join(', ')}`);
}

/** A first signal lets running requests end; a second one, or ten seconds, ends the process at once. */
function closeOnSignal(end: () => Promise<void>): void {
  let closing = false;
  const close = (): void => {
    if (closing) process.exit(130);
    closing = true;
    setTimeout(() => process.exit(1), SHUTDOWN_DEADLINE_MS).unref();
    end().catch(fail);
  };
  process.on('SIGINT', close);
  process.on('SIGTERM', close);
}

function fail(error: unknown): void {
  if (error instanceof SettingsError || error instanceof FolderInUseError) {
    console.error(error.message);
  } else {
    console.error(error);
  }
  process.exit(1);
}

main().catch(fail);
