import { describe, expect, it } from '@jest/globals';
import { MetaProtocolError, MetaReplyParser } from '../../../../lib/backends/memcached/meta-replies.js';

function parse(text: string, maxValueBytes = 100): unknown[] {
  const told: unknown[] = [];
  new MetaReplyParser(maxValueBytes, (reply) => told.push(reply)).push(Buffer.from(text, 'latin1'));
  return told;
}

describe('MetaReplyParser', () => {
  it('tells code, flags and value', () => {
    const told = parse('VA 2 f1157628928 t5 c18446744073709551615 s2 kstrata:users/e/42 O1z\r\nhi\r\n');

    expect(told).toEqual([
      {
        code: 'VA',
        clientFlags: 1_157_628_928,
        ttlSeconds: 5,
        cas: '18446744073709551615',
        size: 2,
        key: 'strata:users/e/42',
        opaque: '1z',
        value: Uint8Array.of(0x68, 0x69),
      },
    ]);
  });

  it('tells an item without end as Infinity, and one that the command made', () => {
    expect(parse('HD c1 t-1 W\r\nHD c1 t30 Z\r\n')).toEqual([
      { code: 'HD', cas: '1', ttlSeconds: Infinity, vivified: true },
      { code: 'HD', cas: '1', ttlSeconds: 30 },
    ]);
  });

  it('takes a value that looks like replies as the value', () => {
    const [reply, ...rest] = parse('VA 8\r\nHD\r\nEN\r\n\r\nEN k1\r\n') as { value?: Uint8Array }[];

    expect(Buffer.from(reply?.value ?? []).toString()).toBe('HD\r\nEN\r\n');
    expect(rest).toEqual([{ code: 'EN', key: '1' }]);
  });

  it('passes a value over that is longer than was to be kept, and reads on behind it', () => {
    expect(parse('VA 5 ka\r\n12345\r\nHD kb\r\n', 4)).toEqual([
      { code: 'VA', key: 'a' },
      { code: 'HD', key: 'b' },
    ]);
  });

  it.each(['ERROR', 'ERROR Too many open connections', 'CLIENT_ERROR bad data chunk', 'SERVER_ERROR out of memory'])(
    'tells the refusal %s',
    (message) => {
      expect(parse(`${message}\r\n`)).toEqual([{ code: 'refused', message }]);
    },
  );

  it.each([
    ['an unknown code', 'XX\r\n'],
    ['a code in small letters', 'hd\r\n'],
    ['an empty line', '\r\n'],
    ['a line that ends in LF alone', 'HD\n'],
    ['the old protocol', 'VALUE a 0 1\r\n'],
    ['another protocol', '+PONG\r\n'],
    ['HTTP', 'HTTP/1.1 400 Bad Request\r\n'],
    ['an unknown flag', 'HD q\r\n'],
    ['two spaces', 'HD  c1\r\n'],
    ['a CAS that is no number', 'HD c1x\r\n'],
    ['a CAS of 21 digits', 'HD c123456789012345678901\r\n'],
    ['flags of more than 32 bits', 'HD f4294967296\r\n'],
    ['negative seconds', 'HD t-2\r\n'],
    ['a value without a size', 'VA\r\n'],
    ['a size that is negative', 'VA -1\r\n'],
    ['a size beyond any item', 'VA 9999999999\r\n'],
    ['a value that is longer than its size', 'VA 2\r\nabc\r\n'],
    ['a value without its line end', 'VA 2\r\nabHD\r\n'],
    ['a line without an end', 'H'.repeat(1_025)],
  ])('ends with %s', (_what, text) => {
    expect(() => parse(text)).toThrow(MetaProtocolError);
  });

  it('never shows more than a part of what it could not read', () => {
    expect(() => parse(`${'S'.repeat(900)}\r\n`)).toThrow(/^.{0,120}$/);
  });
});
