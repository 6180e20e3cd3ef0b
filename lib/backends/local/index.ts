export { broadcastBus } from './broadcast.bus.js';
export { clusterBus } from './cluster.bus.js';
export { relayClusterBus } from './cluster-relay.js';
export type { LocalBusOptions } from './local-bus.options.js';
