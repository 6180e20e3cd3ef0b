import { h } from './dom.js';
import { comparedTexts } from './format.js';

/** A column of a table. */
export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => Node | string;
  /** By what rows are sorted; without it they cannot be by this column. */
  readonly rank?: (row: Row) => number | string;
  readonly isNumber?: boolean;
}

/** A table whose rows are shown anew at each update, and can be sorted by its columns. */
export class DataTable<Row> {
  readonly element: HTMLElement;
  private readonly head = h('tr');
  private readonly body = h('tbody');
  private rows: readonly Row[] = [];
  private sortedBy: Column<Row> | undefined;
  private isAscending = false;
  /** The rows that were shown last, from top to bottom. */
  private order: readonly string[] = [];

  constructor(
    caption: string,
    private readonly columns: readonly Column<Row>[],
    sortedBy?: string,
    /** Tells rows apart from one update to the next; with it, rows whose numbers are nearly equal do not change places. */
    private readonly identity?: (row: Row) => string,
  ) {
    this.sortedBy = columns.find(({ title }) => title === sortedBy);
    const table = h(
      'table',
      { class: 'grid' },
      h('caption', { class: 'visually-hidden' }, caption),
      h('thead', {}, this.head),
      this.body,
    );
    this.element = h('div', { class: 'table-scroll', tabindex: 0, role: 'region', 'aria-label': caption }, table);
    this.head.append(...columns.map((column) => this.headCell(column)));
    this.markSorted();
  }

  show(rows: readonly Row[]): void {
    this.rows = rows;
    // Whoever is on a link or a button in it stays there.
    const focused = this.body.contains(document.activeElement)
      ? document.activeElement?.getAttribute('data-focus')
      : null;
    this.body.replaceChildren(...this.sorted().map((row) => this.row(row)));
    if (focused !== null && focused !== undefined) {
      const again = [...this.body.querySelectorAll('[data-focus]')].find(
        (element) => element.getAttribute('data-focus') === focused,
      );
      if (again instanceof HTMLElement) again.focus({ preventScroll: true });
    }
  }

  private headCell(column: Column<Row>): HTMLElement {
    const { title, rank, isNumber } = column;
    const attributes = { scope: 'col', class: isNumber === true ? 'number' : null };
    if (rank === undefined) return h('th', attributes, title);
    const sort = h('button', { type: 'button' }, title);
    sort.addEventListener('click', () => {
      this.isAscending = this.sortedBy === column ? !this.isAscending : isNumber !== true;
      this.sortedBy = column;
      this.order = [];
      this.markSorted();
      this.show(this.rows);
    });
    return h('th', attributes, sort);
  }

  private markSorted(): void {
    this.columns.forEach((column, at) => {
      const cell = this.head.children[at];
      if (column === this.sortedBy) cell?.setAttribute('aria-sort', this.isAscending ? 'ascending' : 'descending');
      else cell?.removeAttribute('aria-sort');
    });
  }

  private sorted(): readonly Row[] {
    const rank = this.sortedBy?.rank;
    if (rank === undefined) return this.rows;
    const sign = this.isAscending ? 1 : -1;
    const sorted = this.rows.toSorted((a, b) => sign * compared(rank(a), rank(b)));
    const { identity } = this;
    if (identity === undefined) return sorted;
    const kept = keptOrder(sorted, this.order, identity, (upper, lower) => isAhead(sign, rank(upper), rank(lower)));
    this.order = kept.map((row) => identity(row));
    return kept;
  }

  private row(row: Row): HTMLElement {
    return h(
      'tr',
      {},
      ...this.columns.map(({ cell, isNumber }) => h('td', { class: isNumber === true ? 'number' : null }, cell(row))),
    );
  }
}

function compared(a: number | string, b: number | string): number {
  return typeof a === 'number' && typeof b === 'number' ? a - b : comparedTexts(String(a), String(b));
}

/** By how much a number has to be ahead of another before its row goes past that of the other. */
const CLEARLY = 1.1;

function isAhead(sign: number, upper: number | string, lower: number | string): boolean {
  if (typeof upper !== 'number' || typeof lower !== 'number') return true;
  const [less, more] = sign > 0 ? [upper, lower] : [lower, upper];
  return less < 0 ? more >= 0 : more > less * CLEARLY;
}

/** Sorted rows, of which neighbours stay in the order that they had unless one is clearly ahead of the other. */
function keptOrder<Row>(
  sorted: readonly Row[],
  before: readonly string[],
  identity: (row: Row) => string,
  isClearlyAhead: (upper: Row, lower: Row) => boolean,
): readonly Row[] {
  const places = new Map(before.map((name, at) => [name, at]));
  const placeOf = (row: Row): number => places.get(identity(row)) ?? Infinity;
  const kept = [...sorted];
  for (let end = 1; end < kept.length; end++) {
    for (let at = end; at > 0; at--) {
      const [upper, lower] = [kept[at - 1], kept[at]];
      if (upper === undefined || lower === undefined) break;
      if (placeOf(upper) <= placeOf(lower) || isClearlyAhead(upper, lower)) break;
      [kept[at - 1], kept[at]] = [lower, upper];
    }
  }
  return kept;
}
