import type { PageContext } from './context.js';
import { byId, h, setText } from './dom.js';
import { percent } from './format.js';
import { troublesOf } from './health.js';
import { hrefOf } from './route.js';

/** The caches to choose from: a list beside the view, or on narrow screens a select above it. */
export class CacheList {
  private readonly list = byId('caches-list', HTMLElement);
  private readonly filter = byId('caches-filter', HTMLInputElement);
  private readonly select = byId('scope-select', HTMLSelectElement);
  private readonly links = new Map<string, { readonly link: HTMLAnchorElement; readonly ratio: HTMLElement }>();
  private shown = '';

  constructor(private readonly page: PageContext) {
    this.filter.addEventListener('input', () => this.update());
    this.select.addEventListener('change', () => page.go({ cache: this.select.value || undefined }));
  }

  update(): void {
    const { model, route, rangeMs } = this.page;
    const wanted = this.filter.value.toLowerCase();
    const names = model.names();
    const matching = names.filter((name) => name.toLowerCase().includes(wanted));
    const as = JSON.stringify([matching, names.length, route]);
    if (as !== this.shown) {
      this.shown = as;
      this.rebuild(matching, names);
    }
    const window = model.window(rangeMs, undefined);
    for (const [name, { ratio }] of this.links) {
      const of = name === '' ? window : window.of(name.slice(1));
      const state = model.caches.get(name.slice(1));
      const troubles = name === '' || state === undefined ? [] : troublesOf([state]);
      setText(ratio, `${troubles.length > 0 ? '⚠ ' : ''}${percent(of.hitRatio())}`);
      ratio.title = troubles.join('; ');
    }
  }

  private rebuild(matching: readonly string[], names: readonly string[]): void {
    const { route } = this.page;
    this.links.clear();
    const link = (key: string, label: string, cache: string | undefined): HTMLAnchorElement => {
      const ratio = h('span', { class: 'ratio' });
      const current = cache === route.cache ? 'true' : null;
      const anchor = h(
        'a',
        { class: 'cache-link', href: hrefOf({ view: route.view, cache }), 'aria-current': current, title: label },
        h('span', { class: 'name' }, label),
        ratio,
      );
      this.links.set(key, { link: anchor, ratio });
      return anchor;
    };
    const focused = document.activeElement;
    const had = this.list.contains(focused) ? focused?.getAttribute('href') : undefined;
    this.list.replaceChildren(
      link('', 'All caches', undefined),
      ...matching.map((name) => link(`=${name}`, name, name)),
    );
    if (had !== undefined) [...this.links.values()].find(({ link: { hash } }) => hash === had)?.link.focus();
    this.select.replaceChildren(
      h('option', { value: '' }, `All caches (${names.length})`),
      ...names.map((name) => h('option', { value: name }, name)),
    );
    this.select.value = route.cache ?? '';
  }
}
