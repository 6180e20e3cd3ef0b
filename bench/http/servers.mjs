/*
 * The same route of a Nest app, uncached and cached in different ways. Decorators are called as functions, for these files
 * are not compiled.
 */
import 'reflect-metadata';
import { Controller, Get, Module, UseInterceptors } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { CacheInterceptor, CacheModule as PeerModule } from '@nestjs/cache-manager';
import { CacheModule, HttpCache } from 'nestjs-strata';

/** How many times a handler has run. */
export const source = { calls: 0, delayMs: 0 };

/** A page of users, 915 bytes of JSON, made anew on each call as a query would. */
function users() {
  const page = Array.from({ length: 10 }, (_, at) => ({
    id: 1000 + at,
    name: `User number ${at}`,
    email: `user${at}@mail.example`,
    admin: false,
  }));
  return {
    about: 'All users by number, ten to a page; the next is linked where there is one',
    page: 1,
    of: 120,
    users: page.map((user, at) => (at === 0 ? { ...user, city: 'Reykjavik' } : user)),
  };
}

async function load() {
  source.calls++;
  if (source.delayMs > 0) await new Promise((resolve) => setTimeout(resolve, source.delayMs));
  return users();
}

/** What stands on the handler, what it does, and what the app imports. */
export const SERVERS = {
  none: { handler: load },
  map: {
    handler: (() => {
      const kept = new Map();
      return async () => {
        const known = kept.get('users');
        if (known !== undefined && known.untilMs > Date.now()) return known.value;
        const value = await load();
        kept.set('users', { value, untilMs: Date.now() + 300_000 });
        return value;
      };
    })(),
  },
  'cache-interceptor': {
    handler: load,
    decorators: [UseInterceptors(CacheInterceptor)],
    imports: [PeerModule.register({ ttl: 300_000 })],
  },
  'strata-http': { handler: load, decorators: [HttpCache({ ttl: '5m' })], imports: [CacheModule.forRoot()] },
  'strata-public': {
    handler: load,
    decorators: [HttpCache({ ttl: '5m', public: true })],
    imports: [CacheModule.forRoot()],
  },
  hook: { handler: load, hook: true },
};

/** Starts the app on a free port. */
export async function startServer(platform, library) {
  const { handler, decorators = [], imports = [], hook = false } = SERVERS[library];
  class Users {
    find() {
      return handler();
    }
  }
  const descriptor = Object.getOwnPropertyDescriptor(Users.prototype, 'find');
  for (const decorator of [Get(), ...decorators]) decorator(Users.prototype, 'find', descriptor);
  Object.defineProperty(Users.prototype, 'find', descriptor);
  Controller('users')(Users);
  class App {}
  Module({ imports, controllers: [Users] })(App);
  const app = await NestFactory.create(App, await adapterOf(platform), { logger: false });
  if (hook) await addHook(app, platform);
  await app.listen(0, '127.0.0.1');
  return { app, port: app.getHttpServer().address().port };
}

async function adapterOf(platform) {
  if (platform === 'express') return new (await import('@nestjs/platform-express')).ExpressAdapter();
  return new (await import('@nestjs/platform-fastify')).FastifyAdapter();
}

/** By hand, before the router: the cheapest that a cache can be. */
async function addHook(app, platform) {
  const kept = new Map();
  const body = Buffer.from(JSON.stringify(users()));
  kept.set('/users', { body, untilMs: Date.now() + 300_000 });
  const find = (url) => {
    const known = kept.get(url);
    return known !== undefined && known.untilMs > Date.now() ? known.body : undefined;
  };
  if (platform === 'express') {
    app.use((request, response, next) => {
      const found = find(request.url);
      if (found === undefined) return next();
      response.setHeader('content-type', 'application/json; charset=utf-8');
      response.setHeader('content-length', found.length);
      return response.end(found);
    });
    return;
  }
  app
    .getHttpAdapter()
    .getInstance()
    .addHook('onRequest', (request, reply, next) => {
      const found = find(request.url);
      if (found === undefined) return next();
      reply.header('content-type', 'application/json; charset=utf-8').send(found);
    });
}
