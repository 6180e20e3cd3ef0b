import { describe, expect, it } from '@jest/globals';
import { turned } from '../../../lib/codec/views.js';

describe('bytes on a machine of the other order', () => {
  it.each<readonly [string, string]>([
    ['Uint8Array', '0102030405060708'],
    ['Uint8ClampedArray', '0102030405060708'],
    ['DataView', '0102030405060708'],
    ['Int16Array', '0201040306050807'],
    ['Uint32Array', '0403020108070605'],
    ['Float64Array', '0807060504030201'],
    ['BigUint64Array', '0807060504030201'],
  ])('are turned by the width of the elements of a %s, in a copy', (kind, expected) => {
    const bytes = Buffer.from('0102030405060708', 'hex');
    expect(turned(bytes, kind).toString('hex')).toBe(expected);
    expect(turned(turned(bytes, kind), kind).equals(bytes)).toBe(true);
    expect(bytes.toString('hex')).toBe('0102030405060708');
  });
});
