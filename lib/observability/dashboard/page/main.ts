import type { NodeIdentity } from '../wire.js';
import { CacheList } from './cache-list.js';
import { Connection, type ConnectionState, type EventQuery } from './connection.js';
import type { PageContext, Tone, View } from './context.js';
import { button, byId, h, setText } from './dom.js';
import { Events } from './events.js';
import { percent, span, whole } from './format.js';
import { troublesOf } from './health.js';
import { Keys } from './keys.js';
import { Model } from './model.js';
import { noCaches, Overview } from './overview.js';
import { hrefOf, readRoute, VIEWS, type Route, type ViewName } from './route.js';
import { ScopeActions } from './scope-actions.js';
import { chooseTheme } from './theme.js';

const RANGES = [60_000, 300_000, 900_000, 3_600_000] as const;

/** The page: holds what is known, shows one view of it, and says where it comes from. */
class Page implements PageContext {
  readonly model = new Model();
  route: Route = readRoute();
  rangeMs = 300_000;
  private view: View | undefined = undefined;
  private shownAs = '';
  private hasDrawn = true;
  private readonly list = new CacheList(this);
  private readonly actions = new ScopeActions(this);
  private readonly notices = byId('notices', HTMLElement);
  private readonly place = byId('view', HTMLElement);
  private readonly connection = new Connection({
    state: (state) => this.showState(state),
    hello: (hello) => {
      const before = this.model.hello(hello);
      if (before !== undefined) this.tellOfNode(before, hello.node);
      this.drawRanges();
      this.update();
    },
    tick: (tick) => {
      this.model.tick(tick);
      this.update();
    },
    events: (batch) => {
      if (this.view instanceof Events) this.view.receive(batch);
    },
    since: () => ({ at: this.model.lastAt, node: this.model.node?.id ?? '' }),
  });

  start(): void {
    chooseTheme(byId('theme', HTMLButtonElement), () => {
      if (this.view instanceof Overview) this.view.recolour();
    });
    addEventListener('hashchange', () => {
      this.route = readRoute();
      this.update();
    });
    document.addEventListener('visibilitychange', () => {
      if (!this.hasDrawn) this.update();
    });
    document.addEventListener('keydown', (event) => this.shortcut(event));
    // The address holds the view: following this link as any other would leave it.
    byId('skip', HTMLAnchorElement).addEventListener('click', (event) => {
      event.preventDefault();
      byId('main', HTMLElement).focus();
    });
    this.drawRanges();
    this.update();
    this.connection.open(undefined);
  }

  go(route: Partial<Route>): void {
    location.hash = hrefOf({ ...this.route, key: undefined, ...route });
  }

  notify(kind: string, text: string, tone: Tone = 'accent'): void {
    const notice = h('div', { class: 'notice', 'data-tone': tone, 'data-kind': kind }, text);
    notice.append(button('Dismiss', () => notice.remove()));
    for (const other of this.notices.querySelectorAll('.notice')) {
      if (other.getAttribute('data-kind') === kind) other.remove();
    }
    this.notices.append(notice);
  }

  answeredBy(node: string): void {
    const { node: shown } = this.model;
    if (shown === undefined || node === shown.name) return;
    this.notify(
      'node',
      `This answer is of ${node}, and the numbers are of ${shown.name}. Behind a load balancer, open the address of one node, ` +
        `or let the balancer keep a visitor on one.`,
      'warn',
    );
  }

  listen(events: EventQuery | undefined): void {
    this.connection.open(events);
  }

  /** Shows what is known; a page that nobody looks at waits with it. */
  private update(): void {
    this.hasDrawn = !document.hidden;
    if (document.hidden && this.view !== undefined) return;
    this.list.update();
    this.actions.update();
    this.showScope();
    this.showView();
    this.view?.update();
    const ratio = this.model.window(this.rangeMs, this.route.cache).hitRatio();
    const mark = this.troubles().length > 0 ? '⚠ ' : '';
    document.title = `${mark}${ratio === null ? '' : `${percent(ratio)} · `}${this.route.cache ?? 'All caches'} · Strata`;
  }

  private showView(): void {
    const { view, cache, key } = this.route;
    // What there is to show, the first message says.
    if (this.model.node === undefined) return;
    const as = `${view} ${JSON.stringify([cache, key])} ${this.model.caches.size > 0}`;
    if (as === this.shownAs) return;
    this.shownAs = as;
    this.view?.leave();
    this.view = undefined;
    if (this.model.caches.size === 0) this.place.replaceChildren(h('div', { class: 'card' }, noCaches()));
    else this.place.replaceChildren((this.view = this.make(view, cache)).element);
  }

  private make(view: ViewName, cache: string | undefined): View {
    if (view === 'events') return new Events(this);
    if (view === 'overview') return new Overview(this);
    return cache === undefined ? this.cacheChoice() : new Keys(this, cache);
  }

