import type { EventLines, EventLine } from '../wire.js';
import type { PageContext, Tone, View } from './context.js';
import { button, debounced, empty, h, setText } from './dom.js';
import { clockTime, latency, whole, progressText } from './format.js';
import { keyLink } from './key-link.js';

/** Hits are most of what happens, and seldom what one looks for. */
const NOT_AT_FIRST: readonly string[] = ['hit'];
const MOST_LINES = 400;

const TONES: Readonly<Record<string, Tone | 'good'>> = {
  hit: 'good',
  miss: 'warn',
  load: 'accent',
  put: 'accent',
  loadError: 'bad',
  tierError: 'bad',
  breaker: 'bad',
  evict: 'warn',
  stale: 'warn',
};

/** What happens in the caches, as it happens. */
export class Events implements View {
  readonly element = h('div', { class: 'events' });
  private readonly boxes: readonly HTMLInputElement[];
  private readonly search = h('input', {
    type: 'search',
    id: 'events-search',
    placeholder: 'Part of a key, a group or a pattern',
    autocomplete: 'off',
    spellcheck: 'false',
  });
  private readonly summary = h('p', { class: 'muted', role: 'status' });
  private readonly body = h('tbody');
  private readonly table: HTMLElement;
  private readonly nothing = empty('Waiting for events', 'They appear here as they happen.');
  private readonly pause = button('Pause', () => this.togglePause());
  private seen = 0;
  private missed = 0;
  private isPaused = false;

  constructor(private readonly page: PageContext) {
    this.boxes = page.model.eventTypes.map((type) =>
      h('input', { type: 'checkbox', value: type, checked: !NOT_AT_FIRST.includes(type) }),
    );
    const restart = debounced(() => this.listen());
    this.search.addEventListener('input', restart);
    for (const box of this.boxes) box.addEventListener('change', restart);
    const chips = this.boxes.map((box) => h('label', {}, box, h('span', {}, box.value)));
    const toolbar = h(
      'div',
      { class: 'toolbar' },
      h('label', { class: 'field grow' }, h('span', {}, 'Search'), this.search),
      this.pause,
      button('Empty the list', () => this.clear()),
    );
    const types = h('fieldset', { class: 'chips' }, h('legend', { class: 'visually-hidden' }, 'Types'), ...chips);
    this.table = h(
      'div',
      { class: 'table-scroll', tabindex: 0, role: 'region', 'aria-label': 'Events, the last first' },
      h(
        'table',
        { class: 'grid' },
        h('caption', { class: 'visually-hidden' }, 'Events, the last first'),
        h(
          'thead',
          {},
          h(
            'tr',
            {},
            ...['Time', 'Type', 'Cache', 'Key, group or pattern', 'Details'].map((title) =>
              h('th', { scope: 'col' }, title),
            ),
          ),
        ),
        this.body,
      ),
    );
    this.table.hidden = true;
    this.element.append(
      h(
        'section',
        { class: 'card events', 'aria-label': 'Events' },
        toolbar,
        types,
        this.summary,
        this.nothing,
        this.table,
      ),
    );
    this.listen();
  }

  update(): void {
    // Events come by themselves.
  }

  leave(): void {
    this.page.listen(undefined);
  }

  focusSearch(): void {
    this.search.focus();
  }

  receive({ events, missed }: EventLines): void {
    if (this.isPaused) return;
    this.seen += events.length;
    this.missed += missed;
    this.body.prepend(...events.slice(-MOST_LINES).toReversed().map(line));
    while (this.body.children.length > MOST_LINES) this.body.lastElementChild?.remove();
    this.summarise();
  }

  private listen(): void {
    const wanted = this.boxes.filter(({ checked }) => checked).map(({ value }) => value);
    if (this.isPaused || wanted.length === 0) return this.page.listen(undefined);
    const types = wanted.length === this.boxes.length ? '' : wanted.join(',');
    this.page.listen({ cache: this.page.route.cache ?? '', types, search: this.search.value });
  }

  private togglePause(): void {
    this.isPaused = !this.isPaused;
    setText(this.pause, this.isPaused ? 'Resume' : 'Pause');
    this.pause.setAttribute('aria-pressed', String(this.isPaused));
    this.listen();
  }

  private clear(): void {
    this.body.replaceChildren();
    this.seen = 0;
    this.missed = 0;
    this.summarise();
  }

  private summarise(): void {
    const isEmpty = this.body.children.length === 0;
    this.nothing.hidden = !isEmpty;
    this.table.hidden = isEmpty;
    const shown = this.seen > MOST_LINES ? `, the last ${MOST_LINES} are shown` : '';
    const missed = this.missed > 0 ? `; ${whole(this.missed)} more came faster than this page takes them` : '';
    setText(this.summary, isEmpty ? '' : `${whole(this.seen)} events${shown}${missed}`);
  }
}

function line({
  type,
  cache,
  at,
  key,
  group,
  pattern,
  tier,
  cause,
  durationMs,
  progress,
  error,
}: EventLine): HTMLElement {
  const other = (group === undefined ? pattern : `group ${group}`) ?? '';
  const subject = key === undefined ? other : keyLink(cache, key);
  const details = [
    cause,
    tier,
    progress === undefined ? undefined : progressText(progress),
    durationMs === undefined ? undefined : latency(durationMs),
    error,
  ]
    .filter((detail) => detail !== undefined)
    .join(' · ');
  return h(
    'tr',
    {},
    h('td', { class: 'time mono' }, clockTime(at, true)),
    h('td', {}, h('span', { class: 'badge', 'data-tone': TONES[type] ?? null }, type)),
    h('td', {}, cache),
    h('td', { class: 'subject mono', title: key?.text ?? other }, subject),
    h('td', { class: 'details' }, details),
  );
}
