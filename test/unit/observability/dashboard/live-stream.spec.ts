import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { afterEach, describe, expect, it } from '@jest/globals';
import { CacheRegistry, defineCache, defineMemoryCache } from '../../../../lib/index.js';
import { LiveStream, type EventsToFollow } from '../../../../lib/observability/dashboard/live-stream.js';
import { Sampler } from '../../../../lib/observability/dashboard/sampler.js';
import { METRICS, type EventLines, type Hello, type Tick } from '../../../../lib/observability/dashboard/wire.js';
import { FakeClock } from '../../../../lib/testing/index.js';

const Users = defineCache<string, string>('users', { maxSize: 100_000 });
const Sessions = defineMemoryCache<string, string>('sessions', { maxSize: 10 });

/** A response that keeps what was written, and may be full. */
class Reader extends EventEmitter {
  readonly chunks: string[] = [];
  writableNeedDrain = false;
  hasEnded = false;
  destroyed = false;

  write(chunk: string): boolean {
    this.chunks.push(chunk);
    return !this.writableNeedDrain;
  }

  end(): void {
    this.hasEnded = true;
  }

  messages<Body>(event: string): Body[] {
    return this.chunks
      .filter((chunk) => chunk.startsWith(`event: ${event}\n`))
      .map((chunk) => JSON.parse(chunk.split('\ndata: ')[1] ?? '') as Body);
  }
}

