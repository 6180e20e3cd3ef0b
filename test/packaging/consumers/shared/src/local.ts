/* Buses within one host: every name of `nestjs-strata/local`. */
import { broadcastBus, clusterBus, relayClusterBus, type LocalBusOptions } from 'nestjs-strata/local';

export async function useLocal(): Promise<Record<string, unknown>> {
  const options: LocalBusOptions = { name: 'mine' };
  const stopRelaying = relayClusterBus();
  const told: string[] = [];
  for (const bus of [broadcastBus(options), clusterBus()]) {
    bus.start('changes', {
      message: (text) => told.push(`${bus.name}: ${text}`),
      connected: (continuity) => told.push(`${bus.name} connected ${continuity}`),
      disconnected: () => {},
      error: () => {},
    });
    await Promise.resolve();
    await bus.publish(['hello']);
    await bus.close();
  }
  stopRelaying();
  return { local: told };
}

export const EXPECTED_OF_LOCAL = {
  local: ['mine connected unknown', 'mine: hello', 'cluster connected unknown', 'cluster: hello'],
};
