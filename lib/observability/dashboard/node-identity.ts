import { hostname } from 'node:os';
import process from 'node:process';
import type { Clock } from '../../core/index.js';
import type { NodeIdentity } from './wire.js';

/** Says which process this is. Its start is that of the dashboard in it. */
export function nodeIdentity(name: string | undefined, clock: Clock): NodeIdentity {
  const [host, { pid, version }, startedAt] = [hostname(), process, clock.epochMs()];
  return {
    name: `${name ?? host} (${pid})`,
    id: `${host}-${pid}-${startedAt.toString(36)}`,
    host,
    pid,
    startedAt,
    runtime: version,
  };
}
