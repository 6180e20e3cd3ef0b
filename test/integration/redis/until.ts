import { setTimeout as sleep } from 'node:timers/promises';

/** Asks again and again until it gets an answer that is not `undefined` or `false`; errors are answers of that kind. */
export async function until<T>(ask: () => T | Promise<T>): Promise<Exclude<T, undefined | false>> {
  for (;;) {
    const answer = await Promise.resolve()
      .then(ask)
      .catch(() => undefined);
    if (answer !== undefined && answer !== false) return answer as Exclude<T, undefined | false>;
    await sleep(5);
  }
}
