export { FakeClock } from './fake-clock.js';
export { EventRecorder } from './event-recorder.js';
export { InProcessTier, type InProcessTierOptions } from './in-process-tier.js';
export { inProcessHub, type InProcessBus, type InProcessHub, type InProcessHubOptions } from './in-process-bus.js';
export { tierContract, type TierContractOptions, type TierUnderTest } from './contract/tier-contract.js';
export { busContract, type BusContractOptions, type BusUnderTest } from './contract/bus-contract.js';
export type { Expectation, TestRunner } from './contract/test-runner.js';
