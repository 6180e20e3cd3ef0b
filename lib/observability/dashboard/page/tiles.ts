import { h, setText } from './dom.js';

/** The numbers that one looks at first, large. */
export class Tiles {
  readonly element: HTMLElement;
  private readonly cells: readonly (readonly [HTMLElement, HTMLElement])[];

  constructor(titles: readonly string[]) {
    this.cells = titles.map(() => [h('dd'), h('dd', { class: 'note' })]);
    const tiles = titles.map((title, at) => h('div', { class: 'tile' }, h('dt', {}, title), ...(this.cells[at] ?? [])));
    this.element = h('dl', { class: 'tiles' }, ...tiles);
  }

  show(contents: readonly (readonly [value: string, note: string])[]): void {
    contents.forEach(([value, note], at) => {
      const [valueCell, noteCell] = this.cells[at] ?? [];
      if (valueCell !== undefined) setText(valueCell, value);
      if (noteCell !== undefined) setText(noteCell, note);
      if (noteCell !== undefined) noteCell.title = note;
    });
  }
}
