import { GatewayTimeoutException } from '@nestjs/common';
import { isCacheError } from '../../core/index.js';
import { limitStaleness, type CallSettings, type LoadContext } from '../../cache/index.js';
import type { Headers, HttpRequest, StoredResponse } from './http-message.js';
import type { Capture } from './http-platform.js';
import { FailedResponse, OwnResponse, PipelineGone, type Loaded } from './load-outcomes.js';
import type { HttpRoute, Prepared } from './http-route.js';
import { satisfies, type RequestLimits } from './serving-rules.js';

/** The rest of a request's pipeline, as whoever stands at the place of the cache sees it. */
export interface Pipeline {
  /** Runs it; what it sends is captured, or goes to the client. Called once at most. */
  proceed(): void;
  /** The request has been answered without it. */
  done(): void;
  /** The request cannot be answered; the pipeline did not run. */
  fail(error: unknown): void;
}

/** How often a request that waited in vain for somebody else's handler asks again before it runs its own alone. */
const MAX_ATTEMPTS = 3;

/**
 * One request at a route's cache that was no plain hit.
 *
 * It is answered by what is stored, by what the pipeline of another request sends that asks for the same at the moment,
 * or by its own pipeline. In that case it is the *owner* of the load: what its pipeline sends is captured, stored, and
 * given to all who wait, the owner among them; so each of them gets the same, and nobody twice.
 *
 * An owner may be answered with something stale while its pipeline has yet to run (`staleWhileRevalidate`) or runs
 * (`staleIfError` with `loadTimeout.soft`). What the pipeline sends then is captured all the same, detached from the
 * client.
 */
export class HttpExchange {
  private capture: Capture | undefined;
  private prepared: Prepared | undefined;
  /** The reply as it was before the handler. */
  private before: { readonly headers: Headers; readonly status: number } | undefined;
  private hasProceeded = false;
  private isAnswered = false;
  /** Looking for what can be served at once: a load that starts now goes on behind the answer. */
  private isServing = false;
  private refreshed: Promise<unknown> | undefined;
  private attempts = 0;
  private readonly startedMs: number;
  private readonly answered: Promise<void>;
  private markAnswered: () => void = () => {};
  /** A capture takes them away from the handler: what is stored is the whole response. */
  private readonly conditions: Conditions;

  constructor(
    private readonly route: HttpRoute,
    private readonly request: HttpRequest,
    private readonly reply: unknown,
    private readonly limits: RequestLimits | undefined,
    private readonly pipeline: Pipeline,
  ) {
    this.startedMs = route.nowEpochMs;
    this.answered = new Promise((resolve) => (this.markAnswered = resolve));
    this.conditions = conditionsOf(request);
  }

  /** Answers a request for which something fresh was found, or nothing. */
  begin(key: string, hit: Promise<Loaded> | undefined): void {
    const { route, limits } = this;
    const wanted: Wanted = { key, index: route.cache.codec.index(key), call: route.callFor(this.request) };
    if (hit !== undefined) {
      hit.then(
        (stored) => {
          const isEnough = limits === undefined || satisfies(limits, stored as StoredResponse, route.nowEpochMs);
          if (isEnough) this.answer(stored as StoredResponse, 'HIT');
          else this.loadAnew(wanted);
        },
        (error: unknown) => this.recover(error),
      );
    } else if (limits !== undefined && (limits.maxAgeMs === 0 || limits.minFreshMs > 0)) {
      this.loadAnew(wanted);
    } else {
      this.serveOrLoad(wanted);
    }
  }

  /** The pipeline was torn down from outside before it sent anything; whatever is sent now is not the handler's. */
  abandon(): void {
    const { capture } = this;
    if (capture === undefined || capture.isDone) return;
    if (!this.isAnswered) capture.release('kept');
    capture.fail(new PipelineGone());
  }

  /** Whether what this request's pipeline sends is captured. */
  get isCapturing(): boolean {
    return this.capture?.isDone === false;
  }

  get maxBodySize(): number {
    return this.route.settings.maxBodySize;
  }

