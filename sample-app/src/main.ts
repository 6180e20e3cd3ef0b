import 'reflect-metadata';
import type { AddressInfo } from 'node:net';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { AppModule } from './app.module.js';
import { FolderInUseError } from './database/folder-lock.js';
import { FillService } from './database/fill.service.js';
import { Settings, SettingsError } from './settings/settings.js';
import { UpstreamServer } from './upstream/upstream-server.js';

const SHUTDOWN_DEADLINE_MS = 10_000;
const EXAMPLES = [
  '/cities/nearest?lat=52.52&lon=13.41',
  '/cities/search?name=san',
  '/cities/2950159/weather',
  '/stats',
  '/progress',
];

async function main(): Promise<void> {
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
