import type { KeyLabel, KeyPage } from '../wire.js';
import type { PageContext, View } from './context.js';
import { button, debounced, empty, h, setText } from './dom.js';
import { EntryPanel } from './entry-panel.js';
import { whole } from './format.js';
import { fetchKeys } from './server.js';

const PAGE = 50;

/** The keys of one cache, searched by the server, and the entry of one of them. */
export class Keys implements View {
  readonly element = h('div', { class: 'keys' });
  private readonly search = h('input', {
    type: 'search',
    id: 'keys-search',
    placeholder: 'Part of a key, or a glob: user:*',
    autocomplete: 'off',
    spellcheck: 'false',
    'aria-keyshortcuts': '/',
  });
  private readonly group = h('input', { type: 'search', id: 'keys-group', autocomplete: 'off', spellcheck: 'false' });
  private readonly summary = h('p', { class: 'keys-summary', role: 'status' });
  private readonly list = h('ul', { 'aria-label': 'Keys' });
  private readonly previous = button('Previous', () => this.turn(-PAGE));
  private readonly next = button('Next', () => this.turn(PAGE));
  private readonly place = h('span', { class: 'muted' });
  private readonly panel: EntryPanel;
  private abort = new AbortController();
  private offset = 0;
  private chosen: string | undefined = undefined;
  private readonly cache: string;

  constructor(
    private readonly page: PageContext,
    cache: string,
  ) {
    this.cache = cache;
    this.panel = new EntryPanel(page, {
      showGroup: (group) => this.showGroup(group),
      changed: () => void this.load(),
    });
    const start = debounced(() => this.restart());
    this.search.addEventListener('input', start);
    this.group.addEventListener('input', start);
    this.list.addEventListener('keydown', (event) => this.walk(event));
    const toolbar = h(
      'div',
      { class: 'toolbar', role: 'search' },
      h('label', { class: 'field grow' }, h('span', {}, 'Search'), this.search),
      h('label', { class: 'field group' }, h('span', {}, 'Group'), this.group),
      button('Refresh', () => void this.load()),
    );
    const pager = h('nav', { class: 'pager', 'aria-label': 'Pages' }, this.previous, this.place, this.next);
    const browser = h(
      'section',
      { class: 'card keys-list', 'aria-label': 'Key browser' },
      toolbar,
      this.summary,
      this.list,
      pager,
    );
    this.element.append(browser, this.panel.element);
    void this.load();
    const { key } = page.route;
    if (key !== undefined) this.panel.open(cache, (this.chosen = key));
  }

  update(): void {
    // Keys are listed when asked for: a list that moves by itself cannot be read.
  }

  leave(): void {
    this.abort.abort();
    this.panel.leave();
  }

  focusSearch(): void {
    this.search.focus();
    this.search.select();
  }

  private showGroup(group: string): void {
    this.group.value = group;
    this.restart();
  }

  private restart(): void {
    this.offset = 0;
    void this.load();
  }

  private turn(by: number): void {
    this.offset = Math.max(0, this.offset + by);
    void this.load();
  }

  private async load(): Promise<void> {
    this.abort.abort();
    this.abort = new AbortController();
    const { signal } = this.abort;
    const { value: search } = this.search;
    const { value: group } = this.group;
    try {
      const found = await fetchKeys({ cache: this.cache, search, group, offset: this.offset, limit: PAGE }, signal);
      if (signal.aborted) return;
      this.page.answeredBy(found.node);
      if (found.keys.length === 0 && found.matches > 0) return this.lastPage(found);
      this.show(found);
    } catch (error) {
      if (signal.aborted) return;
      this.list.replaceChildren();
      this.showPager(0, 0);
      setText(this.summary, `The keys cannot be listed: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  /** Keys have left since the page before. */
  private lastPage({ matches }: KeyPage): void {
    this.offset = Math.floor((matches - 1) / PAGE) * PAGE;
    void this.load();
  }

  private show({ keys, matches, size }: KeyPage): void {
    const isFiltered = this.search.value !== '' || this.group.value !== '';
    setText(
      this.summary,
      isFiltered
        ? `${whole(matches)} of ${whole(size)} keys match`
        : `${whole(matches)} keys in the memory of this node`,
    );
    if (keys.length === 0)
      this.list.replaceChildren(
        h('li', {}, isFiltered ? empty('No key matches') : empty('No keys', 'This cache is empty on this node.')),
      );
    else this.list.replaceChildren(...keys.map((key) => h('li', {}, this.row(key))));
    this.showPager(keys.length, matches);
  }

  private showPager(count: number, matches: number): void {
    this.previous.disabled = this.offset === 0;
    this.next.disabled = this.offset + count >= matches;
    setText(
      this.place,
      count === 0 ? '' : `${whole(this.offset + 1)}–${whole(this.offset + count)} of ${whole(matches)}`,
    );
  }

  private row(key: KeyLabel): HTMLElement {
    const row = h(
      'button',
      { type: 'button', class: 'key-row', 'aria-pressed': String(key.id === this.chosen), title: key.text },
      h('span', { class: 'text' }, key.text === '' ? '(empty text)' : key.text),
      key.kind === 'string' ? null : h('span', { class: 'badge' }, key.kind),
    );
    row.addEventListener('click', () => {
      this.chosen = key.id;
      for (const other of this.list.querySelectorAll('.key-row'))
        other.setAttribute('aria-pressed', String(other === row));
      this.panel.open(this.cache, key.id);
    });
    return row;
  }

  /** Up and down through the list, as in a file manager. */
  private walk(event: KeyboardEvent): void {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step === undefined) return;
    const rows = [...this.list.querySelectorAll<HTMLElement>('.key-row')];
    const at = rows.findIndex((row) => row === document.activeElement);
    if (at < 0) return;
    event.preventDefault();
    rows[at + step]?.focus();
  }
}