  /** Sends what the handler returned as a file. */
  finishWith(reply: unknown, body: Uint8Array, { type, disposition }: FileHeaders): undefined {
    const { platform } = this.route;
    for (const [name, value] of [
      ['content-type', type],
      ['content-disposition', disposition],
    ] as const) {
      if (value === undefined || platform.getHeader(reply, name) !== undefined) continue;
      platform.setHeader(reply, name, String(value));
    }
    this.capture?.finish(body);
    return undefined;
  }

  private serveOrLoad({ key, index, call }: Wanted): void {
    const { cache } = this.route;
    this.isServing = true;
    const served = cache.serveAt(index, key, this.loader(key), call, (refreshed) => (this.refreshed = refreshed));
    if (served !== undefined) {
      void served.then((stored) => {
        const response = stored as StoredResponse;
        this.answer(response, this.route.isStale(response) ? 'STALE' : 'HIT');
      });
      return;
    }
    this.isServing = false;
    if (this.limits?.onlyIfCached === true) this.pipeline.fail(new GatewayTimeoutException('nothing is cached'));
    else this.settleWith(cache.loadAt(index, key, this.loader(key), call));
  }

  private loadAnew({ key, index, call }: Wanted): void {
    if (this.limits?.onlyIfCached === true) this.pipeline.fail(new GatewayTimeoutException('nothing is cached'));
    else this.settleWith(this.route.cache.refreshAt(index, key, this.loader(key), call));
  }

  private loader(key: string) {
    return (_: string, load: LoadContext<Loaded>): Promise<Loaded> => this.load(key, load);
  }

  /** Runs the pipeline for all who wait. */
  private async load(key: string, load: LoadContext<Loaded>): Promise<Loaded> {
    const { route, reply, request } = this;
    if (this.isServing || this.isAnswered) {
      await this.answered;
      await route.platform.whenSent(reply);
    }
    if (this.hasProceeded || (this.isAnswered && !this.isServing)) throw new PipelineGone();
    this.before ??= this.replyAsItIs();
    const detachedFrom = this.isAnswered || route.platform.isSent(reply) ? this.before : undefined;
    const capture = route.platform.capture(request, reply, route.settings.maxBodySize, detachedFrom);
    this.capture = capture;
    this.proceed();
    const captured = await capture.result;
    if (captured === 'passed') {
      load.skip();
      // It goes on to send by itself.
      this.isAnswered = true;
      this.markAnswered();
      return new OwnResponse(this, false);
    }
    const prepared = route.prepare(captured, this.before.headers, capture.hasOwnTag);
    this.prepared = prepared;
    const { verdict, response, varied } = prepared;
    // Who waits under this key may have sent other values of what turns out to matter.
    const isElsewhere = route.keys.learn(varied) && route.keys.of(request) !== key;
    if (verdict.kind === 'failure') throw new FailedResponse(response);
    if (verdict.kind === 'store' && !isElsewhere) {
      load.ttl(verdict.ttlMs);
      limitStaleness(load as LoadContext<never>, verdict.staleness);
      return response;
    }
    load.skip();
    return verdict.kind === 'share' && !isElsewhere ? response : new OwnResponse(this, verdict.kind !== 'own');
  }

  private settleWith(loaded: Promise<Loaded>): void {
    loaded.then(
      (outcome) => {
        if (!(outcome instanceof OwnResponse)) this.answerLoaded(outcome);
        else if (outcome.owner === this) this.answerOwn();
        else if (outcome.canBeAskedAgain) this.askAgain();
        else this.runAlone();
      },
      (error: unknown) => this.recover(error),
    );
  }

  /** A load has ended with a response that may be shared, or with a stale one that stands in for it. */
  private answerLoaded(stored: StoredResponse): void {
    if (this.prepared?.response === stored) return this.answerOwn();
    const isStandIn = this.capture !== undefined || (stored.freshMs > 0 && this.route.isStale(stored));
    this.answer(stored, isStandIn ? 'STALE' : stored.generatedAtMs < this.startedMs ? 'HIT' : 'MISS');
  }