describe('a live stream', () => {
  const streams: LiveStream[] = [];
  afterEach(() => {
    for (const stream of streams.splice(0)) stream.close();
  });

  function open(
    events?: { cache?: 'sessions'; types?: ('put' | 'hit')[]; search?: string },
    { historyMs = 60_000, hasLeft = false } = {},
  ) {
    const clock = new FakeClock();
    const registry = new CacheRegistry({ clock });
    for (const definition of [Users, Sessions]) registry.define(definition);
    const sampler = new Sampler({ registry, clock, intervalMs: 1_000, historyMs });
    const reader = new Reader();
    reader.destroyed = hasLeft;
    const stream = new LiveStream({
      response: reader as unknown as ServerResponse,
      clock,
      sampler,
      textOfKey: (_, key) => String(key),
      labelOfKey: (_, key) => ({
        id: `s${String(key)}`,
        text: String(key),
        kind: 'string',
        length: String(key).length,
      }),
    });
    streams.push(stream);
    const node = { name: 'n', id: 'n', host: 'n', pid: 1, startedAt: 0, runtime: '' };
    stream.open({
      node,
      intervalMs: 1_000,
      historyMs: 60_000,
      metrics: METRICS,
      eventTypes: [],
      snapshots: false,
      actions: false,
      caches: [],
      samples: [],
    });
    const source = events?.cache === undefined ? registry : registry.get(Sessions);
    if (events !== undefined) {
      const { types, search = '' } = events;
      stream.follow(source.events$ as EventsToFollow, { cache: events.cache, types, search });
    }
    const users = registry.get(Users);
    const sessions = registry.get(Sessions);
    return { clock, registry, reader, stream, users, sessions, lines: () => reader.messages<EventLines>('events') };
  }

  it('begins with a greeting, and ticks at the end of each interval', async () => {
    const { clock, reader, users } = open();
    await users.put('a', '1');
    clock.advance(1_000);
    expect(reader.messages<Hello>('hello')).toHaveLength(1);
    const [tick] = reader.messages<Tick>('tick');
    expect(tick?.samples).toHaveLength(1);
    expect(tick?.caches.map(({ name }) => name)).toContain('users');
  });

  it('makes the caches tell of nothing while no events are wanted', async () => {
    const { clock, users, lines } = open();
    await users.put('a', '1');
    clock.advance(1_000);
    expect(lines()).toEqual([]);
  });

  it('tells of events in batches, without their values', async () => {
    const { clock, users, lines } = open({});
    await users.put('a', 'secret');
    await users.get('a');
    expect(lines()).toEqual([]);
    clock.advance(200);
    expect(lines()).toHaveLength(1);
    expect(lines()[0]?.events.map(({ type, key }) => [type, key?.text])).toEqual([
      ['put', 'a'],
      ['hit', 'a'],
    ]);
    expect(JSON.stringify(lines())).not.toContain('secret');
  });

  it('tells only of the types that are wanted, of both kinds of cache', async () => {
    const { clock, users, sessions, lines } = open({ types: ['put'] });
    await users.put('a', '1');
    await users.get('a');
    sessions.put('b', '1');
    sessions.get('b');
    clock.advance(200);
    expect(lines()[0]?.events.map(({ type, cache }) => [type, cache])).toEqual([
      ['put', 'users'],
      ['put', 'sessions'],
    ]);
  });

  it('tells only of one cache, and of types of it', async () => {
    const { clock, users, sessions, lines } = open({ cache: 'sessions', types: ['hit'] });
    await users.put('a', '1');
    await users.get('a');
    sessions.put('b', '1');
    sessions.get('b');
    clock.advance(200);
    expect(lines()[0]?.events.map(({ type, key }) => [type, key?.text])).toEqual([['hit', 'b']]);
  });

  it('tells only of keys, groups and patterns with a text in them', async () => {
    const { clock, users, lines } = open({ search: 'team' });
    await users.put('Team:1', '1');
    await users.put('user:1', '1');
    await users.invalidateGroup('team');
    await users.invalidateMatching('team*');
    clock.advance(200);
    expect(lines()[0]?.events.map(({ key, group, pattern }) => key?.text ?? group ?? pattern)).toEqual([
      'Team:1',
      'team',
      'team*',
    ]);
  });

  describe('when its reader is slow', () => {
    it('keeps the last 250 events and counts those that the reader missed', async () => {
      const { clock, reader, users, lines } = open({});
      reader.writableNeedDrain = true;
      for (let at = 0; at < 1_000; at++) await users.put(`key ${at}`, '1');
      for (let passed = 0; passed < 10; passed++) clock.advance(200);
      expect(lines()).toEqual([]);
      reader.writableNeedDrain = false;
      clock.advance(200);
      const [batch, ...others] = lines();
      expect(others).toEqual([]);
      expect(batch?.missed).toBe(750);
      expect(batch?.events).toHaveLength(250);
      expect(batch?.events.at(-1)?.key?.text).toBe('key 999');
    });

    it('writes no tick meanwhile, and then all of them as one', () => {
      const { clock, reader } = open();
      reader.writableNeedDrain = true;
      for (let second = 0; second < 5; second++) clock.advance(1_000);
      expect(reader.messages('tick')).toEqual([]);
      reader.writableNeedDrain = false;
      clock.advance(1_000);
      const [tick, ...others] = reader.messages<Tick>('tick');
      expect(others).toEqual([]);
      expect(tick?.samples).toHaveLength(6);
      expect(tick?.caches.map(({ name }) => name)).toEqual(['users', 'sessions']);
    });
  });

  it('tells a slow reader at least the last interval, where nothing is kept', () => {
    const { clock, reader } = open(undefined, { historyMs: 0 });
    reader.writableNeedDrain = true;
    clock.advance(1_000);
    reader.writableNeedDrain = false;
    clock.advance(1_000);
    expect(reader.messages<Tick>('tick').map(({ samples }) => samples.length)).toEqual([1]);
  });

  it('ends after a quarter of an hour, so that the guards are asked again', () => {
    const { clock, reader } = open();
    clock.advance(900_000);
    expect(reader.hasEnded).toBe(true);
  });

  it('lets go at once of a reader that left before it began', async () => {
    const { clock, reader, users } = open({}, { hasLeft: true });
    const { length } = reader.chunks;
    await users.put('a', '1');
    clock.advance(5_000);
    expect(reader.chunks).toHaveLength(length);
  });

  it('lets go of everything when its reader leaves', async () => {
    const { clock, reader, users } = open({});
    await users.put('a', '1');
    reader.emit('close');
    const { length } = reader.chunks;
    await users.put('b', '1');
    clock.advance(5_000);
    expect(reader.chunks).toHaveLength(length);
    expect(reader.hasEnded).toBe(true);
  });
});
