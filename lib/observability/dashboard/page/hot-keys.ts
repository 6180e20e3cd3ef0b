import type { HotKeyLine } from '../wire.js';
import type { PageContext } from './context.js';
import { DataTable } from './data-table.js';
import { empty, h } from './dom.js';
import { bytes, NOTHING, percent, short, whole } from './format.js';
import { keyLink } from './key-link.js';
import { ratioBar } from './overview-tables.js';
import { fetchHotKeys } from './server.js';

/** The keys of a cache that are asked for most, asked for anew at each update. */
export class HotKeys {
  readonly element = h('div');
  private readonly nothing = empty('No lookups yet', 'The keys that are asked for most stand here.');
  private readonly table: DataTable<HotKeyLine>;
  private abort: AbortController | undefined = undefined;

  constructor(private readonly page: PageContext) {
    const cache = (): string => page.route.cache ?? '';
    this.table = new DataTable<HotKeyLine>('Hot keys', [
      { title: 'Key', cell: ({ key }) => h('span', { class: 'hot-key mono' }, keyLink(cache(), key)) },
      { title: 'Of all lookups', isNumber: true, cell: ({ share }) => percent(share) },
      { title: 'Lookups', isNumber: true, cell: ({ lookups }) => short(lookups) },
      { title: 'Hit ratio', isNumber: true, cell: ({ hitRate }) => ratioBar(hitRate) },
      { title: 'Weight', isNumber: true, cell: ({ weight }) => this.weight(weight) },
    ]);
    this.element.append(this.nothing, this.table.element);
    this.show([]);
  }

  /** Does nothing while an answer is awaited. */
  update(): void {
    const { cache } = this.page.route;
    if (cache === undefined || this.abort !== undefined) return;
    this.abort = new AbortController();
    void this.load(cache, this.abort.signal).finally(() => (this.abort = undefined));
  }

  leave(): void {
    this.abort?.abort();
  }

  private async load(cache: string, signal: AbortSignal): Promise<void> {
    try {
      const { node, keys } = await fetchHotKeys(cache, signal);
      if (node === this.page.model.node?.name) this.show(keys);
    } catch {
      // The next update asks again; that the server is away is told at the top of the page.
    }
  }

  private show(keys: readonly HotKeyLine[]): void {
    this.nothing.hidden = keys.length > 0;
    this.table.element.hidden = keys.length === 0;
    this.table.show(keys);
  }

  private weight(weight: number | null): string {
    if (weight === null) return NOTHING;
    const isBytes = this.page.model.caches.get(this.page.route.cache ?? '')?.isWeighedInBytes === true;
    return isBytes ? bytes(weight) : whole(weight);
  }
}
