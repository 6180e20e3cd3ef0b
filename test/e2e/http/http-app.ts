import { request as send, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { INestApplication, Type } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { CacheModule, type CacheModuleOptions } from '../../../lib/index.js';
import { FakeClock } from '../../../lib/testing/index.js';

export const PLATFORMS = ['express', 'fastify'] as const;
export type Platform = (typeof PLATFORMS)[number];

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly text: string;
  /** What it says of the cache. */
  readonly cache: string | undefined;
}

export interface Asked {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

/** A Nest app that listens, and a clock that only tests move. */
export class HttpApp {
  constructor(
    readonly app: INestApplication,
    readonly clock: FakeClock,
  ) {}

  get port(): number {
    return (this.app.getHttpServer().address() as AddressInfo).port;
  }

  ask(path: string, { method = 'GET', headers = {}, body }: Asked = {}): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const request = send({ port: this.port, path, method, headers, agent: false }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const body = Buffer.concat(chunks);
          const cache = response.headers['x-cache'] as string | undefined;
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body, text: body.toString(), cache });
        });
      });
      request.on('error', reject);
      request.end(body);
    });
  }
}

export interface AppParts {
  readonly controllers: Type[];
  readonly imports?: readonly unknown[];
  readonly providers?: readonly unknown[];
  readonly withoutCacheModule?: boolean;
  readonly cache?: CacheModuleOptions;
  readonly prepare?: (app: INestApplication) => unknown;
  /** In the place of the platform's plain one. */
  readonly adapter?: FastifyAdapter;
}

/** Starts an app on a free port. */
export async function startApp(platform: Platform, parts: AppParts): Promise<HttpApp> {
  const clock = new FakeClock();
  const module = await Test.createTestingModule({
    imports: [
      ...(parts.withoutCacheModule === true ? [] : [CacheModule.forRoot({ clock, ...parts.cache })]),
      ...((parts.imports ?? []) as Type[]),
    ],
    controllers: parts.controllers,
    providers: [...(parts.providers ?? [])] as never[],
  }).compile();
  const app =
    platform === 'express'
      ? module.createNestApplication(new ExpressAdapter(), { logger: false })
      : module.createNestApplication<NestFastifyApplication>(parts.adapter ?? new FastifyAdapter(), { logger: false });
  await parts.prepare?.(app);
  await app.listen(0);
  return new HttpApp(app, clock);
}
