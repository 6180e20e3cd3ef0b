import { Injectable } from '@nestjs/common';
import { type CacheEvent, OnCacheEvent } from 'nestjs-strata';

/** Tells the terminal what the caches do by themselves at the start: what is back from the last run, and what was loaded for nobody yet. */
@Injectable()
export class WarmStartService {
  /** Until the address has been printed: it is the first line. */
  private held: string[] | undefined = [];

  /** Prints what was held back, and from now on everything at once. */
  print(): void {
    for (const line of this.held ?? []) console.log(line);
    this.held = undefined;
  }

  @OnCacheEvent(undefined, ['restore', 'warm'])
  onWork({ cache, type, cause, progress }: CacheEvent): void {
    if (cause !== 'end' || progress === undefined || progress.total === 0) return;
    const { done, failed } = progress;
    if (type === 'restore') this.tell(`${cache}: ${done} entries of the last run are back`);
    else this.tell(`${cache}: warm, ${done} loaded${failed === 0 ? '' : `, ${failed} failed`}`);
  }

  private tell(line: string): void {
    if (this.held === undefined) console.log(line);
    else this.held.push(line);
  }
}
