import {
  Inject,
  Injectable,
  Logger,
  Optional,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { HttpAdapterHost, Reflector } from '@nestjs/core';
import { of, tap, type Observable } from 'rxjs';
import { systemClock } from '../../core/index.js';
import type { Cache } from './cache.js';
import type { CacheKeyFactory } from './cache-key.decorator.js';
import type { CacheTTLFactory } from './cache-ttl.decorator.js';
import { answer, answerLive, type CachedCall } from './cached-call.js';
import { answersItself, declaredHeaders, isStream } from './handler-kind.js';
import { managerOf } from './manager.js';
import { QuietLog } from './quiet-log.js';
import { HttpReply } from './reply-record.js';
import { hasCredentials, keyOfUrl } from './request-key.js';
import { CACHE_KEY_METADATA, CACHE_MANAGER, CACHE_TTL_METADATA } from './tokens.js';

/**
 * Keeps what handlers answer: under their `@CacheKey`, and else, for GET requests, under the URL. Concurrent requests of one
 * key run the handler once. Pass through untouched: server-sent events, handlers that write their reply themselves, and
 * requests with credentials where only the URL is the key. Extend it to change what is cached, and under which key.
 */
@Injectable()
export class CacheInterceptor implements NestInterceptor<unknown, unknown> {
  @Optional()
  @Inject(HttpAdapterHost)
  protected readonly httpAdapterHost!: HttpAdapterHost;

  /** Of requests that have no `@CacheKey`. */
  protected allowedMethods = ['GET'];
  private readonly warned = new WeakSet<object>();
  private readonly logger = new Logger('CacheInterceptor');
  private readonly log = new QuietLog(systemClock, this.logger);

  constructor(
    @Inject(CACHE_MANAGER) protected readonly cacheManager: Cache,
    @Inject(Reflector) protected readonly reflector: Reflector,
  ) {}

  async intercept(context: ExecutionContext, next: CallHandler<unknown>): Promise<Observable<unknown>> {
    if (answersItself(context)) return next.handle();
    const key = await this.trackBy(context);
    if (!key || this.isOnlyTheUrlOfSomebody(key, context)) return next.handle();

    const isHttp = context.getType() === 'http';
    const adapter = this.httpAdapterHost?.httpAdapter;
    const call: CachedCall = {
      key,
      next,
      reply:
        isHttp && adapter
          ? new HttpReply(adapter, context.switchToHttp().getResponse(), () => declaredHeaders(context))
          : undefined,
      ttl: async () => this.ttlOf(context),
      found: (value, isHit) => this.setHeadersWhenHttp(context, value, isHit),
      failed: (error) => this.log.warn('not kept', `what was answered under "${key}" was not cached`, error),
    };
    const manager = managerOf(this.cacheManager);
    if (manager === undefined) return this.answerBy(this.cacheManager, call);
    // What other transports send may be many messages, each on its way at once.
    return ['rpc', 'ws'].includes(context.getType()) ? answerLive(manager, call) : answer(manager, call);
  }

  /** The key of a call; none leaves it uncached. */
  protected trackBy(context: ExecutionContext): Promise<string | undefined | null> | string | undefined | null {
    const given = this.reflector.get<string | CacheKeyFactory | undefined>(CACHE_KEY_METADATA, context.getHandler());
    if (typeof given === 'function') return given(context);
    if (given || !this.isOverHttp(context)) return given;
    return this.isRequestCacheable(context) ? this.urlKeyOf(context) : undefined;
  }

  /** Whether a request without a `@CacheKey` may be cached. */
  protected isRequestCacheable(context: ExecutionContext): boolean {
    const request: { method: string } = context.switchToHttp().getRequest();
    return this.allowedMethods.includes(request.method);
  }

  /**
   * Whether everybody may have the answer to this request when its key is no more than its URL: not so where it has an
   * `Authorization` or a `Cookie`, or a guard has set `request.user`. A key that says who asks is not asked about.
   */
  protected isShareable(context: ExecutionContext): boolean {
    return !hasCredentials(context.switchToHttp().getRequest());
  }

  /** Tells by `X-Cache: HIT | MISS` whether the answer was there. */
  protected setHeadersWhenHttp(context: ExecutionContext, value: unknown, isHit = (value ?? null) !== null): void {
    const adapter = this.httpAdapterHost?.httpAdapter;
    if (!adapter || context.getType() !== 'http') return;
    adapter.setHeader(context.switchToHttp().getResponse(), 'X-Cache', isHit ? 'HIT' : 'MISS');
  }

  private isOverHttp(context: ExecutionContext): boolean {
    return context.getType() === 'http' && typeof this.httpAdapterHost?.httpAdapter?.getRequestMethod === 'function';
  }

  private urlKeyOf(context: ExecutionContext): string {
    // Whoever asks has seen that there is an adapter.
    const url = String(this.httpAdapterHost.httpAdapter.getRequestUrl(context.switchToHttp().getRequest()));
    return managerOf(this.cacheManager)?.settings.isStrict === true ? url : keyOfUrl(url);
  }

  private isOnlyTheUrlOfSomebody(key: string, context: ExecutionContext): boolean {
    const handler = context.getHandler();
    if (!this.isOverHttp(context) || managerOf(this.cacheManager)?.settings.isStrict === true) return false;
    if (this.reflector.get<unknown>(CACHE_KEY_METADATA, handler)) return false;
    if (key !== this.urlKeyOf(context) || this.isShareable(context)) return false;
    if (!this.warned.has(handler)) {
      this.warned.add(handler);
      this.logger.warn(
        `${context.getClass().name}.${handler.name} was asked with credentials and answered uncached: its key, the URL, ` +
          `does not say who asks. Say it by @CacheKey((context) => …) or trackBy(); where all may have the same answer, ` +
          `override isShareable(), or register with compat: 'strict'`,
      );
    }
    return true;
  }

  private async ttlOf(context: ExecutionContext): Promise<number | undefined> {
    const given =
      this.reflector.get<number | CacheTTLFactory | undefined>(CACHE_TTL_METADATA, context.getHandler()) ??
      this.reflector.get<number | CacheTTLFactory | undefined>(CACHE_TTL_METADATA, context.getClass());
    return typeof given === 'function' ? given(context) : given;
  }

  /** Over a cache that is not ours, such as one that a test put in its place: by its `get` and `set` alone. */
  private async answerBy(cache: Cache, call: CachedCall): Promise<Observable<unknown>> {
    let ttl: number | undefined;
    try {
      const value: unknown = await cache.get(call.key);
      const isHit = (value ?? null) !== null;
      call.found(value, isHit);
      if (isHit) return of(value);
      ttl = await call.ttl();
    } catch (error) {
      call.failed(error);
      return call.next.handle();
    }
    const keep = async (value: unknown): Promise<void> => {
      if (isStream(value) || call.reply?.isPrivate === true) return;
      await (ttl === undefined ? cache.set(call.key, value) : cache.set(call.key, value, ttl));
    };
    return call.next.handle().pipe(tap((value) => void keep(value).catch(call.failed)));
  }
}
