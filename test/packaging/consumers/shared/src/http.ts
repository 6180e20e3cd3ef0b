/* Cached routes of apps that listen, on both platforms that Nest has. */
import { request, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { Controller, Get, Header, Module, Param, UseInterceptors, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { CacheModule, HttpCache, HttpCacheInterceptor } from 'nestjs-strata';

let calls = 0;

@Controller('cities')
class Cities {
  @Get(':id')
  @Header('content-language', 'en')
  @HttpCache({ ttl: '1m' })
  find(@Param('id') id: string) {
    return { id, call: ++calls };
  }

  @Get(':id/name')
  @HttpCache({ ttl: '1m' })
  @UseInterceptors(HttpCacheInterceptor)
  name(@Param('id') id: string) {
    return `${++calls}. ${id}`;
  }

  @Get(':id/motto')
  @HttpCache({ ttl: '1m', public: true })
  motto(@Param('id') id: string) {
    return `${++calls}. ${id} for ever`;
  }
}

@Module({ imports: [CacheModule.forRoot()], controllers: [Cities] })
class HttpApp {}

const SEEN = [
  'MISS 200 application/json; charset=utf-8 {"id":"kyoto","call":1}',
  'HIT 200 application/json; charset=utf-8 {"id":"kyoto","call":1}',
  'HIT 304 undefined ',
  'MISS 200 text/plain; charset=utf-8 2. kyoto',
  'HIT 200 text/plain; charset=utf-8 2. kyoto',
  'MISS 200 text/plain; charset=utf-8 3. kyoto for ever',
  'HIT 200 text/plain; charset=utf-8 3. kyoto for ever',
];

export const EXPECTED_OF_HTTP = { http: { express: SEEN, fastify: SEEN } };

export async function useHttp() {
  const express = await ask(await NestFactory.create(HttpApp, new ExpressAdapter(), { logger: false }));
  const fastify = await ask(await NestFactory.create(HttpApp, new FastifyAdapter(), { logger: false }));
  return { http: { express, fastify } };
}

async function ask(app: INestApplication): Promise<string[]> {
  calls = 0;
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address() as AddressInfo;
  const seen: string[] = [];
  let etag = '';
  for (const path of ['kyoto', 'kyoto', 'kyoto', 'kyoto/name', 'kyoto/name', 'kyoto/motto', 'kyoto/motto']) {
    const answer = await get(`http://127.0.0.1:${port}/cities/${path}`, seen.length === 2 ? etag : undefined);
    etag = answer.headers.etag ?? '';
    const type = answer.headers['content-type']?.replace('text/html', 'text/plain');
    seen.push(`${answer.headers['x-cache']} ${answer.statusCode} ${type} ${await text(answer)}`);
  }
  await app.close();
  return seen;
}

function get(url: string, etag: string | undefined): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const headers = etag === undefined ? {} : { 'if-none-match': etag };
    request(url, { headers, agent: false }, resolve).once('error', reject).end();
  });
}
