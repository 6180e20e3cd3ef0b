import type { EntryDetail } from '../wire.js';
import { confirmed } from './confirm.js';
import type { PageContext } from './context.js';
import { button, empty, h } from './dom.js';
import { bytes, clockTime, NOTHING, span, whole } from './format.js';
import { act, fetchEntry, ServerError } from './server.js';

/** What the panel tells the list beside it. */
export interface EntryPanelListener {
  showGroup(group: string): void;
  /** An entry is gone. */
  changed(): void;
}

/** What is known of one entry. */
export class EntryPanel {
  readonly element = h('section', { class: 'card entry', 'aria-label': 'Entry', 'aria-live': 'polite' });
  private abort = new AbortController();

  constructor(
    private readonly page: PageContext,
    private readonly listener: EntryPanelListener,
  ) {
    this.element.append(empty('No key is chosen', 'Choose one to see its age, its groups and its value.'));
  }

  leave(): void {
    this.abort.abort();
  }

  open(cache: string, key: string): void {
    this.abort.abort();
    this.abort = new AbortController();
    void this.load(cache, key, this.abort.signal);
  }

  private async load(cache: string, key: string, signal: AbortSignal): Promise<void> {
    try {
      const detail = await fetchEntry(cache, key, signal);
      if (signal.aborted) return;
      this.page.answeredBy(detail.node);
      this.show(detail, key);
      // On a narrow screen it stands below the list.
      this.element.scrollIntoView({ block: 'nearest' });
    } catch (error) {
      if (signal.aborted) return;
      const isGone = error instanceof ServerError && error.status === 404;
      const message = error instanceof Error ? error.message : String(error);
      this.element.replaceChildren(isGone ? empty('It has left the cache') : empty('It cannot be shown', message));
    }
  }

  private show({ cache, key, keyText, entry }: EntryDetail, id: string): void {
    const head = h(
      'div',
      { class: 'card-head' },
      h('h2', {}, 'Entry'),
      h('span', { class: 'badge' }, `${key.kind} key`),
      entry?.stale === true ? h('span', { class: 'badge', 'data-tone': 'warn' }, 'stale') : null,
      h('p', {}, `as of ${clockTime(Date.now())}`),
    );
    const rest =
      key.length > keyText.length ? h('p', { class: 'muted' }, `${whole(key.length)} characters in all`) : null;
    const keyBlock = h('pre', { class: 'entry-key', tabindex: 0, 'aria-label': 'Key' }, keyText);
    if (entry === null) {
      this.element.replaceChildren(
        head,
        keyBlock,
        empty('It has left the cache', 'It expired, or was evicted or invalidated.'),
      );
      return;
    }
    const isBytes = this.page.model.caches.get(cache)?.isWeighedInBytes === true;
    const groups =
      entry.groups.length === 0
        ? NOTHING
        : h('span', { class: 'chips' }, ...entry.groups.map((group) => this.groupChip(group)));
    const facts = h(
      'dl',
      { class: 'facts' },
      fact('Age', span(entry.ageMs)),
      fact(
        'Time to live left',
        entry.ttlLeftMs === null ? 'does not expire' : entry.stale ? 'none, stale' : span(entry.ttlLeftMs),
      ),
      fact('Weight', isBytes ? bytes(entry.weight) : whole(entry.weight)),
      fact('Tier', entry.tier),
      fact('Groups', groups, true),
    );
    this.element.replaceChildren(
      head,
      keyBlock,
      ...(rest === null ? [] : [rest]),
      facts,
      ...this.value(entry.value),
      this.buttons(cache, id, keyText),
    );
  }

  private value(value: NonNullable<EntryDetail['entry']>['value']): HTMLElement[] {
    if (value === null)
      return [h('p', { class: 'muted' }, 'Values are not shown: the option values of the dashboard says so.')];
    const head = h('div', { class: 'card-head' }, h('h2', {}, 'Value'), h('span', { class: 'badge' }, value.kind));
    const text = h('pre', { class: 'value', tabindex: 0, 'aria-label': 'Value' }, value.text);
    return value.isTruncated
      ? [head, text, h('p', { class: 'muted' }, 'Shortened: the value has more than is shown.')]
      : [head, text];
  }

  private buttons(cache: string, id: string, keyText: string): HTMLElement {
    const buttons = h(
      'div',
      { class: 'actions' },
      button('Refresh', () => this.open(cache, id)),
    );
    buttons.style.marginTop = '12px';
    if (this.page.model.hasActions) {
      buttons.append(button('Invalidate…', () => void this.invalidate(cache, id, keyText), { class: 'button danger' }));
    }
    return buttons;
  }

  private async invalidate(cache: string, key: string, keyText: string): Promise<void> {
    const title = `Invalidate ${keyText.length > 80 ? `${keyText.slice(0, 80)}…` : keyText}?`;
    const isWanted = await confirmed({
      title,
      text: `It leaves every tier of ${cache}, on every node.`,
      label: 'Invalidate',
      isDangerous: true,
    });
    if (!isWanted) return;
    try {
      const { removed } = await act({ action: 'invalidateKey', cache, key });
      this.page.notify('action', removed > 0 ? 'The entry is invalidated.' : 'The entry had left this node already.');
      this.open(cache, key);
      this.listener.changed();
    } catch (error) {
      this.page.notify(
        'action',
        `Nothing was invalidated: ${error instanceof Error ? error.message : String(error)}`,
        'bad',
      );
    }
  }

  private groupChip(group: string): HTMLElement {
    const chip = h('button', { type: 'button', class: 'chip', title: `Show the keys of ${group}` }, group);
    chip.addEventListener('click', () => this.listener.showGroup(group));
    return chip;
  }
}

function fact(title: string, value: Node | string, isWide = false): HTMLElement {
  return h('div', { class: isWide ? 'wide' : null }, h('dt', {}, title), h('dd', {}, value));
}
