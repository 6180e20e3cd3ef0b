import { connect as connectTwo, type IncomingHttpHeaders } from 'node:http2';
import { connect, Socket, type AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Param, type INestApplication } from '@nestjs/common';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { HttpCache } from '../../../lib/index.js';
import { PLATFORMS, startApp, type HttpApp } from './http-app.js';

let http: HttpApp | undefined;

/** Beyond latin1, and beyond what fits into 16 bits. */
const WORDS = 'kesäyö, 夏の夜, 🌙';

@Controller()
class Nights {
  @Get('early/:at')
  @HttpCache({ ttl: '1m', public: true })
  early(@Param('at') at: string) {
    return { at, words: WORDS };
  }

  @Get('late/:at')
  @HttpCache({ ttl: '1m' })
  late(@Param('at') at: string) {
    return { at, words: WORDS };
  }
}

afterEach(async () => {
  await http?.app.close();
  http = undefined;
});

/** How many pieces each write to the system has, of all connections that are made from now on. */
function watchWrites(app: INestApplication): number[] {
  const writes: number[] = [];
  app.getHttpServer().on('connection', (socket: Socket) => {
    const { _write: one, _writev: many } = Socket.prototype;
    Object.assign(socket, {
      _write: (...args: Parameters<typeof one>) => {
        writes.push(1);
        one.apply(socket, args);
      },
      _writev: (...args: Parameters<NonNullable<typeof many>>) => {
        writes.push(args[0].length);
        many?.apply(socket, args);
      },
    });
  });
  return writes;
}

/** All that comes back on one connection, until its server closes it. */
function converse(port: number, request: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = connect(port, '127.0.0.1', () => socket.write(request));
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('error', reject);
    socket.on('close', () => resolve(Buffer.concat(chunks).toString()));
  });
}

describe.each(PLATFORMS)('a kept response on %s', (platform) => {
  it.each(['early', 'late'])('goes out in one piece, head and body: %s', async (route) => {
    http = await startApp(platform, { controllers: [Nights] });
    await http.ask(`/${route}/1`);
    const writes = watchWrites(http.app);
    const { cache, text } = await http.ask(`/${route}/1`);

    expect([cache, JSON.parse(text)]).toEqual(['HIT', { at: '1', words: WORDS }]);
    expect(writes).toEqual([1]);
  });

  it('comes whole and in its turn when many are asked for at once', async () => {
    http = await startApp(platform, { controllers: [Nights] });
    const paths = ['early/1', 'late/1', 'early/2', 'late/2'];
    for (const path of paths) await http.ask(`/${path}`, { headers: { host: 'here' } });
    const asked = Array.from({ length: 40 }, (_, at) => paths[(at * 3) % paths.length] as string);
    const requests = asked.map((path, at) => {
      const method = at % 5 === 4 ? 'HEAD' : 'GET';
      const last = at === asked.length - 1 ? 'Connection: close\r\n' : '';
      return `${method} /${path} HTTP/1.1\r\nHost: here\r\n${last}\r\n`;
    });
    const answers = (await converse(http.port, requests.join(''))).split('HTTP/1.1 200 OK\r\n').slice(1);

    expect(answers.map((answer) => /^x-cache: (\w+)/im.exec(answer)?.[1])).toEqual(asked.map(() => 'HIT'));
    expect(answers.map((answer) => answer.slice(answer.indexOf('\r\n\r\n') + 4))).toEqual(
      asked.map((path, at) => (at % 5 === 4 ? '' : JSON.stringify({ at: path.split('/')[1], words: WORDS }))),
    );
  });

  it('goes through what a middleware has put in the place of end() or write()', async () => {
    const ended: string[] = [];
    http = await startApp(platform, {
      controllers: [Nights],
      prepare: (app) =>
        app.use((_request: unknown, response: { end: (...args: unknown[]) => unknown }, next: () => void) => {
          const { end } = response;
          response.end = (...args) => {
            ended.push(String(args[0]).slice(0, 5));
            return Reflect.apply(end, response, args);
          };
          next();
        }),
    });
    const answers = [await http.ask('/early/1'), await http.ask('/early/1')];

    expect(answers.map(({ cache }) => cache)).toEqual(['MISS', 'HIT']);
    expect(answers[1]?.text).toBe(answers[0]?.text);
    expect(ended).toEqual(['{"at"', '{"at"']);
  });
});

describe('a kept response on fastify', () => {
  it('goes out as the hooks of onSend have made it', async () => {
    http = await startApp('fastify', {
      controllers: [Nights],
      prepare: (app) =>
        (app as NestFastifyApplication)
          .getHttpAdapter()
          .getInstance()
          .addHook('onSend', async (_request, _reply, payload) => `${String(payload)} ${WORDS}`),
    });
    await http.ask('/early/1');
    const { cache, text } = await http.ask('/early/1');

    expect([cache, text]).toEqual(['HIT', `${JSON.stringify({ at: '1', words: WORDS })} ${WORDS}`]);
  });

  it('goes out over HTTP/2 as well', async () => {
    const adapter = new FastifyAdapter({ http2: true } as object);
    http = await startApp('fastify', { controllers: [Nights], adapter });
    const session = connectTwo(`http://127.0.0.1:${(http.app.getHttpServer().address() as AddressInfo).port}`);
    const ask = (): Promise<[cache: unknown, text: string]> =>
      new Promise((resolve, reject) => {
        let headers: IncomingHttpHeaders = {};
        let text = '';
        const stream = session.request({ ':path': '/early/1' }).setEncoding('utf8');
        stream.on('response', (given) => (headers = given));
        stream.on('data', (chunk: string) => (text += chunk));
        stream.on('error', reject);
        stream.on('end', () => resolve([headers['x-cache'], text]));
      });
    const answers = [await ask(), await ask()];
    session.destroy();

    const text = JSON.stringify({ at: '1', words: WORDS });
    expect(answers).toEqual([
      ['MISS', text],
      ['HIT', text],
    ]);
  });
});
