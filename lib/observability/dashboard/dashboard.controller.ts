import { Controller, Get, Inject, NotFoundException, Param, Post, Req, Res, UseGuards } from '@nestjs/common';
import { BadRequestException, Body, ForbiddenException, VERSION_NEUTRAL, type Type } from '@nestjs/common';
import { CACHE_EVENT_TYPES } from '../../core/index.js';
import { Dashboard } from './dashboard.js';
import type { DashboardSettings } from './dashboard.options.js';
import type { EventFilter } from './live-stream.js';
import { PageFiles } from './page-files.js';
import { PAGE_FOLDER } from './page-location.js';
import { begin, queryOf, rawExchange, sendJson } from './raw-exchange.js';
import { requireOwnAction, requireOwnPage } from './same-origin.js';
import { TypedAddress } from './trailing-slash.js';

const MAX_PAGE = 500;
const LONGEST_SEARCH = 1_000;

/** The controller of one dashboard: Nest knows a path and guards by the decorators of a class. */
export function dashboardController(settings: DashboardSettings): Type<unknown> {
  const { path, guards } = settings;
  const files = new PageFiles(PAGE_FOLDER);

  @Controller({ path, version: VERSION_NEUTRAL })
  @UseGuards(...guards)
  class CacheDashboardController {
    constructor(@Inject(Dashboard) private readonly dashboard: Dashboard) {}

    @Get()
    @TypedAddress(settings)
    async page(@Req() request: unknown, @Res() response: unknown): Promise<void> {
      const exchange = rawExchange(request, response);
      const page = await files.get('index.html');
      if (page === undefined) throw new NotFoundException();
      const html = page.bytes.toString().replaceAll('{{base}}', baseOf(exchange.request.url ?? '', path));
      begin(exchange.take(), 200, { 'content-type': page.type, 'cache-control': 'no-cache' }).end(html);
    }

    @Get('assets/:file')
    async file(@Param('file') name: string, @Req() request: unknown, @Res() response: unknown): Promise<void> {
      const exchange = rawExchange(request, response);
      const file = await files.get(name);
      if (file === undefined) throw new NotFoundException();
      const { type, etag, bytes } = file;
      const isKnown = exchange.request.headers['if-none-match'] === etag;
      const headers = { 'content-type': type, etag, 'cache-control': 'no-cache' };
      begin(exchange.take(), isKnown ? 304 : 200, headers).end(isKnown ? undefined : bytes);
    }

    @Get('api/live')
    live(@Req() request: unknown, @Res() response: unknown): void {
      const exchange = rawExchange(request, response);
      requireOwnPage(exchange.request.headers);
      const query = queryOf(exchange.request);
      const reader = { sinceMs: Number(query.get('since')) || 0, seenNode: query.get('node') };
      const watch = this.dashboard.stream({ ...reader, events: filterOf(query) });
      // A compressor or a proxy that collects what it passes on would hold the events back.
      const headers = { 'content-type': 'text/event-stream', 'cache-control': 'no-store, no-transform' };
      watch(begin(exchange.take(), 200, { ...headers, 'x-accel-buffering': 'no' }));
    }

    @Get('api/keys')
    async keys(@Req() request: unknown, @Res() response: unknown): Promise<void> {
      const exchange = rawExchange(request, response);
      requireOwnPage(exchange.request.headers);
      const query = queryOf(exchange.request);
      const wanted = {
        search: (query.get('search') ?? '').slice(0, LONGEST_SEARCH),
        group: query.get('group') || undefined,
        offset: whole(query, 'offset', 0, Number.MAX_SAFE_INTEGER),
        limit: whole(query, 'limit', 50, MAX_PAGE),
      };
      const page = await this.dashboard.keys(required(query, 'cache'), wanted, () => exchange.isGone());
      sendJson(exchange.take(), page);
    }

    @Get('api/hot-keys')
    hotKeys(@Req() request: unknown, @Res() response: unknown): void {
      const exchange = rawExchange(request, response);
      requireOwnPage(exchange.request.headers);
      const list = this.dashboard.hotKeys(required(queryOf(exchange.request), 'cache'));
      sendJson(exchange.take(), list);
    }

    @Get('api/entry')
    async entry(@Req() request: unknown, @Res() response: unknown): Promise<void> {
      const exchange = rawExchange(request, response);
      requireOwnPage(exchange.request.headers);
      const query = queryOf(exchange.request);
      const detail = await this.dashboard.entry(required(query, 'cache'), required(query, 'key'));
      sendJson(exchange.take(), detail);
    }

    @Post('api/actions')
    async act(@Req() request: unknown, @Res() response: unknown, @Body() body: unknown): Promise<void> {
      const exchange = rawExchange(request, response);
      if (!this.dashboard.settings.hasActions) {
        throw new ForbiddenException('actions are off; CacheDashboardModule.forRoot({ actions: true }) enables them');
      }
      requireOwnAction(exchange.request.headers);
      const report = await this.dashboard.act(body);
      sendJson(exchange.take(), report);
    }
  }
  return CacheDashboardController;
}

/** Where the page's files are, seen from its address, with a slash at its end or without; also behind a proxy that cut the address. */
function baseOf(url: string, path: string): string {
  const [address = ''] = url.split('?');
  if (address.endsWith('/')) return '.';
  const last = address.slice(address.lastIndexOf('/') + 1);
  return /^[\w~.-]+$/.test(last) ? `./${last}` : `./${path.slice(path.lastIndexOf('/') + 1)}`;
}

/** `undefined`: no events are wanted, or only types that this version does not know. */
function filterOf(query: URLSearchParams): EventFilter | undefined {
  if (query.get('events') !== '1') return undefined;
  const named = query.get('types')?.split(',');
  const types = named && CACHE_EVENT_TYPES.filter((type) => named.includes(type));
  if (types?.length === 0) return undefined;
  const search = (query.get('search') ?? '').slice(0, LONGEST_SEARCH).toLowerCase();
  return { cache: query.get('cache') ?? undefined, types, search };
}

function required(query: URLSearchParams, name: string): string {
  const value = query.get(name);
  if (value === null) throw new BadRequestException(`the address needs the parameter ${name}`);
  return value;
}

function whole(query: URLSearchParams, name: string, fallback: number, max: number): number {
  const given = query.get(name);
  const value = given === null ? fallback : Number(given);
  if (Number.isInteger(value) && value >= 0 && value <= max) return value;
  throw new BadRequestException(`${name} must be a whole number up to ${max}`);
}
