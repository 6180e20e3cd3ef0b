export { FakeClock } from './fake-clock.js';
export { EventRecorder } from './event-recorder.js';
