import type { Action, ActionReport } from '../wire.js';
import { asked, confirmed } from './confirm.js';
import type { PageContext } from './context.js';
import { button, byId } from './dom.js';
import { whole } from './format.js';
import { act } from './server.js';

/** What can be done to the cache shown, or to all; nothing is there where the server does not allow it. */
export class ScopeActions {
  private readonly element = byId('actions', HTMLElement);
  private shownFor: string | undefined = undefined;

  constructor(private readonly page: PageContext) {}

  update(): void {
    const { model, route } = this.page;
    const shownFor = `${model.hasActions} ${model.savesSnapshots} ${route.cache === undefined ? '' : `=${route.cache}`}`;
    if (shownFor === this.shownFor) return;
    this.shownFor = shownFor;
    this.element.hidden = !model.hasActions;
    this.element.replaceChildren(...(model.hasActions ? this.buttons(route.cache) : []));
  }

  private buttons(cache: string | undefined): HTMLButtonElement[] {
    const ofGroup = button('Invalidate a group…', () => void this.invalidateGroup(cache));
    if (cache === undefined) return [ofGroup];
    return [
      ofGroup,
      button('Invalidate keys…', () => void this.invalidateMatching(cache)),
      ...(this.page.model.savesSnapshots
        ? [button('Save a snapshot', () => void this.run({ action: 'saveSnapshot', cache }))]
        : []),
      button('Clear…', () => void this.clear(cache), { class: 'button danger' }),
    ];
  }

  private async invalidateGroup(cache: string | undefined): Promise<void> {
    const group = await asked({
      title: `Invalidate a group of ${cache ?? 'every cache'}`,
      text: 'Its entries leave every tier, on every node.',
      field: 'Group',
      label: 'Invalidate',
      isDangerous: true,
    });
    if (group !== undefined) await this.run({ action: 'invalidateGroup', cache: cache ?? null, group });
  }

  private async invalidateMatching(cache: string): Promise<void> {
    const pattern = await asked({
      title: `Invalidate keys of ${cache}`,
      text: 'A glob over the whole key: * is any text, ? one character, [a-z] one of these, {a,b} either.',
      field: 'Pattern',
      placeholder: 'user:*',
      label: 'Invalidate',
      isDangerous: true,
    });
    if (pattern !== undefined) await this.run({ action: 'invalidateMatching', cache, pattern });
  }

  private async clear(cache: string): Promise<void> {
    const size = this.page.model.caches.get(cache)?.size ?? 0;
    const isWanted = await confirmed({
      title: `Clear ${cache}?`,
      text: `Every entry leaves every tier, on every node; ${whole(size)} are in the memory of this one.`,
      label: 'Clear',
      isDangerous: true,
    });
    if (isWanted) await this.run({ action: 'clear', cache });
  }

  private async run(action: Action): Promise<void> {
    try {
      const report = await act(action);
      this.page.answeredBy(report.node);
      this.page.notify('action', told(report));
    } catch (error) {
      this.page.notify('action', `Nothing was done: ${error instanceof Error ? error.message : String(error)}`, 'bad');
    }
  }
}

function told({ removed, saved, node }: ActionReport): string {
  if (saved === undefined) return `Done. ${whole(removed)} entries left the memory of ${node}.`;
  const leftOut = saved.leftOut === 0 ? '' : `, ${whole(saved.leftOut)} were left out`;
  return `Saved. ${saved.file} on ${node} holds ${whole(saved.entries)} entries${leftOut}.`;
}