  /** A load has failed. That the cache did is no failure of the request. */
  recover(error: unknown): void {
    if (this.prepared !== undefined) return this.answerOwn();
    if (error instanceof FailedResponse) return this.answer(error.response, 'MISS');
    if (isCacheError(error, 'CACHE_LOAD_TIMEOUT')) return this.giveUp(error);
    if (this.capture !== undefined) {
      if (!this.capture.isDone) this.capture.release('kept');
      return;
    }
    if (error instanceof PipelineGone) this.askAgain();
    else this.runAlone();
  }

  /** `loadTimeout.hard` has passed. */
  private giveUp(cause: unknown): void {
    if (this.isAnswered) return;
    const error = new GatewayTimeoutException('the handler did not answer in time', { cause });
    if (this.capture === undefined) return this.pipeline.fail(error);
    // The pipeline is busy: nobody can throw into it.
    this.capture.release('reset');
    if (this.route.platform.isSent(this.reply)) return this.finish();
    const body = Buffer.from(JSON.stringify(error.getResponse()));
    const headers = {
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-store',
      'x-cache': 'MISS',
    };
    this.route.platform.send(this.reply, { status: error.getStatus(), headers, body });
    this.finish();
  }

  private askAgain(): void {
    if (this.attempts++ >= MAX_ATTEMPTS) return this.runAlone();
    const key = this.route.keys.of(this.request);
    this.begin(key, this.route.cache.hitAt(this.route.cache.codec.index(key)));
  }

  /** Runs the pipeline for this client alone. */
  private runAlone(): void {
    if (this.isAnswered || this.hasProceeded) return;
    this.route.platform.setHeader(this.reply, 'x-cache', 'BYPASS');
    this.proceed();
  }

  private proceed(): void {
    this.hasProceeded = true;
    this.pipeline.proceed();
  }

  /** Answers the owner with what its own pipeline has sent, all of its headers included. */
  private answerOwn(): void {
    if (this.isAnswered || this.prepared === undefined || this.capture === undefined) return;
    const { response, verdict } = this.prepared;
    this.capture.release('kept');
    this.route.answer(this.reply, response, 'MISS', this.conditions, verdict.kind === 'store' ? 'merged' : 'kept');
    this.finish();
  }

  private answer(stored: StoredResponse, status: CacheStatus): void {
    if (this.isAnswered) return;
    if (this.capture !== undefined) this.capture.release('reset');
    else if (this.refreshed !== undefined) this.before = this.replyAsItIs();
    this.route.answer(this.reply, stored, status, this.conditions, 'merged');
    this.finish();
  }

  private finish(): void {
    this.isAnswered = true;
    this.markAnswered();
    if (this.capture !== undefined) {
      if (this.capture.isDone) this.route.platform.silence(this.reply);
      else this.capture.detach();
    } else if (this.refreshed === undefined) {
      this.leave();
    } else {
      // Only when that load has ended can it no longer be this pipeline that it runs.
      this.refreshed.then(
        () => this.leave(),
        () => this.leave(),
      );
    }
  }

  private leave(): void {
    if (this.hasProceeded) return;
    this.hasProceeded = true;
    this.route.platform.silence(this.reply);
    this.pipeline.done();
  }

  private replyAsItIs(): { readonly headers: Headers; readonly status: number } {
    const { platform } = this.route;
    return { headers: platform.headersOf(this.reply), status: platform.statusOf(this.reply) };
  }
}

interface FileHeaders {
  readonly type?: unknown;
  readonly disposition?: unknown;
}

/** What an answer says of the cache. */
export type CacheStatus = 'HIT' | 'MISS' | 'STALE';

/** What a client says that it has. */
export interface Conditions {
  readonly ifNoneMatch: string | undefined;
  readonly ifModifiedSince: string | undefined;
}

/** The conditions of a request, as long as it has them. */
export function conditionsOf({ headers }: HttpRequest): Conditions {
  return {
    ifNoneMatch: headers['if-none-match'] as string | undefined,
    ifModifiedSince: headers['if-modified-since'] as string | undefined,
  };
}

interface Wanted {
  readonly key: string;
  readonly index: unknown;
  readonly call: CallSettings;
}
