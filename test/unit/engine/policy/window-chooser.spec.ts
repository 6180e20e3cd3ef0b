import { describe, expect, it } from '@jest/globals';
import { WindowChooser } from '../../../../lib/engine/policy/window-chooser.js';

const SHADOWS = 5;

/** Hashes of a loop over keys of the sample, twice as many as a shadow holds. */
function sampledLoop(chooser: WindowChooser, times: number): number[] {
  const keys: number[] = [];
  for (let key = 1; keys.length < 128; key++) {
    const hash = Math.imul(key, 0x9e3779b1) >>> 1;
    if (chooser.samples(hash)) keys.push(hash);
  }
  return Array.from({ length: times }, () => keys).flat();
}

describe('WindowChooser', () => {
  it('lets one shadow see a request at once, and the others when it is told to go on', () => {
    const chooser = new WindowChooser(8_192, 1);
    const [hash = 0] = sampledLoop(chooser, 1);
    expect(chooser.isBusy).toBe(false);
    chooser.request(hash);
    for (let shadow = 1; shadow < SHADOWS; shadow++) {
      expect(chooser.isBusy).toBe(true);
      chooser.step();
    }
    expect(chooser.isBusy).toBe(false);
  });

  it('chooses the same, a request later, when the next one comes before all have seen the last', () => {
    const patient = new WindowChooser(8_192, 1);
    const hurried = new WindowChooser(8_192, 1);
    const choices = new Set<number>();
    for (const hash of sampledLoop(patient, 40)) {
      const before = patient.choice;
      patient.request(hash);
      hurried.request(hash);
      expect(hurried.choice).toBe(before);
      while (patient.isBusy) patient.step();
      choices.add(patient.choice);
    }
    expect(choices.size).toBeGreaterThan(1);
  });
});
