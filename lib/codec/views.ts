/* Binary values. Their elements are written little-endian, the order of nearly every machine; one of the other order turns
 * them around, both ways. */

type View = new (buffer: ArrayBuffer) => ArrayBufferView;
const VIEWS: ReadonlyMap<unknown, View> = new Map<unknown, View>([
  ['Int8Array', Int8Array],
  ['Uint8Array', Uint8Array],
  ['Uint8ClampedArray', Uint8ClampedArray],
  ['Int16Array', Int16Array],
  ['Uint16Array', Uint16Array],
  ['Int32Array', Int32Array],
  ['Uint32Array', Uint32Array],
  ['Float32Array', Float32Array],
  ['Float64Array', Float64Array],
  ['BigInt64Array', BigInt64Array],
  ['BigUint64Array', BigUint64Array],
  ['DataView', DataView],
]);

const IS_BIG_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 0;

/** What kind of binary value it is and its bytes; `undefined` for what is none, or of a kind that readers may not know. */
export function binaryForm(value: object, kind: string): readonly [kind: string, base64: string] | undefined {
  if (kind === 'ArrayBuffer') {
    Reflect.get(ArrayBuffer.prototype, 'byteLength', value); // throws unless it is one
    return [kind, Buffer.from(value as ArrayBuffer).toString('base64')];
  }
  if (!ArrayBuffer.isView(value) || !VIEWS.has(kind)) return undefined;
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  if (Buffer.isBuffer(value)) return ['Buffer', bytes.toString('base64')];
  return [kind, (IS_BIG_ENDIAN ? turned(bytes, kind) : bytes).toString('base64')];
}

/** The binary value of this kind with these bytes; `undefined` when the kind is not known. */
export function withBytes(kind: string, base64: string): unknown {
  const bytes = Buffer.from(base64, 'base64');
  if (kind === 'Buffer') return bytes;
  // Memory of its own: small buffers share theirs.
  const memory = new ArrayBuffer(bytes.length);
  new Uint8Array(memory).set(IS_BIG_ENDIAN ? turned(bytes, kind) : bytes);
  if (kind === 'ArrayBuffer') return memory;
  const type = VIEWS.get(kind);
  return type && new type(memory);
}

/** A copy with the bytes of each element in the other order. */
export function turned(bytes: Buffer, kind: string): Buffer {
  const copy = Buffer.from(bytes);
  const elementBits = Number(/(\d+)(?:Clamped)?Array$/.exec(kind)?.[1] ?? 8);
  if (elementBits === 16) return copy.swap16();
  if (elementBits === 32) return copy.swap32();
  return elementBits === 64 ? copy.swap64() : copy;
}
