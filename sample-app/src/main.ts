import 'reflect-metadata';
import type { AddressInfo } from 'node:net';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { AppModule } from './app.module.js';
import { FolderInUseError } from './database/folder-lock.js';
import { FillService } from './database/fill.service.js';
import { Settings, SettingsError } from './settings/settings.js';

const SHUTDOWN_DEADLINE_MS = 10_000;

async function main(): Promise<void> {
  const app = await NestFactory.create<NestExpressApplication>(AppModule, {
    logger: ['error', 'warn'],
    abortOnError: false,
  });
  app.set('json spaces', 2);
  closeOnSignal(app);
  // Listening comes first: the fill takes a while, and whoever asks meanwhile is told how far it is.
  await app.listen(app.get(Settings).port);
  printAddresses((app.getHttpServer().address() as AddressInfo).port); // an app on a port has such an address
  const started = performance.now();
  const fill = app.get(FillService);
  await fill.run();
  if (fill.progress.state !== 'ready') return;
  console.log(`${fill.progress.done} cities are ready after ${((performance.now() - started) / 1000).toFixed(1)} s`);
}

function printAddresses(port: number): void {
  const address = `http://localhost:${port}`;
  console.log(address);
  for (const path of ['/cities/nearest?lat=52.52&lon=13.41', '/cities/search?name=san', '/stats', '/progress']) {
    console.log(address + path);
  }
}

/** A first signal lets running requests end; a second one, or ten seconds, ends the process at once. */
function closeOnSignal(app: NestExpressApplication): void {
  let closing = false;
  const close = (): void => {
    if (closing) process.exit(130);
    closing = true;
    setTimeout(() => process.exit(1), SHUTDOWN_DEADLINE_MS).unref();
    app.close().catch(fail);
  };
  process.on('SIGINT', close);
  process.on('SIGTERM', close);
}

function fail(error: unknown): void {
  const { code, port } = Object(error) as { code?: unknown; port?: unknown }; // only looked at, whatever was thrown
  if (code === 'EADDRINUSE') {
    console.error(`port ${String(port)} is in use; stop what listens there, or choose another: PORT=3001 npm start`);
  } else if (error instanceof SettingsError || error instanceof FolderInUseError) {
    console.error(error.message);
  } else {
    console.error(error);
  }
  process.exit(1);
}

main().catch(fail);
