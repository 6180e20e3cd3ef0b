/*
 * Starts the city guide, as built, and closes it, again and again in one process, as hot reload does; then tells what is
 * left in the heap and of handles. It never calls process.exit(), so that it ends only when nothing holds it.
 */
import 'reflect-metadata';
import { once } from 'node:events';
import { get } from 'node:http';
import { createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as after } from 'node:timers/promises';
import v8 from 'node:v8';
import vm from 'node:vm';
import { NestFactory } from '@nestjs/core';
import { AppModule } from '../../dist/app.module.js';
import { FillService } from '../../dist/database/fill.service.js';
import { UpstreamServer } from '../../dist/upstream/upstream-server.js';

/** Until the code is hot and the pools are full. */
const WARM_UPS = 10;
const PATHS = ['/cities/2950159', '/cities/nearest?lat=52.52&lon=13.41', '/cities/2950159/weather', '/stats'];

/** The arguments are the app's. */
const cycles = Number(process.env.STRATA_SAMPLE_CYCLES);
v8.setFlagsFromString('--expose-gc');
const collectGarbage = vm.runInNewContext('gc');

async function cycle() {
  const app = await NestFactory.create(AppModule, { logger: ['error'], abortOnError: false });
  const upstream = app.get(UpstreamServer);
  await upstream.start();
  await app.listen(0, '127.0.0.1');
  await app.get(FillService).run();
  for (const path of PATHS) await ask(`${await app.getUrl()}${path}`);
  await app.close();
  await upstream.close();
}

/** By a connection of its own: the app has another port each time. */
async function ask(url) {
  const request = get(url, { agent: false });
  const [response] = await once(request, 'response');
  const body = await text(response);
  if (response.statusCode !== 200) throw new Error(`${url} answered ${response.statusCode}: ${body}`);
}

async function settled() {
  for (let round = 0; round < 5; round++) {
    await after(50);
    collectGarbage();
  }
  const resources = process.getActiveResourcesInfo().filter((name) => name !== 'Timeout' && name !== 'Immediate');
  return { heapBytes: process.memoryUsage().heapUsed, resources: resources.sort() };
}

/** fetch() keeps something for every address that it ever asked: the weather stays at one. */
async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  await new Promise((closed) => server.close(closed));
  return port;
}

process.env.WEATHER_PORT = String(await freePort());
for (let done = 0; done < WARM_UPS; done++) await cycle();
const before = await settled();
for (let done = 0; done < cycles; done++) await cycle();
const now = await settled();
console.log(
  JSON.stringify({ grownBytes: now.heapBytes - before.heapBytes, before: before.resources, now: now.resources }),
);
