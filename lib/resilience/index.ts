export { ChangeLog, type Fence, type Target } from './change-log.js';
export { Flight, FlightTable } from './flight.js';