  /** Keys belong to a cache. */
  private cacheChoice(): View {
    const links = this.model
      .names()
      .map((name) => h('li', {}, h('a', { class: 'cache-link', href: hrefOf({ view: 'keys', cache: name }) }, name)));
    const element = h(
      'section',
      { class: 'card' },
      h('div', { class: 'card-head' }, h('h2', {}, 'Choose a cache to browse its keys')),
      h('ul', { class: 'cache-choice' }, ...links),
    );
    return { element, update: () => {}, leave: () => {} };
  }

  private showScope(): void {
    const { cache } = this.route;
    setText(byId('scope-name', HTMLElement), cache ?? 'All caches');
    setText(byId('scope-facts', HTMLElement), this.factsOf(cache));
    this.showTroubles();
    const links = Object.entries(VIEWS).map(([view, label]) => {
      const current = view === this.route.view ? 'page' : null;
      return h('a', { href: hrefOf({ view: view as ViewName, cache }), 'aria-current': current }, label); // a key of VIEWS
    });
    const views = byId('views', HTMLElement);
    const had = links.map(({ outerHTML }) => outerHTML).join('');
    if (views.innerHTML !== had) {
      const focused = [...views.children].indexOf(document.activeElement ?? document.body);
      views.replaceChildren(...links);
      links[focused]?.focus();
    }
  }

  private showTroubles(): void {
    const list = byId('scope-troubles', HTMLElement);
    const troubles = this.troubles();
    if (troubles.join('\n') === [...list.children].map(({ textContent }) => textContent).join('\n')) return;
    list.replaceChildren(...troubles.map((text) => h('li', { class: 'badge', 'data-tone': 'bad' }, text)));
  }

  private troubles(): readonly string[] {
    const { cache } = this.route;
    const { caches } = this.model;
    return troublesOf([...caches.values()].filter(({ name }) => cache === undefined || name === cache));
  }

  private factsOf(cache: string | undefined): string {
    const { caches, node } = this.model;
    if (node === undefined) return '';
    if (cache === undefined) return `${whole(caches.size)} caches on this node`;
    const state = caches.get(cache);
    if (state === undefined) return 'This node has no such cache (any more).';
    const { kind, enabled, tiers, bus, maxSize, maxWeight, isWeighedInBytes } = state;
    return [
      kind === 'memory' ? 'MemoryCache' : tiers.length > 1 ? tiers.map(({ name }) => name).join(' over ') : 'in memory',
      bus === null ? undefined : `bus ${bus.name}`,
      enabled ? undefined : 'disabled',
      maxSize === null ? undefined : `at most ${whole(maxSize)} entries`,
      maxWeight === null || isWeighedInBytes ? undefined : `at most a weight of ${whole(maxWeight)}`,
    ]
      .filter((fact) => fact !== undefined)
      .join(', ');
  }

  private showState(state: ConnectionState): void {
    const status = byId('status', HTMLElement);
    status.dataset.state = state.kind;
    setText(status, describe(state));
    const { node } = this.model;
    if (node === undefined) return;
    const since = `up since ${new Date(node.startedAt).toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'short' })}`;
    byId('node', HTMLElement).replaceChildren(h('b', {}, node.name), ` · Node ${node.runtime} · ${since}`);
  }

  private tellOfNode(before: NodeIdentity, now: NodeIdentity): void {
    if (before.host === now.host) this.notify('node', `${before.name} has ended. This page shows ${now.name} now.`);
    else this.notify('node', `This page shows another node now: ${now.name}, no longer ${before.name}.`, 'warn');
  }

  private drawRanges(): void {
    const range = byId('range', HTMLFieldSetElement);
    const ranges = RANGES.filter((ms) => ms <= this.model.keptMs);
    if (range.querySelectorAll('label').length === ranges.length) return;
    const options = ranges.map((ms) => {
      const input = h('input', { type: 'radio', name: 'range', value: ms, checked: ms === this.rangeMs });
      input.addEventListener('change', () => {
        this.rangeMs = ms;
        this.update();
      });
      return h('label', {}, input, h('span', {}, span(ms)));
    });
    range.replaceChildren(h('legend', { class: 'visually-hidden' }, 'Time shown'), ...options);
  }

  private shortcut(event: KeyboardEvent): void {
    const isTyping = event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement;
    if (event.key !== '/' || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
    if (!(this.view instanceof Keys) && !(this.view instanceof Events)) return;
    event.preventDefault();
    this.view.focusSearch();
  }
}

function describe(state: ConnectionState): string {
  switch (state.kind) {
    case 'live':
      return 'Live';
    case 'connecting':
      return 'Connecting…';
    case 'waiting':
      return 'Disconnected, trying again';
    case 'refused':
      return `Refused (${state.status}): sign in again`;
  }
}

new Page().start();
