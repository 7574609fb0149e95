/** A value of a GGUF file's metadata, with the types that we need of those the format has. */
export type GgufValue =
  | { readonly type: "uint32" | "float32"; readonly value: number }
  | { readonly type: "bool"; readonly value: boolean }
  | { readonly type: "string"; readonly value: string }
  | { readonly type: "strings"; readonly value: readonly string[] }
  | { readonly type: "int32s" | "float32s"; readonly value: readonly number[] };

/** A tensor of 32-bit floats. */
export interface GgufTensor {
  readonly name: string;
  /** Length of a row first, then how many rows. */
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

const version = 3;
const alignment = 32;
const code = { uint32: 4, int32: 5, float32: 6, bool: 7, string: 8, array: 9 } as const;
const tensorOfFloats = 0;

/** A GGUF file, version 3, little-endian: header, metadata, tensor directory, tensor data. */
export function writeGguf(
  metadata: Readonly<Record<string, GgufValue>>,
  tensors: readonly GgufTensor[],
): Uint8Array<ArrayBuffer> {
  const entries = Object.entries(metadata);
  const chunks = [utf8("GGUF"), uint32(version), uint64(tensors.length), uint64(entries.length)];
  for (const [key, value] of entries) chunks.push(text(key), ...toChunks(value));

  let offset = 0;
  for (const { name, shape, data } of tensors) {
    chunks.push(text(name), uint32(shape.length), ...shape.map(uint64), uint32(tensorOfFloats), uint64(offset));
    offset += data.byteLength + padding(data.byteLength).length;
  }
  chunks.push(padding(chunks.reduce((sum, chunk) => sum + chunk.length, 0)));
  for (const { data } of tensors) {
    const bytes = float32s(data);
    chunks.push(bytes, padding(bytes.length));
  }
  return concat(chunks);
}

function toChunks(entry: GgufValue): readonly Uint8Array[] {
  switch (entry.type) {
    case "uint32":
      return [uint32(code.uint32), uint32(entry.value)];
    case "float32":
      return [uint32(code.float32), float32s([entry.value])];
    case "bool":
      return [uint32(code.bool), Uint8Array.of(entry.value ? 1 : 0)];
    case "string":
      return [uint32(code.string), text(entry.value)];
    case "strings":
      return [...array(code.string, entry.value.length), ...entry.value.map(text)];
    case "int32s":
      return [...array(code.int32, entry.value.length), ...entry.value.map(uint32)];
    case "float32s":
      return [...array(code.float32, entry.value.length), float32s(entry.value)];
  }
}

const array = (itemType: number, length: number) => [uint32(code.array), uint32(itemType), uint64(length)];

const utf8 = (value: string): Uint8Array => new TextEncoder().encode(value);

function text(value: string): Uint8Array {
  const bytes = utf8(value);
  return concat([uint64(bytes.length), bytes]);
}

/** Serves signed ones too: the bytes are the same. */
function uint32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}

function uint64(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value), true);
  return bytes;
}

function float32s(values: ArrayLike<number>): Uint8Array {
  const bytes = new Uint8Array(4 * values.length);
  const view = new DataView(bytes.buffer);
  for (let at = 0; at < values.length; at += 1) view.setFloat32(4 * at, values[at] as number, true);
  return bytes;
}

const padding = (length: number): Uint8Array => new Uint8Array((alignment - (length % alignment)) % alignment);

function concat(chunks: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
